import { SECOND } from './duration.js';

/**
 * For how long one part of a process that stops waits for what it has begun to send: the parts are told one by one,
 * and all of them, and then what writes the last counts, have to end before the process is ended by force.
 */
const STOP_WAIT = 3 * SECOND;

/** Waits until work has ended, however it ended, and no longer than `milliseconds`. Never throws. */
export async function endedOrGivenUp(
  work: readonly (Promise<unknown> | undefined)[],
  milliseconds = STOP_WAIT,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([Promise.allSettled(work), promise]);
  clearTimeout(timer);
}
