import { In, Not, type View } from '#database';

import { Tenant } from './entities.js';

/**
 * A step of platform work: those of the names that are the name or the slug of another tenant, so that nobody is
 * certified under it.
 */
export async function namesOfOtherTenants(view: View, tenantId: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const others = { id: Not(tenantId), state: Not('deleted' as const) };
  const tenants = await view.find(Tenant, [
    { ...others, slug: In(names.map((name) => name.toLowerCase())) },
    { ...others, name: In([...names]) },
  ]);
  const taken = new Set(tenants.flatMap(({ slug, name }) => [slug, name]));
  return names.filter((name) => taken.has(name) || taken.has(name.toLowerCase()));
}
