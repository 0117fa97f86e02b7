import { type KeyObject, createHash, createPublicKey } from 'node:crypto';

import { type AlgorithmName, type SignatureScheme, algorithm } from '#crypto';
import { type TransitAccess, transitRequest } from '#vault';

import { keyStoreErrors } from './errors.js';
import { type KeyStore, type StorePlace, type StoreType, algorithmsOf, placeName, placeOf } from './key-store.js';
import { StoreOutage, unavailable } from './store-line.js';

const FORM = 'transit://HOST[:PORT]/MOUNT?token-file=FILE';
const PATTERN =
  /^transit(?<plain>\+http(?=:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]))?:\/\/(?<host>[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9a-f:]+\](:\d{1,5})?)\/(?<mount>[\w-]+(\/[\w-]+)*)\?(?<query>.+)$/;
const CONCURRENCY = 16;
/** RSA of 4096 bits on a busy engine. */
const GENERATION_MILLISECONDS = 30_000;
const OK = 200;
const BAD_REQUEST = 400;
const FORBIDDEN = 403;
const NOT_FOUND = 404;
/** Of 100,000 keys and more. */
const LIST_BOUNDS = { milliseconds: 30_000, answerBytesMax: 16 * 1024 * 1024 };

interface TransitSource extends TransitAccess {
  readonly mount: string;
}

/** @throws Error for another URI, and for a token over plain HTTP to another machine */
function transitSourceOf(uri: string): TransitSource {
  const { plain, host, mount, query } = PATTERN.exec(uri)?.groups ?? {};
  const { 'token-file': transitTokenFile, namespace, ...others } = Object.fromEntries(new URLSearchParams(query));
  if (!mount || !transitTokenFile || Object.keys(others).length > 0) throw new Error(`must be ${FORM}`);
  const origin = `${plain ? 'http' : 'https'}://${host!}`;
  return { origin, mount, transitTokenFile, ...(namespace === undefined ? {} : { transitNamespace: namespace }) };
}

/** Each key of ours is a key of the engine with one version. */
const FIRST_VERSION = 1;

type TransitQuestion = [
  method: Parameters<typeof transitRequest>[1],
  path: string,
  body?: object,
  bounds?: Parameters<typeof transitRequest>[4],
];

const HASHES = { sha256: 'sha2-256', sha384: 'sha2-384', sha512: 'sha2-512' } as const;
const CURVES: Readonly<Record<string, string>> = {
  'P-256': 'ecdsa-p256',
  'P-384': 'ecdsa-p384',
  'P-521': 'ecdsa-p521',
};

/** `type` of the key; `undefined` where the engine has none. */
function keyTypeOf(scheme: SignatureScheme, modulusBits: number | undefined): string | undefined {
  if (scheme.type === 'eddsa') return 'ed25519';
  return scheme.type === 'ecdsa' ? CURVES[scheme.curve] : `rsa-${modulusBits}`;
}

/** What is signed: a hash that is computed here, or for Ed25519 the message. */
function requestOf(scheme: SignatureScheme, data: Buffer): Record<string, unknown> {
  // Whatever the operator rotates in the engine: the first version is the one that we have published.
  if (scheme.hash === null) return { key_version: FIRST_VERSION, input: data.toString('base64') };
  const prehashed = {
    key_version: FIRST_VERSION,
    input: createHash(scheme.hash).update(data).digest('base64'),
    prehashed: true,
    hash_algorithm: HASHES[scheme.hash],
  };
  if (scheme.type === 'ecdsa') return { ...prehashed, marshaling_algorithm: 'jws' };
  const padding = scheme.type === 'rsa-pss' ? { signature_algorithm: 'pss', salt_length: 'hash' } : {};
  return { ...prehashed, signature_algorithm: 'pkcs1v15', ...padding };
}

