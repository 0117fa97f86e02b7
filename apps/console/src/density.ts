export interface Density {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly counts: readonly number[];
}

/**
 * How many instants fall into equal parts of the time between the first and the last.
 *
 * @param instants RFC 3339, in any order
 * @returns `undefined` for fewer than two instants
 */
export function densityOf(instants: readonly string[], parts: number): Density | undefined {
  if (instants.length < 2) return undefined;
  const times = instants.map((instant) => Date.parse(instant));
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const counts = Array<number>(parts).fill(0);
  for (const time of times) {
    const part = to === from ? 0 : Math.min(parts - 1, Math.floor((parts * (time - from)) / (to - from)));
    counts[part]! += 1;
  }
  return { from, to, counts };
}
