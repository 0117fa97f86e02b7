import { type EpochMilliseconds, SECOND } from '#core';

export interface RenewalWindow {
  readonly start: EpochMilliseconds;
  readonly end: EpochMilliseconds;
}

interface Validity {
  readonly notBefore: EpochMilliseconds;
  readonly notAfter: EpochMilliseconds;
}

/**
 * When a certificate should be renewed (RFC 9773 §4.2): between a third and a sixth of its validity before its end, so that
 * many clients do not come together; one that is no longer accepted, immediately: its window has passed.
 */
export function renewalWindow({ notBefore, notAfter }: Validity, isAccepted: boolean): RenewalWindow {
  if (!isAccepted) return { start: notBefore, end: notBefore + SECOND };
  const validity = notAfter - notBefore;
  return { start: wholeSeconds(notAfter - validity / 3), end: wholeSeconds(notAfter - validity / 6) };
}

const wholeSeconds = (instant: number): EpochMilliseconds => Math.floor(instant / SECOND) * SECOND;
