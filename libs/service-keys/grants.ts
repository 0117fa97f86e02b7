import type { View } from '#database';

import { Service } from './entities.js';

/** Names of the living services that were granted one of the profiles, in the order of their making. */
export async function servicesGranted(view: View, profiles: readonly string[]): Promise<readonly string[]> {
  if (profiles.length === 0) return [];
  const granted = new Set([...profiles, '*']);
  const services = await view.find(Service, { state: 'active' }, { order: { id: 'ASC' } });
  return services.filter((service) => service.profiles.some((name) => granted.has(name))).map(({ name }) => name);
}
