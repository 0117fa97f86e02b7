import { type KeyObject, createHash, createPublicKey } from 'node:crypto';
import { setTimeout as pass } from 'node:timers/promises';

import { type SignatureScheme, algorithm, joseSignatureOf } from '#crypto';
import { type GoogleRequest, googleRefusalOf, googleRequest, kmsEndpoint } from '#vault';

import {
  CALL_MILLISECONDS,
  type CloudFailure,
  GENERATION_MILLISECONDS,
  backOffOf,
  cloudCall,
  daysOf,
  queryOf,
} from './cloud-call.js';
import { crc32c } from './crc32c.js';
import { keyStoreErrors } from './errors.js';
import { type KeyStore, type StorePlace, type StoreType, algorithmsOf } from './key-store.js';
import { StoreOutage, unavailable } from './store-line.js';

const FORM = 'gcp-kms://projects/PROJECT/locations/LOCATION/keyRings/RING?protection=hsm&destroy-after-days=1';
const PATTERN =
  /^gcp-kms:\/\/(?<ring>projects\/(?<project>[a-z0-9.:-]{1,128})\/locations\/[a-z0-9-]{1,64}\/keyRings\/[\w-]{1,63})(\?(?<query>.+))?$/;
/** What `destroyScheduledDuration` permits. */
const DESTRUCTION_DAYS = { least: 1, most: 120 };
const DAY_SECONDS = 86_400;
const PROTECTION = new Map([
  ['software', 'SOFTWARE'],
  ['hsm', 'HSM'],
] as const);
const CONCURRENCY = 32;
const SERVER_ERROR = 500;
const TOO_MANY_REQUESTS = 429;
const UNAUTHENTICATED = 401;
/** `asymmetricSign` takes no longer message, and Ed25519 signs messages and no hashes. */
const MESSAGE_BYTES_MAX = 65_536;

interface GoogleSource {
  readonly ring: string;
  readonly project: string;
  readonly endpoint: string | undefined;
  readonly protectionLevel: 'SOFTWARE' | 'HSM';
  readonly destructionDays: number;
}

/** @throws Error for another URI */
export function googleSourceOf(uri: string): GoogleSource {
  const { ring, project, query } = PATTERN.exec(uri)?.groups ?? {};
  if (ring === undefined || project === undefined) throw new Error(`must be ${FORM}`);
  const members = queryOf(query, ['protection', 'endpoint', 'destroy-after-days']);
  const protectionLevel = PROTECTION.get((members.protection ?? 'software') as 'software');
  if (protectionLevel === undefined) throw new Error('must have protection=software or protection=hsm');
  return {
    ring,
    project,
    endpoint: members.endpoint === undefined ? undefined : kmsEndpoint(members.endpoint),
    protectionLevel,
    destructionDays: daysOf(members['destroy-after-days'], DESTRUCTION_DAYS),
  };
}

/** Names have at most 63 characters: both ids in Base64. The labels say them for people. */
const keyIdOf = ({ tenantId, recordId }: StorePlace): string =>
  `chancery-${Buffer.from(`${tenantId}${recordId}`.replaceAll('-', ''), 'hex').toString('base64url')}`;

const CURVES: Readonly<Record<string, string>> = { 'P-256': 'EC_SIGN_P256_SHA256', 'P-384': 'EC_SIGN_P384_SHA384' };

/** The algorithm of a Google key fixes its hash; only RSA with 4096 bits has another one than SHA-256. */
function googleAlgorithmOf(scheme: SignatureScheme, modulusBits: number | undefined): string | undefined {
  if (scheme.type === 'eddsa') return 'EC_SIGN_ED25519';
  if (scheme.type === 'ecdsa') return CURVES[scheme.curve];
  const { type, hash } = scheme;
  const hasHash = hash === 'sha256' || (hash === 'sha512' && modulusBits === 4096);
  const padding = type === 'rsa-pss' ? 'PSS' : 'PKCS1';
  return hasHash ? `RSA_SIGN_${padding}_${modulusBits}_${hash.toUpperCase()}` : undefined;
}

/** What is signed: a hash that is computed here, or for Ed25519 the message; with its checksum. */
function requestOf(scheme: SignatureScheme, data: Buffer) {
  if (scheme.hash === null) {
    if (data.length > MESSAGE_BYTES_MAX) throw keyStoreErrors.KEY_STORE_MESSAGE_TOO_LONG();
    return { data: data.toString('base64'), dataCrc32c: String(crc32c(data)) };
  }
  const digest = createHash(scheme.hash).update(data).digest();
  return { digest: { [scheme.hash]: digest.toString('base64') }, digestCrc32c: String(crc32c(digest)) };
}

/** What an error of Google's library says. */
export function googleFailureOf(error: unknown): CloudFailure {
  const { status, code } = googleRefusalOf(error) ?? {};
  if (status === undefined || status >= SERVER_ERROR) return 'away';
  if (status === TOO_MANY_REQUESTS) return 'throttled';
  // What has no word of the service is of no key, but of the token endpoint or of a proxy.
  return status === UNAUTHENTICATED || typeof code !== 'string' ? 'login' : 'answer';
}

const hasCode = (error: unknown, code: string): boolean => googleRefusalOf(error)?.code === code;

/** Damaged on its way: asking again may help. */
class Damaged extends Error {}

interface Version {
  readonly name?: string;
  readonly state?: string;
  readonly algorithm?: string;
  readonly protectionLevel?: string;
  readonly importJob?: string;
}

