import type { Role } from '#tenants';

/** Members of a group are members of a tenant with a role. */
export interface RoleMapping {
  /** The name of the group, exactly; `*` for everybody whom the provider knows. */
  readonly group: string;
  readonly role: Role;
  /** For a provider of the installation; that of a tenant maps to its own tenant. */
  readonly tenantId?: string | undefined;
}

const EVERYBODY = '*';

const GROUPS_MAX = 1_000;

/** The highest first; an auditor changes nothing, so that every other role is more. */
const BY_RANK: readonly Role[] = ['owner', 'full_access', 'limited_access', 'auditor'];

/**
 * The roles that follow from the groups of a person: for each tenant that is mapped the highest one, or `undefined` where
 * none of the groups is mapped.
 * @param ownTenantId of a mapping that names none
 */
export function rolesOf(
  mappings: readonly RoleMapping[],
  groups: readonly string[],
  ownTenantId: string,
): ReadonlyMap<string, Role | undefined> {
  const held = new Set([EVERYBODY, ...groups]);
  const result = new Map<string, Role | undefined>();
  for (const { group, role, tenantId = ownTenantId } of mappings) {
    const before = result.get(tenantId);
    const isHigher = before === undefined || BY_RANK.indexOf(role) < BY_RANK.indexOf(before);
    result.set(tenantId, held.has(group) && isHigher ? role : before);
  }
  return result;
}

/** The groups that a claim lists: an array of names, or one name. Anything else, and what is beyond 1,000, lists none. */
export function groupsIn(claims: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const value: unknown = Object.hasOwn(claims, name) ? claims[name] : undefined;
  const listed: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (listed.length > GROUPS_MAX) return [];
  // A group of this name would be mapped like everybody.
  return listed.filter((group): group is string => typeof group === 'string' && group !== EVERYBODY);
}
