import { createHash, timingSafeEqual } from 'node:crypto';

import { type KeyEncryptionKey, sealingErrors } from '#crypto';

import { awsCipher } from './kms-aws.js';
import { googleCipher } from './kms-google.js';
import { transitCipher } from './kms-transit.js';
import { CiphertextRejected, type KmsOptions, type RemoteCipher } from './remote-cipher.js';

interface Service {
  /** What the URI looks like, for the message that rejects another one. */
  readonly form: string;
  readonly pattern: RegExp;
  /** @param match the groups of `pattern` */
  cipher(match: Readonly<Record<string, string>>, options: KmsOptions): Promise<RemoteCipher>;
}

/** Every service that can keep the master key. A new one is a row here and a file beside. */
const services: readonly Service[] = [
  {
    form: 'aws-kms://arn:aws:kms:REGION:ACCOUNT:key/ID (or alias/NAME)',
    pattern:
      /^aws-kms:\/\/(?<arn>arn:aws[a-z-]*:kms:(?<region>[a-z0-9-]{1,32}):\d{12}:(key\/[A-Za-z0-9-]{1,64}|alias\/[\w/-]{1,250}))$/,
    cipher: ({ arn, region }, options) => awsCipher(arn!, region!, options),
  },
  {
    form: 'gcp-kms://projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY',
    pattern:
      /^gcp-kms:\/\/(?<name>projects\/[a-z0-9.:-]{1,128}\/locations\/[a-z0-9-]{1,64}\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63})$/,
    cipher: ({ name }, options) => googleCipher(name!, options),
  },
  {
    form: 'transit://HOST[:PORT]/MOUNT/KEY',
    pattern:
      /^transit(?<plain>\+http(?=:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]))?:\/\/(?<host>[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9a-f:]+\](:\d{1,5})?)\/(?<mount>[\w-]+(\/[\w-]+)*)\/(?<key>[\w.-]+)$/,
    cipher: async ({ plain, host, mount, key }, options) =>
      transitCipher(`${plain ? 'http' : 'https'}://${host!}`, mount!, key!, options),
  },
];

/** A name of a key at one of the services. @throws Error that lists the forms */
export function kmsKeyUri(value: string): string {
  if (services.some(({ pattern }) => pattern.test(value))) return value;
  throw new Error(`must be ${services.map(({ form }) => form).join(', or ')}`);
}

const THIS_MACHINE = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** An address at which a service is reached. Tokens and data keys go to the same machine only where it is not HTTPS. */
export function kmsEndpoint(value: string): string {
  const url = URL.parse(value);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && THIS_MACHINE.test(url.hostname));
  if (!isSafe) throw new Error('must be a URL that starts with https:, or with http: and names this machine');
  return value;
}

/**
 * The master key that a key management service holds and that never leaves it. Data keys are encrypted there, with their tenant
 * and number as additional data.
 * @param uri as `kmsKeyUri` accepts it
 * @throws MASTER_KEY_UNAVAILABLE from `wrap` and `unwrap` while the service does not answer or denies access
 */
export async function openKms(uri: string, options: KmsOptions): Promise<KeyEncryptionKey> {
  const service = services.find(({ pattern }) => pattern.test(uri));
  if (!service)
    throw sealingErrors.MASTER_KEY_INVALID('The name of the key is not one of a known key management service');
  const cipher = await service.cipher(service.pattern.exec(uri)!.groups!, options);
  const keyId = createHash('sha256').update('kek-id').update(uri).digest('hex').slice(0, 16);

  async function decrypt(wrapped: Buffer, context: Buffer): Promise<Buffer> {
    try {
      // A service calls no bytes a malformed request.
      if (wrapped.length === 0) throw new CiphertextRejected();
      return await cipher.decrypt(wrapped, context);
    } catch (error) {
      if (!(error instanceof CiphertextRejected)) throw unavailable(error);
      throw sealingErrors.SEALED(`The master key ${keyId} does not open the data key`);
    }
  }
  return {
    keyId,
    wrap: async (dataKey, context) => {
      const wrapped = await cipher.encrypt(dataKey, context).catch((error: unknown) => {
        throw unavailable(error);
      });
      // A data key that was damaged on its way would lose all that is sealed with it, and be noticed after a restart only.
      const opened = await decrypt(wrapped, context);
      if (opened.length !== dataKey.length || !timingSafeEqual(opened, dataKey)) throw unavailable(undefined);
      return wrapped;
    },
    unwrap: decrypt,
  };
}

/** The service's own words are for the log: they name accounts and keys. */
const unavailable = (cause: unknown): Error =>
  sealingErrors.MASTER_KEY_UNAVAILABLE({ retryAfterSeconds: 5, ...(cause === undefined ? {} : { cause }) });
