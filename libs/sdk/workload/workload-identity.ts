import type { Credentials } from '../authentication.js';
import { type ObtainedToken, cachedToken } from '../cached-token.js';
import { type ClientOptions, createClient } from '../client.js';
import { ChanceryError } from '../problem.js';
import type { TokenSource } from './token-sources.js';

export interface WorkloadIdentityOptions extends Omit<ClientOptions, 'credentials'> {
  /** The service that the workload acts as. */
  readonly serviceId: string;
  /** Where the token of the platform comes from: `tokenFile`, `githubActions`, or a function of yours. */
  readonly token: TokenSource;
}

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const SUBJECT_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:jwt';

/**
 * A workload without a secret: it exchanges the token of its platform for a short credential of the service (RFC 8693) and
 * uses that until shortly before its end. Where the credential is rejected earlier, it exchanges a token once more.
 *
 * @returns credentials for `createClient`; their requests reject with a ChanceryError `SUBJECT_TOKEN_REJECTED` where the service does
 *   not trust the token, and with whatever `token` rejects with
 */
export function workloadIdentity(options: WorkloadIdentityOptions): Credentials {
  const { serviceId, token, now = Date.now } = options;
  const client = createClient(options);

  const exchange = async (): Promise<ObtainedToken> => {
    const { data, error, response } = await client.POST('/v1/token-exchange', {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: {
        grant_type: GRANT_TYPE,
        subject_token: await token(),
        subject_token_type: SUBJECT_TOKEN_TYPE,
        audience: serviceId,
      },
    });
    if (data === undefined) throw refusalOf(response, error);
    return { token: data.access_token, expiresAt: now() + data.expires_in * 1_000 };
  };

  let credential = cachedToken(exchange, { now });
  let renewal: Promise<boolean> | undefined;
  const renew = async (): Promise<boolean> => {
    try {
      credential = cachedToken(exchange, { now, first: await exchange() });
      return true;
    } catch (error) {
      // The answer is the rejection of the request, as it would be without a renewal.
      if (error instanceof ChanceryError) return false;
      throw error;
    }
  };
  return {
    headers: async () => ({ Authorization: `Bearer ${await credential()}` }),
    renew: () => (renewal ??= renew().finally(() => (renewal = undefined))),
  };
}

/** An exchange is refused as OAuth does it (RFC 6749 §5.2), what lies before it with a problem document. */
function refusalOf(response: Response, error: unknown): ChanceryError {
  const { error: name, error_description: detail } = (error ?? {}) as Partial<Record<string, unknown>>;
  if (typeof name !== 'string' || typeof detail !== 'string') return new ChanceryError(response.status, error);
  const code = name === 'invalid_request' ? 'SUBJECT_TOKEN_REJECTED' : name.toUpperCase();
  return new ChanceryError(response.status, { code, detail, status: response.status, title: name });
}
