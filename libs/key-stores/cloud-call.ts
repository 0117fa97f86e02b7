import { randomInt } from 'node:crypto';
import { setTimeout as pass } from 'node:timers/promises';

import { keyStoreErrors } from './errors.js';
import { StoreOutage } from './store-line.js';

/**
 * What an error of a service in a cloud says: it is asked too often (`throttled`), does not answer (`away`), does not accept who we are
 * (`login`), or has answered: this key, or this request (`answer`).
 */
export type CloudFailure = 'throttled' | 'away' | 'login' | 'answer';

interface CallLimits {
  /** For all attempts together. */
  readonly milliseconds: number;
  /** Whether asking twice does no more than asking once: only then is it repeated where it is not known what became of it. */
  readonly isRepeatable: boolean;
}

/** RSA of 4096 bits takes long. */
export const GENERATION_MILLISECONDS = 30_000;
export const CALL_MILLISECONDS = 3_000;
const BACK_OFF_MILLISECONDS = 100;
const BACK_OFF_MAX_MILLISECONDS = 2_000;
const RETRY_AFTER_SECONDS = 2;

/** How long to wait before an attempt; up to the double of the wait before, by chance, so that instances do not ask in step. */
export const backOffOf = (attempt: number): number =>
  randomInt(1, Math.min(BACK_OFF_MAX_MILLISECONDS, BACK_OFF_MILLISECONDS * 2 ** attempt) + 1);

/**
 * A call of a service in a cloud, repeated within its time limit while that may help.
 * @param attempt is ended by its signal
 * @throws KEY_STORE_BUSY while the service throttles, StoreOutage while it is away or accepts no log-in; the error of an answer
 */
export async function cloudCall<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  failureOf: (error: unknown) => CloudFailure,
  { milliseconds, isRepeatable }: CallLimits,
): Promise<T> {
  const end = performance.now() + milliseconds;
  for (let number = 0; ; number += 1) {
    try {
      return await attempt(AbortSignal.timeout(Math.max(1, Math.ceil(end - performance.now()))));
    } catch (error) {
      const failure = failureOf(error);
      const wait = backOffOf(number);
      const mayHelp = failure === 'throttled' || (failure === 'away' && isRepeatable);
      if (!mayHelp || performance.now() + wait >= end) throw refusalOf(failure, error);
      await pass(wait);
    }
  }
}

function refusalOf(failure: CloudFailure, cause: unknown): unknown {
  if (failure === 'answer') return cause;
  return failure === 'throttled'
    ? keyStoreErrors.KEY_STORE_BUSY({ retryAfterSeconds: RETRY_AFTER_SECONDS, cause })
    : new StoreOutage(cause);
}

/** The members of the query of a URI. @throws Error for one that is not among `names` */
export function queryOf<Name extends string>(query: string | undefined, names: readonly Name[]) {
  const given = [...new URLSearchParams(query)];
  for (const [name] of given) {
    if (!(names as readonly string[]).includes(name)) throw new Error(`must have no ${name}, but ${names.join(', ')}`);
  }
  return Object.fromEntries(given) as Partial<Record<Name, string>>;
}

/** A number of days within a range. @throws Error */
export function daysOf(text: string | undefined, { least, most }: { readonly least: number; readonly most: number }) {
  const days = text === undefined ? least : Number(text);
  if (Number.isInteger(days) && days >= least && days <= most) return days;
  throw new Error(`must have destroy-after-days from ${least} to ${most}`);
}
