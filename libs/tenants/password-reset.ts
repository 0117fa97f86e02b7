import { DAY, type EpochMilliseconds, HOUR } from '#core';

interface ResetRow {
  readonly ttl: EpochMilliseconds;
  /** Whether who chooses the password has proven the address with it. */
  readonly verifiesAddress: boolean;
}

/** Why a password is chosen again by a link, and for how long the link can be used. */
export const resetKinds = {
  /** The password was lost. */
  reset: { ttl: HOUR, verifiesAddress: false },
  /** The platform administrator hands the link to the person whom the address belongs to. */
  verification: { ttl: 7 * DAY, verifiesAddress: true },
} as const satisfies Record<string, ResetRow>;

export type ResetKind = keyof typeof resetKinds;
