import type { EntityClass } from '#database';
import { AuditEvent } from './audit-event.entity.js';
import { EventWindow } from './event-window.entity.js';
import { HistoryHead, HistorySize, HistoryTile } from './log.entities.js';

export const auditEntities: readonly EntityClass[] = [AuditEvent, HistorySize, HistoryHead, HistoryTile, EventWindow];
export { type EventDocument, leafHash, sealEvent } from './event.js';
export { History, type HistoryEntry, type HistoryFilter, type Refusal, requestEvents } from './history.service.js';
export { recordEvents } from './recorder.js';
export type { RepeatedEvent } from './event-window.entity.js';
export { RepeatedEvents } from './repeated-events.service.js';
export { type CheckpointMemory, CheckpointFile, NO_CHECKPOINT_MEMORY } from './checkpoint-file.js';
export { Checkpoints, LogPlace, type Unpublished } from './checkpoints.service.js';
export { historyErrors } from './errors.js';
export { type ExportFormat, type ExportHeader, exportFormats } from './export-formats.js';
export { type ExportRequest, HistoryExport, historyEvents } from './export.service.js';
export { type ConsistencyProof, HistoryLog, type InclusionProof } from './history-log.service.js';
export { LogKeys } from './log-keys.service.js';
