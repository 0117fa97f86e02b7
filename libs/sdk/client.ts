import createFetchClient, { type Client } from 'openapi-fetch';

import { type Credentials, type Fetch, authenticated } from './authentication.js';
import type { paths } from './openapi.js';
import { ChanceryError } from './problem.js';
import { IDEMPOTENCY_KEY, RETRY_LIMITS_DEFAULT, type RetryLimits, isRepeatable, pauseAfter } from './retries.js';

/** Every path of the API with its parameters, bodies and answers. */
export type ChanceryClient = Client<paths>;

export interface ClientOptions {
  /** Where the server is, without `/v1`: `https://chancery.example`. */
  readonly baseUrl: string;
  /** Without any, only public paths can be called. */
  readonly credentials?: Credentials | undefined;
  readonly retries?: Partial<RetryLimits>;
  /** Sends a request; the global `fetch` by default. */
  readonly fetch?: Fetch;
  /** Waits; a test does not. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Under this path each POST accepts an idempotency key. */
const STORED_ANSWERS = '/v1/tenants';

/**
 * A client of one server. Its methods are named after those of HTTP (`client.GET('/v1/tenants/{tenantId}/services', ...)`) and
 * resolve to `{ data, error, response }`; `dataOf` turns that into the data or a `ChanceryError`.
 *
 * Requests that met a limit or a server that was not there are repeated, as `Retry-After` says. Each POST under
 * `/v1/tenants` gets an `Idempotency-Key`, so that it may be, too, without being carried out twice.
 */
export function createClient(options: ClientOptions): ChanceryClient {
  const { baseUrl, credentials, retries, sleep = pause, now = Date.now } = options;
  const send: Fetch = options.fetch ?? ((request) => fetch(request));
  const limits = { ...RETRY_LIMITS_DEFAULT, ...retries };
  return createFetchClient<paths>({
    baseUrl,
    fetch: repeated(authenticated(send, credentials), limits, { sleep, now }),
  });
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function repeated(
  send: Fetch,
  limits: RetryLimits,
  { sleep, now }: Required<Pick<ClientOptions, 'sleep' | 'now'>>,
): Fetch {
  const attempt = async (request: Request, number: number): Promise<Response> => {
    const next = number < limits.attempts ? request.clone() : request;
    const [answer, failure] = await send(request).then(
      (received) => [received, undefined] as const,
      (error: unknown) => [undefined, error] as const,
    );
    // Not this request was refused, but what its credentials come from: that was repeated by itself, as far as it may be.
    if (failure instanceof ChanceryError) throw failure;
    const repeatable = isRepeatable(request.method, request.headers) && !request.signal.aborted;
    const wait = pauseAfter({ number, answer, repeatable }, limits, now(), Math.random());
    if (wait === undefined) {
      if (answer === undefined) throw failure;
      return answer;
    }
    await answer?.body?.cancel();
    await sleep(wait);
    return attempt(next, number + 1);
  };
  return (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === 'POST' && pathname.includes(STORED_ANSWERS) && !request.headers.has(IDEMPOTENCY_KEY)) {
      request.headers.set(IDEMPOTENCY_KEY, crypto.randomUUID());
    }
    return attempt(request, 1);
  };
}
