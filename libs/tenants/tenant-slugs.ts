import { In, Not, type View } from '#database';

import { Tenant } from './entities.js';

/** What a tenant can be called in URLs. A slug is accepted in place of an id, so it must not look like one. */
export const SLUG = /^(?![0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$)[a-z0-9](-?[a-z0-9])*$/;

/** A step of platform work: which tenant has each of the slugs. A deleted tenant has none. */
export async function tenantsBySlug(view: View, slugs: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const tenants = await view.find(Tenant, { state: Not('deleted' as const), slug: In([...slugs]) });
  return new Map(tenants.map(({ id, slug }) => [slug, id]));
}
