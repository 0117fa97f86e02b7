import { type JsonWebKey, type KeyObject, createHash, createPublicKey } from 'node:crypto';

import { type SignatureScheme, algorithm } from '#crypto';

import { keyStoreErrors } from './errors.js';
import { type KeyStore, type StorePlace, type StoreType, algorithmsOf } from './key-store.js';
import { TokenProcesses, TokenRefusal, type TokenSource } from './pkcs11-processes.js';
import {
  type PairKind,
  type TokenObject,
  type TokenPublicKey,
  type TokenSignature,
  isTokenCurve,
} from './pkcs11-token.js';
import { unavailable } from './store-line.js';

const FORM = 'pkcs11:token=LABEL?module-path=FILE&pin-source=file:FILE';
const PROCESSES_MAX = 8;
const PROCESSES_DEFAULT = 2;

/** DER of a DigestInfo before the hash (RFC 8017 §9.2, note 1). */
const DIGEST_INFO: Readonly<Record<string, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/** A PKCS#11 URI (RFC 7512). The PIN is in a file: a URI with a PIN would be printed with it. @throws Error */
function tokenSourceOf(uri: string): TokenSource {
  const [path = '', query = ''] = uri.replace(/^pkcs11:/, '').split('?', 2);
  const [inPath, inQuery] = [attributesOf(path, ';'), attributesOf(query, '&')];
  const { token, ...otherPath } = inPath;
  const { 'module-path': module, 'pin-source': pinSource, 'x-processes': processes, ...otherQuery } = inQuery;
  const [unknown] = [...Object.keys(otherPath), ...Object.keys(otherQuery)];
  if (unknown === 'pin-value') throw new Error('must have the PIN in a file (pin-source), and not in the URI');
  if (unknown !== undefined || !token || !module) throw new Error(`must be ${FORM}`);
  const count = processes === undefined ? PROCESSES_DEFAULT : Number(processes);
  if (!Number.isInteger(count) || count < 1 || count > PROCESSES_MAX) {
    throw new Error(`must have x-processes from 1 to ${PROCESSES_MAX}`);
  }
  return { module, tokenLabel: token, pinFile: pinSource?.replace(/^file:(\/\/)?/, ''), processes: count };
}

const attributesOf = (text: string, separator: string): Record<string, string | undefined> =>
  Object.fromEntries(
    text
      .split(separator)
      .filter((attribute) => attribute !== '')
      .map((attribute) => {
        const [name = '', ...value] = attribute.split('=');
        return [name, decodeURIComponent(value.join('='))];
      }),
  );

/** What the token names a key by: CKA_ID is tenant and record, 16 bytes each; the label is for people. */
const objectOf = ({ tenantId, recordId }: StorePlace): TokenObject => ({
  id: Buffer.from(`${tenantId}${recordId}`.replaceAll('-', ''), 'hex'),
  label: `${LABEL_PREFIX}${tenantId} ${recordId}`,
});

const LABEL_PREFIX = 'chancery ';

function placeOf(label: string): StorePlace | undefined {
  const [tenantId, recordId, ...rest] = label.slice(LABEL_PREFIX.length).split(' ');
  return tenantId && recordId && rest.length === 0 ? { tenantId, recordId } : undefined;
}

/** `undefined` where a token cannot have such a pair. */
function pairOf(scheme: SignatureScheme, modulusBits: number): PairKind | undefined {
  if (scheme.type === 'eddsa') return { type: 'edwards', curve: 'Ed25519' };
  if (scheme.type !== 'ecdsa') return { type: 'rsa', modulusBits };
  return isTokenCurve(scheme.curve) ? { type: 'ec', curve: scheme.curve } : undefined;
}

/** What the token is to sign, and how: hashes are computed here, so that no message goes to a device. */
function signatureOf(scheme: SignatureScheme, data: Buffer): { readonly how: TokenSignature; readonly data: Buffer } {
  if (scheme.hash === null) return { how: { type: scheme.type }, data };
  const { type, hash } = scheme;
  const digest = createHash(hash).update(data).digest();
  if (type === 'ecdsa') return { how: { type }, data: digest };
  if (type === 'rsa-pss') return { how: { type, hash }, data: digest };
  return { how: { type }, data: Buffer.concat([Buffer.from(DIGEST_INFO[hash]!, 'hex'), digest]) };
}

function publicKeyOf(stated: TokenPublicKey): KeyObject {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  const jwk = (): JsonWebKey => {
    if (stated.type === 'rsa') return { kty: 'RSA', n: base64(stated.modulus), e: base64(stated.exponent) };
    if (stated.type === 'edwards') return { kty: 'OKP', crv: stated.curve, x: base64(stated.point) };
    const bytes = (stated.point.length - 1) / 2;
    const [x, y] = [stated.point.subarray(1, 1 + bytes), stated.point.subarray(1 + bytes)];
    return { kty: 'EC', crv: stated.curve, x: base64(x), y: base64(y) };
  };
  return createPublicKey({ key: jwk(), format: 'jwk' });
}

/** A token of a PKCS#11 module. */
function pkcs11Store(processes: TokenProcesses): KeyStore {
  const ask: TokenProcesses['ask'] = async (question) => {
    try {
      return await processes.ask(question);
    } catch (error) {
      if (!(error instanceof TokenRefusal)) throw error;
      throw error.failure === 'unsupported' ? keyStoreErrors.KEY_STORE_ALGORITHM({ cause: error }) : unavailable(error);
    }
  };
  return {
    concurrency: processes.source.processes,
    algorithms: async () => {
      const mechanisms = await processes.mechanisms();
      return algorithmsOf((scheme) => pairOf(scheme, 0) !== undefined && mechanisms.includes(scheme.type));
    },
    generate: async (place, name, modulusBits) => {
      const { scheme } = algorithm(name);
      const pair = scheme && pairOf(scheme, modulusBits ?? 0);
      if (!pair) throw keyStoreErrors.KEY_STORE_ALGORITHM();
      return publicKeyOf((await ask({ kind: 'generate', object: objectOf(place), pair })) as TokenPublicKey);
    },
    sign: async (place, scheme, data) =>
      Buffer.from((await ask({ kind: 'sign', object: objectOf(place), ...signatureOf(scheme, data) })) as Uint8Array),
    destroy: async (place) => void (await ask({ kind: 'destroy', object: objectOf(place) })),
    has: async (place) => (await ask({ kind: 'has', object: objectOf(place) })) === true,
    list: async () => {
      const labels = (await ask({ kind: 'list', prefix: LABEL_PREFIX })) as readonly string[];
      return labels.flatMap((label) => placeOf(label) ?? []);
    },
    close: () => processes.close(),
  };
}

export const pkcs11StoreType = {
  form: FORM,
  scheme: /^pkcs11:/,
  check: (uri) => void tokenSourceOf(uri),
  store: (uri, log, environment) => pkcs11Store(new TokenProcesses(tokenSourceOf(uri), log, environment)),
} as const satisfies StoreType;
