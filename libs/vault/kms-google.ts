import { sealingErrors } from '#crypto';

import { CiphertextRejected, type KmsOptions, type RemoteCipher } from './remote-cipher.js';

const ENDPOINT = 'https://cloudkms.googleapis.com';
const SCOPE = 'https://www.googleapis.com/auth/cloudkms';
const REQUEST_TIMEOUT_MILLISECONDS = 3_000;
/** What decryption answers for other bytes or another context: "the ciphertext is invalid". */
const REJECTED = 'INVALID_ARGUMENT';

/**
 * A symmetric key of Google Cloud KMS (REST v1, `cryptoKeys.encrypt` and `.decrypt`). Who the server is there, Google's library
 * finds out as usual (application default credentials).
 * @throws MASTER_KEY_INVALID where the optional package is not installed
 */
export async function googleCipher(name: string, { endpoint = ENDPOINT }: KmsOptions): Promise<RemoteCipher> {
  const library = await import('google-auth-library').catch((cause: unknown) => {
    throw sealingErrors.MASTER_KEY_INVALID({
      detail: 'The optional package google-auth-library is not installed',
      cause,
    });
  });
  const auth = new library.GoogleAuth({ scopes: [SCOPE], projectId: name.split('/')[1]! });
  const base = `${endpoint.replace(/\/$/, '')}/v1/${name}`;
  const call = async <Member extends string>(verb: 'encrypt' | 'decrypt', body: object, member: Member) => {
    const { data } = await auth.request<Partial<Record<Member, string>>>({
      url: `${base}:${verb}`,
      method: 'POST',
      data: body,
      timeout: REQUEST_TIMEOUT_MILLISECONDS,
    });
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
        if (statusOf(error) === REJECTED) throw new CiphertextRejected();
        throw error;
      }
    },
  };
}

/** The word of the service for an error (google.rpc.Code). A disabled key and a token endpoint answer 400 as well, with others. */
function statusOf(error: unknown): unknown {
  const { response } = error as { response?: { data?: { error?: { status?: unknown } } } };
  return response?.data?.error?.status;
}
