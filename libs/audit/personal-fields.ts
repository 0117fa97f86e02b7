import type { Json } from '#core';

const WORKLOAD_PEOPLE = ['actor', 'actor_id', 'preferred_username', 'user_id', 'user_login', 'user_name'];

/**
 * Which members of what events say are about a person: the one table that decides it. They are kept apart from the entry, under
 * the key of the month, and are erased with it. `*` is of every event, at any depth of `before`, `after` and `details`; of the
 * actor, the name of a user is (it is the e-mail address), and so is the source address of every request.
 *
 * A text that contains an e-mail address is personal in every member: names, descriptions, subjects and alternative names of
 * certificates, claims and URLs are the caller's own words. Not personal are names of things (services, keys, accounts of
 * services, profiles, webhooks), the networks in `allowedCidrs`, ids, and subjects and claims of workloads without an address.
 */
const PERSONAL_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  '*': ['contacts', 'email', 'sourceAddress', 'sourceAddresses'],
  // What people call the devices that they own.
  'factor.enrolled': ['name'],
  'factor.removed': ['name'],
  // The id of the person at the provider.
  'identity_provider.linked': ['subject'],
  // Who started the run of the pipeline, by the names of GitHub, GitLab, CircleCI and others.
  'trust.accepted': WORKLOAD_PEOPLE,
  'trust.exchanged': WORKLOAD_PEOPLE,
  'user.created': ['name'],
};

/** Linear: each part between two `@` is read once. */
const EMAIL_ADDRESS = /[^\s@]@[^\s@]+\.[^\s@]/;
const hasEmailAddress = (text: string): boolean => text.includes('@') && EMAIL_ADDRESS.test(text);

const ALWAYS: ReadonlySet<string> = new Set(PERSONAL_MEMBERS['*']);
const BY_ACTION: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(PERSONAL_MEMBERS).map(([action, members]) => [action, new Set([...ALWAYS, ...members])]),
);

/** What was taken out of an event: where each value was (RFC 6901), and the values in the same order. */
export class PersonalValues {
  readonly fields: string[] = [];
  readonly values: Json[] = [];

  /** Takes a value out. @returns what is left in its place */
  take(field: string, value: Json): null {
    this.fields.push(field);
    this.values.push(value);
    return null;
  }

  /** Takes the personal members out of `before`, `after` or `details`. The same object where there are none. */
  takeFrom(action: string, field: string, content: Json): Json {
    return this.#without(BY_ACTION.get(action) ?? ALWAYS, field, content);
  }

  #without(members: ReadonlySet<string>, field: string, value: Json): Json {
    if (value === null || typeof value !== 'object') return value;
    let changed: Record<string, Json | undefined> | undefined;
    for (const [name, member] of Object.entries(value as { readonly [name: string]: Json | undefined })) {
      if (member === undefined || member === null || isEmpty(member)) continue;
      const place = `${field}/${escaped(name)}`;
      const isPersonal = members.has(name) || (typeof member === 'string' && hasEmailAddress(member));
      const left = isPersonal ? this.take(place, member) : this.#without(members, place, member);
      if (left !== member) (changed ??= { ...(value as object) })[name] = left;
    }
    if (changed === undefined) return value;
    return Array.isArray(value) ? (Object.values(changed) as Json[]) : changed;
  }
}

const isEmpty = (value: Json): boolean => Array.isArray(value) && value.length === 0;

/** RFC 6901 §3. */
const escaped = (name: string): string => (/[~/]/.test(name) ? name.replaceAll('~', '~0').replaceAll('/', '~1') : name);
const unescaped = (name: string): string => name.replaceAll('~1', '/').replaceAll('~0', '~');

/** Puts what was taken out of an event back into it, in place. Places that the event does not have are left out. */
export function putBack(document: object, fields: readonly string[], values: readonly Json[]): void {
  for (const [index, field] of fields.entries()) {
    const names = field.split('/').slice(1).map(unescaped);
    const last = names.pop()!;
    let place: unknown = document;
    for (const name of names) place = memberOf(place, name);
    if (memberOf(place, last) === null) (place as Record<string, Json>)[last] = values[index]!;
  }
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