/** PEM; of Ed25519 keys the Base64 of their 32 bytes. */
function publicKeyOf(stated: string): KeyObject {
  if (stated.startsWith('-----')) return createPublicKey(stated);
  const x = Buffer.from(stated, 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** The transit engine of OpenBao or HashiCorp Vault (HTTP API v1): a key of the engine for each private key. */
function transitStore({ mount, ...access }: TransitSource): KeyStore {
  /** @throws StoreOutage where the engine does not answer */
  async function ask(...[method, path, body, bounds]: TransitQuestion) {
    return transitRequest(access, method, `${mount}/${path}`, body, bounds).catch((cause: unknown) => {
      throw new StoreOutage(cause);
    });
  }

  /** @throws as `ask`; StoreOutage where the engine is sealed or does not accept the token */
  async function call(...question: TransitQuestion) {
    const { status, text } = await ask(...question);
    const isAnswer = (status >= 200 && status < 300) || status === NOT_FOUND || status === BAD_REQUEST;
    if (!isAnswer) throw new StoreOutage(new Error(`The engine answers ${status}`));
    return { status, text };
  }

  async function read(method: 'GET' | 'POST', path: string, body?: object): Promise<Record<string, unknown>> {
    const { status, text } = await call(method, path, body);
    if (status >= BAD_REQUEST) throw unavailable(new Error(`The engine answers ${status}`));
    return (JSON.parse(text) as { data?: Record<string, unknown> }).data ?? {};
  }

  const has = async (place: StorePlace): Promise<boolean> =>
    (await call('GET', `keys/${placeName(place)}`)).status !== NOT_FOUND;

  return {
    concurrency: CONCURRENCY,
    algorithms: async () => {
      // A name that the policy of our token has, and no key.
      await call('GET', 'keys/chancery-none');
      return algorithmsOf((scheme) => keyTypeOf(scheme, 4096) !== undefined);
    },
    has,
    generate: async (place, name: AlgorithmName, modulusBits) => {
      const { scheme } = algorithm(name);
      const type = scheme && keyTypeOf(scheme, modulusBits);
      if (!type) throw keyStoreErrors.KEY_STORE_ALGORITHM();
      const path = `keys/${placeName(place)}`;
      const wanted = { type, exportable: false, allow_plaintext_backup: false };
      const { status } = await call('POST', path, wanted, { milliseconds: GENERATION_MILLISECONDS });
      if (status >= BAD_REQUEST) throw keyStoreErrors.KEY_STORE_ALGORITHM();
      const stated = await read('GET', path);
      // A key that was there before, of another type or one that can be exported, is none of ours.
      const { public_key: publicKey } =
        (stated['keys'] as Record<string, { public_key?: string }>)?.[FIRST_VERSION] ?? {};
      const isOurs = Object.entries(wanted).every(([member, value]) => stated[member] === value);
      if (!isOurs || publicKey === undefined) throw unavailable(new Error('The engine has another key of this name'));
      return publicKeyOf(publicKey);
    },
    sign: async (place, scheme, data) => {
      const { signature } = await read('POST', `sign/${placeName(place)}`, requestOf(scheme, data));
      // "vault:v1:" and Base64, or base64url where it was asked for.
      const encoded = String(signature).split(':')[2] ?? '';
      return Buffer.from(encoded, scheme.type === 'ecdsa' ? 'base64url' : 'base64');
    },
    destroy: async (place) => {
      if (!(await has(place))) return;
      const path = `keys/${placeName(place)}`;
      await call('POST', `${path}/config`, { deletion_allowed: true });
      const { status } = await call('DELETE', path);
      if (status === BAD_REQUEST) throw unavailable(new Error('The engine does not delete the key'));
    },
    list: async () => {
      const { status, text } = await ask('GET', 'keys?list=true', undefined, LIST_BOUNDS);
      // A right that signing does not need.
      if (status === FORBIDDEN) return undefined;
      if (status === NOT_FOUND) return [];
      if (status !== OK) throw new StoreOutage(new Error(`The engine answers ${status}`));
      const { keys = [] } = (JSON.parse(text) as { data?: { keys?: string[] } }).data ?? {};
      return keys.flatMap((name) => placeOf(name) ?? []);
    },
    close: async () => undefined,
  };
}

export const transitStoreType = {
  form: FORM,
  scheme: /^transit(\+http)?:/,
  check: (uri) => void transitSourceOf(uri),
  store: (uri) => transitStore(transitSourceOf(uri)),
} as const satisfies StoreType;
