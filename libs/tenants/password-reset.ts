import { DAY, type EpochMilliseconds, HOUR } from '#core';

interface ResetRow {
  readonly ttl: EpochMilliseconds;
  /** Whether choosing the password also proves the address. */
  readonly verifiesAddress: boolean;
}

/** The reasons for a reset, and how long its link is valid. */
export const resetKinds = {
  /** The password was lost. */
  reset: { ttl: HOUR, verifiesAddress: false },
  /** The platform administrator hands the link to the person whom the address belongs to. */
  verification: { ttl: 7 * DAY, verifiesAddress: true },
} as const satisfies Record<string, ResetRow>;

export type ResetKind = keyof typeof resetKinds;
