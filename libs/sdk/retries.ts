/** How often and how long a request is repeated. */
export interface RetryLimits {
  /** How often a request is sent at most; 4 by default, 1: never again. */
  readonly attempts: number;
  /** A server that asks for a longer pause is not waited for; 30,000 by default. */
  readonly waitMillisecondsMax: number;
}

export const RETRY_LIMITS_DEFAULT: RetryLimits = { attempts: 4, waitMillisecondsMax: 30_000 };

/** The first pause where the server names none; it doubles with each attempt. */
const FIRST_PAUSE_MILLISECONDS = 250;

/** Sent twice they do what they do once: RFC 9110 §9.2.2. */
const IDEMPOTENT_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'];
/** The server, or what is in front of it, may have done nothing or all of it. */
const UNCERTAIN_STATUS: readonly number[] = [502, 503, 504];
/** The request was counted and refused before it was read. */
const TOO_MANY_REQUESTS = 429;

export const IDEMPOTENCY_KEY = 'Idempotency-Key';

/** Whether a request may be sent again where it is not known whether it arrived: by its method, or by its key. */
export const isRepeatable = (method: string, headers: Headers): boolean =>
  IDEMPOTENT_METHODS.includes(method) || headers.has(IDEMPOTENCY_KEY);

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110 §10.2.3); `undefined` where it is neither. */
export function retryAfterMilliseconds(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** What became of an attempt: an answer, or none at all. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** `undefined` where no answer came. */
  readonly answer: Pick<Response, 'status' | 'headers'> | undefined;
  readonly repeatable: boolean;
}

/**
 * How long to wait before the next attempt; `undefined` where there is none.
 *
 * @param random from 0 to 1: clients that failed together must not come back together
 */
export function pauseAfter(attempt: Attempt, limits: RetryLimits, now: number, random: number): number | undefined {
  const { number, answer, repeatable } = attempt;
  if (number >= limits.attempts) return undefined;
  const refused = answer?.status === TOO_MANY_REQUESTS;
  const uncertain = answer === undefined || UNCERTAIN_STATUS.includes(answer.status);
  if (!refused && !(uncertain && repeatable)) return undefined;
  const asked = retryAfterMilliseconds(answer?.headers.get('Retry-After') ?? null, now);
  if (asked !== undefined) return asked <= limits.waitMillisecondsMax ? asked : undefined;
  const longest = FIRST_PAUSE_MILLISECONDS * 2 ** (number - 1);
  return Math.min(longest, limits.waitMillisecondsMax) * (0.5 + random / 2);
}
