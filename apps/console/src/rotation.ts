/** What a rotation looks at of a credential. */
interface RotatedCredential {
  readonly id: string;
  readonly state: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
}

/** Where a rotation by hand is, of the credentials of one type: create, hand over and watch, discard, delete. */
export type RotationStep<Credential> =
  | { readonly step: 'create'; readonly old: Credential }
  | { readonly step: 'watch'; readonly old: Credential; readonly next: Credential; readonly oldIsQuiet: boolean }
  | { readonly step: 'delete'; readonly old: Credential };

/** A credential that no request used for this long is probably used by no client any more. */
const QUIET_MILLISECONDS = 3_600_000;

/**
 * The next step, decided by what there is: one active credential may get a successor, of two active ones the older is
 * watched, and an inactive one can be deleted.
 *
 * @returns `undefined` where there is no active one, so that there is nothing to rotate
 */
export function rotationStep<Credential extends RotatedCredential>(
  credentials: readonly Credential[],
  now: number,
): RotationStep<Credential> | undefined {
  const inactive = credentials.find(({ state }) => state === 'inactive');
  if (inactive !== undefined) return { step: 'delete', old: inactive };
  const active = credentials
    .filter(({ state }) => state === 'active')
    .toSorted((one, other) => Date.parse(one.createdAt) - Date.parse(other.createdAt));
  const [old, next] = active;
  if (old === undefined) return undefined;
  if (next === undefined) return { step: 'create', old };
  const oldIsQuiet = old.lastUsedAt === null || now - Date.parse(old.lastUsedAt) >= QUIET_MILLISECONDS;
  return { step: 'watch', old, next, oldIsQuiet };
}

/**
 * How many instants fall into each of the last hours, the oldest first.
 *
 * @param instants RFC 3339
 */
export function usesByHour(instants: readonly string[], now: number, hours: number): number[] {
  const counts = Array<number>(hours).fill(0);
  for (const instant of instants) {
    const age = Math.floor((now - Date.parse(instant)) / 3_600_000);
    if (age >= 0 && age < hours) counts[hours - 1 - age]! += 1;
  }
  return counts;
}
