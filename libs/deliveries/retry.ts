import { BACKWARD_TOLERANCE, DAY, type EpochMilliseconds, HOUR, SECOND } from '#core';

const FIRST_DELAY = 10 * SECOND;
const LONGEST_DELAY = 12 * HOUR;
/** How much of a delay is left to chance, so that what failed together is not tried again together. */
const JITTER = 0.2;

/** How long after its first attempt a message is tried again. */
export const TRIED_FOR = 3 * DAY;

/** The longest wait of `retryDelay`. */
const LONGEST_WAIT = LONGEST_DELAY * (1 + JITTER);

/** From this instant on a retry is further away than any can be: it was planned while the clock was ahead, and is due. */
export const tooLateFrom = (now: EpochMilliseconds): EpochMilliseconds => now + LONGEST_WAIT + BACKWARD_TOLERANCE;

/** Whether a message or a webhook is to be tried now. @param dueAt `null` where nothing is pending */
export const isDue = (dueAt: EpochMilliseconds | null, now: EpochMilliseconds): boolean =>
  dueAt !== null && (dueAt <= now || dueAt > tooLateFrom(now));

/**
 * How long to wait after an attempt that failed: it doubles with each, up to twelve hours.
 * @param failures in a row, at least 1
 * @param random from 0 to 1
 * @returns milliseconds
 */
export function retryDelay(failures: number, random: number): number {
  const delay = Math.min(FIRST_DELAY * 2 ** (failures - 1), LONGEST_DELAY);
  return Math.round(delay * (1 - JITTER + 2 * JITTER * random));
}
