import { In, LessThan, MoreThanOrEqual, type View, type Where } from '#database';

import { AuditEvent } from './audit-event.entity.js';

// Places in a history by time, however many events it has.

/** The number of the earliest event since an instant, by the index over the times; `undefined` where there is none. */
export const sequenceAt = async (view: View, tenantId: string, instant: number): Promise<number | undefined> =>
  (await sequencesAt(view, tenantId, [instant]))[0];

/** The same for several instants, by as many statements as for one. */
export const sequencesAt = (
  view: View,
  tenantId: string,
  instants: readonly number[],
): Promise<(number | undefined)[]> =>
  firstOfEach(
    view,
    instants.map((instant) => ({ tenantId, occurredAt: MoreThanOrEqual(instant) })),
    'ASC',
  );

/** The number of the latest event before an instant; `undefined` where there is none. */
export const sequenceBefore = async (view: View, tenantId: string, instant: number): Promise<number | undefined> =>
  (await firstOfEach(view, [{ tenantId, occurredAt: LessThan(instant) }], 'DESC'))[0];

async function firstOfEach(
  view: View,
  conditions: readonly Where<AuditEvent>[],
  direction: 'ASC' | 'DESC',
): Promise<(number | undefined)[]> {
  // What is looked for is in the index: asked for the number, MariaDB begins at an end of the history and reads on.
  const ids = await view.firstOfEach(AuditEvent, conditions, [
    ['occurredAt', direction],
    ['id', direction],
  ]);
  const different = [...new Set(ids.filter((id) => id !== undefined))];
  if (different.length === 0) return ids.map(() => undefined);
  const rows = await view.find(AuditEvent, { id: In(different) }, { columns: ['id', 'sequence'] });
  const sequences = new Map(rows.map(({ id, sequence }) => [id, sequence]));
  return ids.map((id) => (id === undefined ? undefined : sequences.get(id)));
}
