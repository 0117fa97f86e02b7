import { readFile } from 'node:fs/promises';

import { CiphertextRejected, type KmsOptions, type RemoteCipher } from './remote-cipher.js';

const REQUEST_TIMEOUT_MILLISECONDS = 3_000;
const ANSWER_BYTES_MAX = 16_384;
const BAD_REQUEST = 400;
/** What decryption says of other bytes or another context; a key that was deleted, or is of another type, is 400 as well. */
const REJECTED = /message authentication failed|invalid ciphertext/;

/** What a header can have; empty where an agent adds the token. */
const TOKEN = /^[\x21-\x7e]*$/;

/** Where an engine is, and who asks it. */
export interface TransitAccess extends Pick<KmsOptions, 'transitToken' | 'transitTokenFile' | 'transitNamespace'> {
  /** Scheme and host, without a slash at its end. */
  readonly origin: string;
}

/**
 * A request to OpenBao or HashiCorp Vault (HTTP API v1), bounded in time and size.
 * @param path below `/v1/`
 * @param bounds for what takes longer than the others, or has more to say
 */
export async function transitRequest(
  access: TransitAccess,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
  {
    milliseconds = REQUEST_TIMEOUT_MILLISECONDS,
    answerBytesMax = ANSWER_BYTES_MAX,
  }: { readonly milliseconds?: number | undefined; readonly answerBytesMax?: number | undefined } = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${access.origin}/v1/${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      'x-vault-request': 'true',
      'x-vault-token': await token(access),
      ...(access.transitNamespace === undefined ? {} : { 'x-vault-namespace': access.transitNamespace }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: 'error',
    signal: AbortSignal.timeout(milliseconds),
  });
  return { status: response.status, text: await boundedText(response, answerBytesMax) };
}

/**
 * A key of the transit engine of OpenBao or HashiCorp Vault (`aes256-gcm96`, HTTP API v1): `POST /v1/{mount}/encrypt/{key}` and
 * `/decrypt/{key}`, with the context as `associated_data`.
 * @param origin scheme and host, without a slash at its end
 */
export function transitCipher(origin: string, mount: string, key: string, options: KmsOptions): RemoteCipher {
  const access = { ...options, origin: options.endpoint?.replace(/\/$/, '') ?? origin };

  async function call(verb: 'encrypt' | 'decrypt', body: Record<string, string>, member: string): Promise<string> {
    const { status, text } = await transitRequest(access, 'POST', `${mount}/${verb}/${key}`, body);
    if (verb === 'decrypt' && status === BAD_REQUEST && REJECTED.test(text)) throw new CiphertextRejected();
    if (status < 200 || status >= 300) throw new Error(`The engine answers ${status}`);
    const { data } = JSON.parse(text) as { data?: Record<string, unknown> };
    const value = data?.[member];
    if (typeof value !== 'string') throw new Error(`The answer has no ${member}`);
    return value;
  }
  const associated = (context: Buffer) => ({ associated_data: context.toString('base64') });
  return {
    // The ciphertext is text: "vault:v1:" and Base64.
    encrypt: async (plaintext, context) =>
      Buffer.from(
        await call('encrypt', { plaintext: plaintext.toString('base64'), ...associated(context) }, 'ciphertext'),
      ),
    decrypt: async (ciphertext, context) =>
      Buffer.from(
        await call('decrypt', { ciphertext: ciphertext.toString(), ...associated(context) }, 'plaintext'),
        'base64',
      ),
  };
}

/** @throws Error for an answer that is longer than any of the engine, before more of it is read */
async function boundedText(response: Response, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error('The answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** @throws Error for what is no token, without it: `fetch` would put it into its own */
async function token({ transitToken, transitTokenFile }: TransitAccess): Promise<string> {
  const given =
    transitTokenFile === undefined ? (transitToken?.reveal() ?? '') : (await readFile(transitTokenFile, 'utf8')).trim();
  if (TOKEN.test(given)) return given;
  throw new Error(`${transitTokenFile ?? 'CHANCERY_TRANSIT_TOKEN'} has no token, but what no header can have`);
}
