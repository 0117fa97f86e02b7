import { In, Not, type View } from '#database';

import { Tenant } from './entities.js';

/**
 * A step of platform work: those of the names that are the slug of another tenant, so that no certificate is issued for it.
 * Slugs only: a tenant chooses its display name itself, and could keep others from theirs.
 */
export async function namesOfOtherTenants(view: View, tenantId: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const others = { id: Not(tenantId), state: Not('deleted' as const) };
  const tenants = await view.find(Tenant, { ...others, slug: In(names.map((name) => name.toLowerCase())) });
  const taken = new Set(tenants.map(({ slug }) => slug));
  return names.filter((name) => taken.has(name.toLowerCase()));
}
