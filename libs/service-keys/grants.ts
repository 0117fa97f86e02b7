import { In, type Tx, type View } from '#database';

import { Service } from './entities.js';
import { serviceEvents } from './events.js';

/** Grants every profile of the tenant. */
const EVERY_PROFILE = '*';

const activeServices = (view: View): Promise<Service[]> =>
  view.find(Service, { state: 'active' }, { order: { id: 'ASC' } });

/** Names of services by their ids, deleted ones included. */
export async function serviceNames(view: View, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const services = await view.find(Service, { id: In([...new Set(ids)]) });
  return new Map(services.map(({ id, name }) => [id, name]));
}

/** Names of the active services that were granted one of the profiles, in the order of their creation. */
export async function servicesGranted(view: View, profiles: readonly string[]): Promise<readonly string[]> {
  if (profiles.length === 0) return [];
  const granted = new Set([...profiles, EVERY_PROFILE]);
  const services = await activeServices(view);
  return services.filter((service) => service.profiles.some((name) => granted.has(name))).map(({ name }) => name);
}

/** Names of the active services that were granted this profile by its name, rather than by `*`. */
export async function servicesNaming(view: View, profile: string): Promise<readonly string[]> {
  return (await activeServices(view)).filter(({ profiles }) => profiles.includes(profile)).map(({ name }) => name);
}

/**
 * A step: takes the grant of a profile from every service that names it, so that a profile that is created later under
 * the same name is not granted to them.
 */
export async function withdrawGrant(tx: Tx, profile: string): Promise<void> {
  for (const { id, profiles } of await activeServices(tx)) {
    if (!profiles.includes(profile)) continue;
    const rest = profiles.filter((name) => name !== profile);
    await tx.update(Service, { id }, { profiles: rest, updatedAt: tx.now });
    tx.record(serviceEvents.changed(id, { before: { profiles }, after: { profiles: rest } }));
  }
}

/** The profiles of `after` that a service was not granted before, by position; `*` names none. */
export const addedProfiles = (
  before: readonly string[],
  after: readonly string[],
): readonly { readonly name: string; readonly index: number }[] =>
  after.map((name, index) => ({ name, index })).filter(({ name }) => name !== EVERY_PROFILE && !before.includes(name));
