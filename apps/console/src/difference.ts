/** One member that differs. */
export interface Difference {
  readonly name: string;
  /** As JSON; `undefined` where it was absent. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

type Values = Readonly<Record<string, unknown>> | undefined;

const text = (values: Values, name: string): string | undefined =>
  values !== undefined && Object.hasOwn(values, name) ? JSON.stringify(values[name]) : undefined;

/** What a change changed: the members of either side that are not the same, by name. */
export function differences(before: Values, after: Values): Difference[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...names]
    .toSorted()
    .map((name) => ({ name, before: text(before, name), after: text(after, name) }))
    .filter(({ before: old, after: now }) => old !== now);
}
