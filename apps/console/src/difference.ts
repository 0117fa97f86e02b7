/** One member that differs. */
export interface Difference {
  /** Its path: `settings.keyDeletionDays`. */
  readonly name: string;
  /** As JSON; `undefined` where it was absent. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

type Values = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a change changed: the members of either side that are not the same, by name; objects member by member. */
export function differences(before: Values | undefined, after: Values | undefined, path = ''): Difference[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...names].toSorted().flatMap((name) => {
    const [old, now] = [before, after].map((values) =>
      values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined,
    );
    if (isObject(old) && isObject(now)) return differences(old, now, `${path}${name}.`);
    const [oldText, nowText] = [old, now].map((value) => (value === undefined ? undefined : JSON.stringify(value)));
    return oldText === nowText ? [] : [{ name: `${path}${name}`, before: oldText, after: nowText }];
  });
}
