import { createHash, createPublicKey } from 'node:crypto';

import type { KeySpec, ListAliasesCommandInput, SigningAlgorithmSpec } from '@aws-sdk/client-kms';

import { type SignatureScheme, algorithm, joseSignatureOf } from '#crypto';
import { type AwsKms, awsKms, kmsEndpoint } from '#vault';

import {
  CALL_MILLISECONDS,
  type CloudFailure,
  GENERATION_MILLISECONDS,
  cloudCall,
  daysOf,
  queryOf,
} from './cloud-call.js';
import { keyStoreErrors } from './errors.js';
import { type KeyStore, type StorePlace, type StoreType, algorithmsOf, placeName, placeOf } from './key-store.js';
import { StoreOutage, unavailable } from './store-line.js';

const FORM = 'aws-kms://REGION?destroy-after-days=7';
const PATTERN = /^aws-kms:\/\/(?<region>[a-z0-9-]{1,32})(\?(?<query>.+))?$/;
/** What `ScheduleKeyDeletion` permits. */
const DELETION_DAYS = { least: 7, most: 30 };
const CONCURRENCY = 32;
/** `Sign` takes no longer message, and Ed25519 signs messages and no hashes. */
const MESSAGE_BYTES_MAX = 4_096;

const SERVER_ERROR = 500;
const TOO_MANY_REQUESTS = 429;
/** Who we are is not accepted: of no key, and for a while. */
const LOGIN =
  /^(UnrecognizedClient|InvalidClientTokenId|ExpiredToken|IncompleteSignature|InvalidSignature|SignatureDoesNotMatch|MissingAuthenticationToken|OptInRequired|CredentialsProvider)/;
const PENDING_DELETION = /^Pending(Replica)?Deletion$/;

interface AwsSource {
  readonly region: string;
  readonly endpoint: string | undefined;
  readonly deletionDays: number;
}

/** @throws Error for another URI */
function awsSourceOf(uri: string): AwsSource {
  const { region, query } = PATTERN.exec(uri)?.groups ?? {};
  if (region === undefined) throw new Error(`must be ${FORM}`);
  const { endpoint, 'destroy-after-days': days } = queryOf(query, ['endpoint', 'destroy-after-days']);
  return {
    region,
    endpoint: endpoint === undefined ? undefined : kmsEndpoint(endpoint),
    deletionDays: daysOf(days, DELETION_DAYS),
  };
}

/** The alias that a key is found by: AWS chooses the names of keys. */
const ALIAS = 'alias/';
const aliasOf = (place: StorePlace): string => `${ALIAS}${placeName(place)}`;
/** `ListAliases` answers no more. */
const ALIASES_PER_PAGE = 100;

const CURVES: Readonly<Record<string, KeySpec>> = {
  'P-256': 'ECC_NIST_P256',
  'P-384': 'ECC_NIST_P384',
  'P-521': 'ECC_NIST_P521',
};
const RSA = { 2048: 'RSA_2048', 3072: 'RSA_3072', 4096: 'RSA_4096' } as const;

/** `KeySpec` of a key; `undefined` where AWS has none. */
function keySpecOf(scheme: SignatureScheme, modulusBits: number | undefined): KeySpec | undefined {
  if (scheme.type === 'eddsa') return 'ECC_NIST_EDWARDS25519';
  return scheme.type === 'ecdsa' ? CURVES[scheme.curve] : RSA[modulusBits as keyof typeof RSA];
}

const FAMILIES = { 'rsa-pkcs1': 'RSASSA_PKCS1_V1_5', 'rsa-pss': 'RSASSA_PSS', ecdsa: 'ECDSA' } as const;
const HASHES = { sha256: 'SHA_256', sha384: 'SHA_384', sha512: 'SHA_512' } as const;

/** What is signed: a hash that is computed here, or for Ed25519 the message. */
function requestOf(scheme: SignatureScheme, data: Buffer) {
  if (scheme.hash !== null) {
    const by: SigningAlgorithmSpec = `${FAMILIES[scheme.type]}_${HASHES[scheme.hash]}`;
    const digest = createHash(scheme.hash).update(data).digest();
    return { Message: digest, MessageType: 'DIGEST', SigningAlgorithm: by } as const;
  }
  if (data.length > MESSAGE_BYTES_MAX) throw keyStoreErrors.KEY_STORE_MESSAGE_TOO_LONG();
  return { Message: data, MessageType: 'RAW', SigningAlgorithm: 'ED25519_SHA_512' } as const;
}

const nameOf = (error: unknown): string => (error as Error).name;
const isNotFound = (error: unknown): boolean => nameOf(error).startsWith('NotFound');

function failureOf(error: unknown): CloudFailure {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  if (LOGIN.test(nameOf(error))) return 'login';
  if (status === TOO_MANY_REQUESTS || nameOf(error).startsWith('Throttling')) return 'throttled';
  if (nameOf(error).startsWith('KeyUnavailable')) return 'answer';
  return status === undefined || status >= SERVER_ERROR ? 'away' : 'answer';
}

/** A key that was just made is not known everywhere in AWS immediately: what does not find it asks again. */
const unlessFound = (error: unknown): CloudFailure => (isNotFound(error) ? 'throttled' : failureOf(error));

