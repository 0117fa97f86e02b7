import { instantOfField } from './instant-field.js';
import type { Schemas } from './queries.js';

type Fields = Readonly<Record<string, string>>;
export type RotationFilter = Schemas['AppliedRotationFilter'];

/** The filter of a rotation by many credentials, as its form has it. */
export function rotationFilterOf({
  authType,
  serviceId,
  owner,
  name,
  expiresBefore,
  createdBefore,
  unusedSince,
}: Fields) {
  const startOfDay = (date: string | undefined): string | undefined =>
    date === undefined ? undefined : `${date}T00:00:00.000Z`;
  const filter = {
    authType: authType as RotationFilter['authType'],
    serviceId,
    owner,
    name,
    expiresBefore: startOfDay(expiresBefore),
    createdBefore: createdBefore === undefined ? undefined : instantOfField(createdBefore),
    unusedSince: startOfDay(unusedSince),
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as RotationFilter;
}

/** A filter in words. */
export function rotationFilterText(filter: RotationFilter): string {
  const { authType, serviceId, owner, name, expiresBefore, createdBefore, unusedSince } = filter;
  const parts = [
    authType === undefined ? undefined : `of the type ${authType.replaceAll('_', ' ')}`,
    serviceId === undefined ? undefined : `of the service ${serviceId}`,
    owner === undefined ? undefined : `with the contact ${owner}`,
    name === undefined ? undefined : `named ${name}`,
    expiresBefore === undefined ? undefined : `that expire before ${expiresBefore.slice(0, 10)}`,
    createdBefore === undefined ? undefined : `created before ${createdBefore.slice(0, 19).replace('T', ' ')} UTC`,
    unusedSince === undefined ? undefined : `unused since ${unusedSince.slice(0, 10)}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? 'all active credentials' : `active credentials ${parts.join(', ')}`;
}

/** The filter of a rotation that is begun again: what it selected, without the successors that it made. */
export const restOf = (filter: RotationFilter, begunAt: string): RotationFilter => ({
  ...filter,
  // That of a rotation which was one again itself is the earlier one.
  createdBefore: filter.createdBefore ?? begunAt,
});
