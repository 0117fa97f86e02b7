import { DAY, HOUR, SECOND } from '#core';

const FIRST_DELAY = 10 * SECOND;
const LONGEST_DELAY = 12 * HOUR;
/** How much of a delay is left to chance, so that what failed together is not tried again together. */
const JITTER = 0.2;

/** For so long after its first attempt a message is tried again. */
export const TRIED_FOR = 3 * DAY;

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