/** AWS KMS (API version 2014-11-01): a key there for each private key. */
function awsStore({ region, endpoint, deletionDays }: AwsSource): KeyStore {
  let opened: Promise<AwsKms> | undefined;

  async function call<T>(
    ask: (kms: AwsKms, options: { abortSignal: AbortSignal }) => Promise<T>,
    { milliseconds = CALL_MILLISECONDS, isRepeatable = true, failures = failureOf } = {},
  ): Promise<T> {
    // Attempts are counted here, within one time limit.
    opened ??= awsKms(region, { endpoint, attemptsMax: 1 });
    const kms = await opened.catch((cause: unknown) => {
      opened = undefined;
      throw new StoreOutage(cause);
    });
    return cloudCall((abortSignal) => ask(kms, { abortSignal }), failures, { milliseconds, isRepeatable });
  }

  /** @param keyId ARN or alias @returns `undefined` where there is no such key */
  async function describe(keyId: string) {
    try {
      const ask = await call(({ sdk, client }, options) =>
        client.send(new sdk.DescribeKeyCommand({ KeyId: keyId }), options),
      );
      return ask.KeyMetadata;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  const isPending = (state: string | undefined): boolean => PENDING_DELETION.test(state ?? '');

  async function scheduleDeletion(keyId: string): Promise<void> {
    try {
      const wanted = { KeyId: keyId, PendingWindowInDays: deletionDays };
      await call(({ sdk, client }, options) => client.send(new sdk.ScheduleKeyDeletionCommand(wanted), options));
    } catch (error) {
      // Another instance was first.
      if (isPending((await describe(keyId))?.KeyState)) return;
      throw error;
    }
  }

  /** A key without an alias would be found by no instance: it is deleted where it can have none. */
  async function nameKey(place: StorePlace, keyId: string): Promise<void> {
    const wanted = { AliasName: aliasOf(place), TargetKeyId: keyId };
    try {
      await call(({ sdk, client }, options) => client.send(new sdk.CreateAliasCommand(wanted), options), {
        milliseconds: GENERATION_MILLISECONDS,
        failures: unlessFound,
      });
    } catch (error) {
      // The answer to an attempt before may have been lost.
      if ((await describe(aliasOf(place)).catch(() => undefined))?.Arn === keyId) return;
      await scheduleDeletion(keyId).catch(() => undefined);
      throw error;
    }
  }

  return {
    concurrency: CONCURRENCY,
    algorithms: async () => {
      await call(({ sdk, client }, options) => client.send(new sdk.ListAliasesCommand({ Limit: 1 }), options));
      return algorithmsOf((scheme) => keySpecOf(scheme, 4096) !== undefined);
    },
    has: async (place) => {
      const key = await describe(aliasOf(place));
      return key !== undefined && !isPending(key.KeyState);
    },
    generate: async (place, name, modulusBits) => {
      const { scheme } = algorithm(name);
      const keySpec = scheme && keySpecOf(scheme, modulusBits);
      if (!keySpec) throw keyStoreErrors.KEY_STORE_ALGORITHM();
      const wanted = {
        KeySpec: keySpec,
        KeyUsage: 'SIGN_VERIFY' as const,
        Description: `chancery ${place.tenantId} ${place.recordId}`,
        Tags: [
          { TagKey: 'chancery-tenant', TagValue: place.tenantId },
          { TagKey: 'chancery-record', TagValue: place.recordId },
        ],
      };
      const made = await call(({ sdk, client }, options) => client.send(new sdk.CreateKeyCommand(wanted), options), {
        milliseconds: GENERATION_MILLISECONDS,
        // Each one makes a key.
        isRepeatable: false,
      });
      const arn = made.KeyMetadata!.Arn!;
      await nameKey(place, arn);
      const stated = await call(
        ({ sdk, client }, options) => client.send(new sdk.GetPublicKeyCommand({ KeyId: aliasOf(place) }), options),
        { milliseconds: GENERATION_MILLISECONDS, failures: unlessFound },
      );
      const isOurs = stated.KeyId === arn && stated.KeySpec === keySpec && stated.KeyUsage === wanted.KeyUsage;
      if (!isOurs) throw unavailable(new Error('AWS has another key of this name'));
      return createPublicKey({ key: Buffer.from(stated.PublicKey!), format: 'der', type: 'spki' });
    },
    sign: async (place, scheme, data) => {
      const wanted = { KeyId: aliasOf(place), ...requestOf(scheme, data) };
      const answer = await call(({ sdk, client }, options) => client.send(new sdk.SignCommand(wanted), options));
      const signature = Buffer.from(answer.Signature!);
      return scheme.type === 'ecdsa' ? joseSignatureOf(signature, scheme.integerBytes) : signature;
    },
    destroy: async (place) => {
      const key = await describe(aliasOf(place));
      if (!key) return;
      if (!isPending(key.KeyState)) await scheduleDeletion(key.Arn!);
      // The alias last: it is what the key is found by when this is tried again.
      await call(({ sdk, client }, options) =>
        client.send(new sdk.DeleteAliasCommand({ AliasName: aliasOf(place) }), options),
      ).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    },
    list: async () => {
      const places: StorePlace[] = [];
      let marker: string | undefined;
      do {
        const wanted: ListAliasesCommandInput = { Limit: ALIASES_PER_PAGE, Marker: marker };
        const { Aliases = [], NextMarker } = await call(({ sdk, client }, options) =>
          client.send(new sdk.ListAliasesCommand(wanted), options),
        );
        places.push(...Aliases.flatMap(({ AliasName = '' }) => placeOf(AliasName.slice(ALIAS.length)) ?? []));
        marker = NextMarker;
      } while (marker !== undefined);
      return places;
    },
    close: async () => (await opened?.catch(() => undefined))?.client.destroy(),
  };
}

export const awsStoreType = {
  form: FORM,
  scheme: /^aws-kms:/,
  check: (uri) => void awsSourceOf(uri),
  store: (uri) => awsStore(awsSourceOf(uri)),
} as const satisfies StoreType;
