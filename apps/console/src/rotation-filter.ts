import type { Schemas } from './queries.js';

type Fields = Readonly<Record<string, string>>;
export type RotationFilter = Schemas['AppliedRotationFilter'];

/** The filter of a rotation by many credentials, as its form has it. */
export function rotationFilterOf({ authType, serviceId, owner, name, expiresBefore, unusedSince }: Fields) {
  const startOfDay = (date: string | undefined): string | undefined =>
    date === undefined ? undefined : `${date}T00:00:00.000Z`;
  const filter = {
    authType: authType as RotationFilter['authType'],
    serviceId,
    owner,
    name,
    expiresBefore: startOfDay(expiresBefore),
    unusedSince: startOfDay(unusedSince),
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as RotationFilter;
}

/** A filter in words. */
export function rotationFilterText(filter: RotationFilter): string {
  const { authType, serviceId, owner, name, expiresBefore, unusedSince } = filter;
  const parts = [
    authType === undefined ? undefined : `of the type ${authType.replaceAll('_', ' ')}`,
    serviceId === undefined ? undefined : `of the service ${serviceId}`,
    owner === undefined ? undefined : `with the contact ${owner}`,
    name === undefined ? undefined : `named ${name}`,
    expiresBefore === undefined ? undefined : `that expire before ${expiresBefore.slice(0, 10)}`,
    unusedSince === undefined ? undefined : `unused since ${unusedSince.slice(0, 10)}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? 'all active credentials' : `active credentials ${parts.join(', ')}`;
}