/** Google Cloud KMS (REST v1): a key of one version there for each private key. */
function googleStore({ ring, project, endpoint, protectionLevel, destructionDays }: GoogleSource): KeyStore {
  let opened: Promise<GoogleRequest> | undefined;

  async function call<T>(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    { milliseconds = CALL_MILLISECONDS, check }: { milliseconds?: number; check?: (answer: T) => void } = {},
  ): Promise<T> {
    opened ??= googleRequest(project, { endpoint });
    const request = await opened.catch((cause: unknown) => {
      opened = undefined;
      throw new StoreOutage(cause);
    });
    return cloudCall(
      async (signal) => {
        const answer = await request<T>(method, path, body, signal);
        check?.(answer);
        return answer;
      },
      (error) => (error instanceof Damaged ? 'away' : googleFailureOf(error)),
      // Names are ours: what was made is not made twice.
      { milliseconds, isRepeatable: true },
    );
  }

  const keyOf = (place: StorePlace): string => `${ring}/cryptoKeys/${keyIdOf(place)}`;
  const versionOf = (place: StorePlace): string => `${keyOf(place)}/cryptoKeyVersions/1`;

  async function describe(place: StorePlace): Promise<Version | undefined> {
    try {
      return await call<Version>('GET', versionOf(place));
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }

  /** What signs never again: scheduled for destruction, destroyed, or never made. Google rejects the destruction of all three. */
  const isGone = (version: Version | undefined): boolean =>
    version === undefined || /^(DESTROY|GENERATION_FAILED$)/.test(version.state ?? '');

  async function makeKey(place: StorePlace, wanted: string): Promise<void> {
    const body = {
      purpose: 'ASYMMETRIC_SIGN',
      versionTemplate: { algorithm: wanted, protectionLevel },
      destroyScheduledDuration: `${destructionDays * DAY_SECONDS}s`,
      labels: { 'chancery-tenant': place.tenantId, 'chancery-record': place.recordId },
    };
    try {
      const path = `${ring}/cryptoKeys?cryptoKeyId=${keyIdOf(place)}`;
      await call('POST', path, body, { milliseconds: GENERATION_MILLISECONDS });
    } catch (error) {
      // The answer to an attempt before may have been lost. What is there is read back.
      if (!hasCode(error, 'ALREADY_EXISTS')) throw error;
    }
  }

  async function publicKeyOf(place: StorePlace, wanted: string): Promise<KeyObject> {
    const end = performance.now() + GENERATION_MILLISECONDS;
    let version = await describe(place);
    // Google permits few reads in a minute: the waits grow.
    for (let number = 0; version?.state === 'PENDING_GENERATION' && performance.now() < end; number += 1) {
      await pass(backOffOf(number));
      version = await describe(place);
    }
    const fits =
      version?.state === 'ENABLED' &&
      version.algorithm === wanted &&
      version.protectionLevel === protectionLevel &&
      // An imported key is known elsewhere.
      version.importJob === undefined;
    if (!fits) throw unavailable(new Error('Google has another key of this name, or did not make it in time'));
    const { pem } = await call<{ pem: string; pemCrc32c: string; name: string }>(
      'GET',
      `${versionOf(place)}/publicKey`,
      undefined,
      {
        check: (answer) => {
          const isIntact =
            answer.name === versionOf(place) && answer.pemCrc32c === String(crc32c(Buffer.from(answer.pem)));
          if (!isIntact) throw new Damaged('The public key was damaged on its way');
        },
      },
    );
    return createPublicKey(pem);
  }

  return {
    concurrency: CONCURRENCY,
    algorithms: async () => {
      await call('GET', ring);
      return algorithmsOf((scheme) => googleAlgorithmOf(scheme, 4096) !== undefined);
    },
    has: async (place) => !isGone(await describe(place)),
    generate: async (place, name, modulusBits) => {
      const { scheme } = algorithm(name);
      const wanted = scheme && googleAlgorithmOf(scheme, modulusBits);
      if (!wanted) throw keyStoreErrors.KEY_STORE_ALGORITHM();
      await makeKey(place, wanted);
      return publicKeyOf(place, wanted);
    },
    sign: async (place, scheme, data) => {
      interface Answer {
        readonly name: string;
        readonly signature: string;
        readonly signatureCrc32c: string;
        readonly verifiedDigestCrc32c?: boolean;
        readonly verifiedDataCrc32c?: boolean;
      }
      const answer = await call<Answer>('POST', `${versionOf(place)}:asymmetricSign`, requestOf(scheme, data), {
        check: (given) => {
          const isVerified = scheme.hash === null ? given.verifiedDataCrc32c : given.verifiedDigestCrc32c;
          const sum = crc32c(Buffer.from(given.signature, 'base64'));
          if (given.name !== versionOf(place) || isVerified !== true || given.signatureCrc32c !== String(sum)) {
            throw new Damaged('The request or the signature was damaged on its way');
          }
        },
      });
      const signature = Buffer.from(answer.signature, 'base64');
      return scheme.type === 'ecdsa' ? joseSignatureOf(signature, scheme.integerBytes) : signature;
    },
    destroy: async (place) => {
      if (isGone(await describe(place))) return;
      try {
        await call('POST', `${versionOf(place)}:destroy`, {});
      } catch (error) {
        // Another instance was first.
        if (!isGone(await describe(place))) throw error;
      }
    },
    close: async () => undefined,
  };
}

export const googleStoreType = {
  form: FORM,
  scheme: /^gcp-kms:/,
  check: (uri) => void googleSourceOf(uri),
  store: (uri) => googleStore(googleSourceOf(uri)),
} as const satisfies StoreType;
