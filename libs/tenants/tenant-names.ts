import { In, Not, type View } from '#database';

import { Tenant } from './entities.js';

/**
 * A step of platform work: the names that are the slug of another tenant; no certificate may contain them. Slugs only: a
 * tenant chooses its display name itself, and could block the names of others.
 */
export async function namesOfOtherTenants(view: View, tenantId: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const others = { id: Not(tenantId), state: Not('deleted' as const) };
  const tenants = await view.find(Tenant, { ...others, slug: In(names.map((name) => name.toLowerCase())) });
  const taken = new Set(tenants.map(({ slug }) => slug));
  return names.filter((name) => taken.has(name.toLowerCase()));
}
