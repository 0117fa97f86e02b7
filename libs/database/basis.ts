import type { EpochMilliseconds } from '#core';

/** The facts that a decision from memory depends on. The decision is valid while all of them are. */
export interface Basis {
  /** The number of the tenant's configuration; see `DatabaseOptions.configurations`. */
  readonly configVersion: number;
  /** The decision does not depend on the clock from this instant until `until`. */
  readonly from: EpochMilliseconds;
  readonly until: EpochMilliseconds;
}

/** The span around `now` that contains none of the instants at which something begins or ends. */
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

/** The basis of a decision that depends on both. Of two different versions it has the older one, which is outdated. */
export const bothOf = (one: Basis, other: Basis): Basis => ({
  configVersion: Math.min(one.configVersion, other.configVersion),
  from: Math.max(one.from, other.from),
  until: Math.min(one.until, other.until),
});

/** Whether a decision with this basis is still valid. @param configVersion `undefined` if the tenant does not exist */
export const holds = (
  basis: Basis,
  { configVersion, now }: { readonly configVersion: number | undefined; readonly now: EpochMilliseconds },
): boolean => basis.configVersion === configVersion && basis.from <= now && now < basis.until;
