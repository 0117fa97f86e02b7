import type { KMSClient } from '@aws-sdk/client-kms';

import { sealingErrors } from '#crypto';

import { CiphertextRejected, type KmsOptions, type RemoteCipher } from './remote-cipher.js';

const CONNECT_TIMEOUT_MILLISECONDS = 2_000;
const REQUEST_TIMEOUT_MILLISECONDS = 3_000;
const ATTEMPTS_MAX = 2;
const REJECTED = /^(InvalidCiphertext|IncorrectKey)Exception$/;

/** The package of AWS, and a client of its KMS. */
export interface AwsKms {
  readonly sdk: typeof import('@aws-sdk/client-kms');
  readonly client: KMSClient;
}

/**
 * A client of AWS KMS (API version 2014-11-01, Signature Version 4). Who the server is there, the SDK finds out as usual:
 * environment, profile, web identity of Kubernetes, or the instance.
 * @param options.attemptsMax how often the SDK asks where it may help to ask again
 * @throws MASTER_KEY_INVALID where the optional package is not installed
 */
export async function awsKms(
  region: string,
  { endpoint, attemptsMax = ATTEMPTS_MAX }: Pick<KmsOptions, 'endpoint'> & { readonly attemptsMax?: number },
): Promise<AwsKms> {
  const sdk = await import('@aws-sdk/client-kms').catch((cause: unknown) => {
    throw sealingErrors.MASTER_KEY_INVALID({
      detail: 'The optional package @aws-sdk/client-kms is not installed',
      cause,
    });
  });
  const client = new sdk.KMSClient({
    region,
    maxAttempts: attemptsMax,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MILLISECONDS, requestTimeout: REQUEST_TIMEOUT_MILLISECONDS },
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  return { sdk, client };
}

/** A symmetric key of AWS KMS (`Encrypt` and `Decrypt`). @throws as `awsKms` */
export async function awsCipher(arn: string, region: string, options: KmsOptions): Promise<RemoteCipher> {
  const { sdk, client } = await awsKms(region, options);
  // The context is in the audit trail of AWS: it names the tenant and the number of the data key.
  const request = (context: Buffer) => ({ KeyId: arn, EncryptionContext: { chancery: context.toString() } });
  return {
    encrypt: async (plaintext, context) => {
      const answer = await client.send(new sdk.EncryptCommand({ ...request(context), Plaintext: plaintext }));
      return Buffer.from(answer.CiphertextBlob!);
    },
    decrypt: async (ciphertext, context) => {
      try {
        const answer = await client.send(new sdk.DecryptCommand({ ...request(context), CiphertextBlob: ciphertext }));
        return Buffer.from(answer.Plaintext!);
      } catch (error) {
        if (REJECTED.test((error as Error).name)) throw new CiphertextRejected();
        throw error;
      }
    },
  };
}
