import type { EntityClass } from '#database';
import { AuditEvent, HistorySize } from './audit-event.entity.js';
import { EventWindow } from './event-window.entity.js';

export const auditEntities: readonly EntityClass[] = [AuditEvent, HistorySize, EventWindow];
export { type EventDocument, leafHash, sealEvent } from './event.js';
export { History, type HistoryEntry, type HistoryFilter, type Refusal, requestEvents } from './history.service.js';
export { recordEvents } from './recorder.js';
export type { RepeatedEvent } from './event-window.entity.js';
export { RepeatedEvents } from './repeated-events.service.js';
