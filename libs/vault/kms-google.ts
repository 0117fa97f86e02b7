import { sealingErrors } from '#crypto';

import { CiphertextRejected, type KmsOptions, type RemoteCipher } from './remote-cipher.js';

const ENDPOINT = 'https://cloudkms.googleapis.com';
const SCOPE = 'https://www.googleapis.com/auth/cloudkms';
const REQUEST_TIMEOUT_MILLISECONDS = 3_000;
/** What decryption answers for other bytes or another context: "the ciphertext is invalid". */
const REJECTED = 'INVALID_ARGUMENT';

/** Asks Google Cloud KMS; the path is below `/v1/`. It rejects with what `googleRefusalOf` reads. */
export type GoogleRequest = <T>(
  method: 'GET' | 'POST',
  path: string,
  body: object | undefined,
  signal: AbortSignal,
) => Promise<T>;

/**
 * Requests of Google Cloud KMS (REST v1). Who the server is there, Google's library finds out as usual (application default
 * credentials).
 * @throws MASTER_KEY_INVALID where the optional package is not installed
 */
export async function googleRequest(
  projectId: string,
  { endpoint = ENDPOINT }: Pick<KmsOptions, 'endpoint'>,
): Promise<GoogleRequest> {
  const library = await import('google-auth-library').catch((cause: unknown) => {
    throw sealingErrors.MASTER_KEY_INVALID({
      detail: 'The optional package google-auth-library is not installed',
      cause,
    });
  });
  const auth = new library.GoogleAuth({ scopes: [SCOPE], projectId });
  const base = endpoint.replace(/\/$/, '');
  return async (method, path, body, signal) => {
    const { data } = await auth.request<never>({
      url: `${base}/v1/${path}`,
      method,
      signal,
      ...(body === undefined ? {} : { data: body }),
    });
    return data;
  };
}

/** A symmetric key of Google Cloud KMS (`cryptoKeys.encrypt` and `.decrypt`). @throws as `googleRequest` */
export async function googleCipher(name: string, options: KmsOptions): Promise<RemoteCipher> {
  const request = await googleRequest(name.split('/')[1]!, options);
  const call = async <Member extends string>(verb: 'encrypt' | 'decrypt', body: object, member: Member) => {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MILLISECONDS);
    const data = await request<Partial<Record<Member, string>>>('POST', `${name}:${verb}`, body, signal);
    // Empty bytes are left out of an answer, and no data key is empty.
    if (data[member] === undefined) throw new Error(`The answer has no ${member}`);
    return Buffer.from(data[member], 'base64');
  };
  const authenticated = (context: Buffer) => ({ additionalAuthenticatedData: context.toString('base64') });
  return {
    encrypt: (plaintext, context) =>
      call('encrypt', { plaintext: plaintext.toString('base64'), ...authenticated(context) }, 'ciphertext'),
    decrypt: async (ciphertext, context) => {
      try {
        return await call(
          'decrypt',
          { ciphertext: ciphertext.toString('base64'), ...authenticated(context) },
          'plaintext',
        );
      } catch (error) {
        if (googleRefusalOf(error)?.code === REJECTED) throw new CiphertextRejected();
        throw error;
      }
    },
  };
}

/**
 * What the service says of a request that it rejected: the status of HTTP, and its own word (google.rpc.Code). A disabled key and a
 * token endpoint answer 400 as well, with others.
 * @returns `undefined` where it did not answer
 */
export function googleRefusalOf(error: unknown): { readonly status: number; readonly code: unknown } | undefined {
  const { response } = error as { response?: { status: number; data?: { error?: { status?: unknown } } } };
  return response && { status: response.status, code: response.data?.error?.status };
}
