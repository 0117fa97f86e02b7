import { type EpochMilliseconds, SECOND } from '#core';

/** A NumericDate: seconds since the epoch, with or without a fraction (RFC 7519 §2), in a range that is counted exactly. */
export const isNumericDate = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;

/** The seconds that a NumericDate is compared with: exact, for a date with a fraction is over within its second. */
export const secondsOf = (now: EpochMilliseconds): number => now / SECOND;
