export { CountedUses } from './counted-uses.js';
export { AuditModule, auditEntities } from './audit.module.js';
export { leafHash, withRfc3339Times } from './event.js';
export { EventReader, type HistoryEntry } from './event-reader.service.js';
export { type DayDensity, History, type HistoryFilter, requestEvents } from './history.service.js';
export { MonthKeys } from './month-keys.service.js';
export {
  type HistoryLine,
  historyEntries,
  historyLines,
  historySize,
  historySizes,
  recordedEvents,
  recordedEventsAbout,
  toldEvents,
  type ToldEvent,
  recordedTimes,
} from './history-feed.js';
export { eventRecorder } from './recorder.js';
export type { RepeatedEvent } from './event-window.entity.js';
export { RepeatedEvents } from './repeated-events.service.js';
export { type CheckpointMemory, CheckpointFile, NO_CHECKPOINT_MEMORY } from './checkpoint-file.js';
export { CheckpointLog } from './checkpoint-log.service.js';
export { Checkpoints } from './checkpoints.service.js';
export { Cosignatures, Witnesses } from './cosignatures.service.js';
export { ErasedMonths } from './erased-months.service.js';
export type { ErasedMonth } from './erased-month.js';
export { historyErrors } from './errors.js';
export { type ExportFormat, exportFormats } from './export-formats.js';
export { type ExportRequest, HistoryExport } from './export.service.js';
export { HistoryLog } from './history-log.service.js';
export { HistoryReads } from './history-reads.service.js';
export { KeptLogs } from './kept-logs.service.js';
export type { Keepers } from './kept-notes.js';
export { LogPlace } from './log-place.js';
export { LogKeyHalves } from './log-key-halves.service.js';
export { type LogKeyPeriod, LogKeys, type StoredLogKey } from './log-keys.service.js';
export { checkpointSettings, personalDataSettings, retentionSettings } from './settings.js';
export type { HistoryMonth } from './history-month.entity.js';
export {
  type MonthState,
  dueMonths,
  erasableAt,
  eraseMonth,
  historyMonth,
  historyMonths,
  monthStateAt,
  monthStates,
  requireErasable,
} from './history-months.js';
export { HistoryCheck } from './history-check.service.js';
export {
  type ErasureBounds,
  cancelErasure,
  cosignedSize,
  dueErasures,
  eraseBodies,
  historyErased,
  readAtBorder,
  planErasure,
} from './history-border.js';
export type { HistoryBorder } from './history-border.entity.js';
export { HistoryStates, type StoredState } from './history-states.service.js';
export type { AuditEvent } from './audit-event.entity.js';
