import type { EpochMilliseconds } from '#core';

/** What a decision that was made from memory depends on. While all of it holds, the decision does. */
export interface Basis {
  /** The number of the tenant's configuration; see `DatabaseOptions.configurations`. */
  readonly configVersion: number;
  /** From this instant on, and before `until`, the clock alone changes nothing about it. */
  readonly from: EpochMilliseconds;
  readonly until: EpochMilliseconds;
}

/** The span around `now` in which none of the instants lies at which something begins or ends. */
export function spanAround(
  now: EpochMilliseconds,
  instants: readonly (EpochMilliseconds | null | undefined)[],
): Pick<Basis, 'from' | 'until'> {
  let [from, until] = [-Infinity, Infinity];
  for (const instant of instants) {
    if (instant === null || instant === undefined) continue;
    if (instant <= now) from = Math.max(from, instant);
    else until = Math.min(until, instant);
  }
  return { from, until };
}

/** What holds only while both hold. Of two numbers the older one is kept: it no longer holds. */
export const bothOf = (one: Basis, other: Basis): Basis => ({
  configVersion: Math.min(one.configVersion, other.configVersion),
  from: Math.max(one.from, other.from),
  until: Math.min(one.until, other.until),
});

/** Whether a decision with this basis still is right. @param configVersion `undefined` where there is no such tenant */
export const holds = (
  basis: Basis,
  { configVersion, now }: { readonly configVersion: number | undefined; readonly now: EpochMilliseconds },
): boolean => basis.configVersion === configVersion && basis.from <= now && now < basis.until;
