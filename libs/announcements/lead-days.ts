import { createHash } from 'node:crypto';

import { DAY, type EpochMilliseconds, type Upcoming } from '#core';

/**
 * The announcement that is due of something that will happen: the shortest lead that has begun. What was created late, or
 * was due while no scheduler ran, is announced once and not for each lead that has passed.
 * @param days the leads of the tenant, in days
 * @returns `undefined` where none has begun, or it has happened
 */
export function leadReached(
  dueAt: EpochMilliseconds,
  now: EpochMilliseconds,
  days: readonly number[],
): number | undefined {
  if (dueAt <= now) return undefined;
  const begun = days.filter((lead) => dueAt - lead * DAY <= now);
  return begun.length === 0 ? undefined : Math.min(...begun);
}

/** When it is announced next; `null` where it is not. */
export function nextLeadAt(
  dueAt: EpochMilliseconds,
  now: EpochMilliseconds,
  days: readonly number[],
): EpochMilliseconds | null {
  const coming = days.map((lead) => dueAt - lead * DAY).filter((instant) => instant > now);
  return coming.length === 0 ? null : Math.min(...coming);
}

/** What names one announcement, on every instance: a thing that gets another date is announced again. */
export const announcementKey = ({ tenantId, kind, id, happens, dueAt }: Upcoming, daysAhead: number): string =>
  createHash('sha256')
    .update(JSON.stringify([tenantId, kind, id, happens, dueAt, daysAhead]))
    .digest('hex');
