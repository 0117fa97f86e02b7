import { type View, MoreThanOrEqual } from '#database';

import { AuditEvent } from './audit-event.entity.js';

/** The number of the earliest event since an instant, by the index over the times; `undefined` where there is none. */
export async function sequenceAt(view: View, tenantId: string, instant: number): Promise<number | undefined> {
  const [event] = await view.find(
    AuditEvent,
    { tenantId, occurredAt: MoreThanOrEqual(instant) },
    { order: { occurredAt: 'ASC', id: 'ASC' }, limit: 1, columns: ['sequence'] },
  );
  return event?.sequence;
}
