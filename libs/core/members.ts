/**
 * The object with the same members, each as `change` makes it, in half of the time of `Object.fromEntries`.
 * @param names of the members that are kept, in the order that they are to have
 */
export function withMembers<Value, Changed>(
  record: { readonly [name: string]: Value },
  change: (value: Value, name: string) => Changed,
  names: readonly string[] = Object.keys(record),
): { [name: string]: Changed } {
  const changed: { [name: string]: Changed } = {};
  for (const name of names) {
    const value = change(record[name]!, name);
    // Assigned, it would be the prototype and no member.
    if (name === '__proto__') Object.defineProperty(changed, name, { value, ...OF_A_MEMBER });
    else changed[name] = value;
  }
  return changed;
}

const OF_A_MEMBER = { configurable: true, enumerable: true, writable: true };

type Defined<Members> = { [Name in keyof Members]?: Exclude<Members[Name], undefined> };

/** The members that have a value: what a change leaves out is absent or `undefined`, and stays as it is. */
export const definedMembers = <Members extends object>(members: Members): Defined<Members> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<Members>;
