import { LessThan, MoreThanOrEqual, type View, type Where } from '#database';

import { AuditEvent } from './audit-event.entity.js';

// Places in a history by time, however many events it has.

/** The number of the earliest event since an instant, by the index over the times; `undefined` where there is none. */
export const sequenceAt = (view: View, tenantId: string, instant: number): Promise<number | undefined> =>
  firstOf(view, { tenantId, occurredAt: MoreThanOrEqual(instant) }, 'ASC');

/** The number of the latest event before an instant; `undefined` where there is none. */
export const sequenceBefore = (view: View, tenantId: string, instant: number): Promise<number | undefined> =>
  firstOf(view, { tenantId, occurredAt: LessThan(instant) }, 'DESC');

async function firstOf(view: View, where: Where<AuditEvent>, direction: 'ASC' | 'DESC'): Promise<number | undefined> {
  // What is looked for is in the index: asked for the number, MariaDB begins at an end of the history and reads on.
  const order = { occurredAt: direction, id: direction };
  const [event] = await view.find(AuditEvent, where, { order, limit: 1, columns: ['id'] });
  return event && (await view.get(AuditEvent, { id: event.id })).sequence;
}
