import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { CONFIGURATION, PublicUrl, type SettingValues } from '#config';
import { Declares } from '#core';
import { DatabaseModule, type EntityClass } from '#database';
import { KeyStoresModule } from '#key-stores';
import { VaultModule } from '#vault';

import { AuditEvent } from './audit-event.entity.js';
import { CheckpointFile, NO_CHECKPOINT_MEMORY } from './checkpoint-file.js';
import { CheckpointLog } from './checkpoint-log.service.js';
import { Checkpoints } from './checkpoints.service.js';
import { Cosignatures, Witnesses } from './cosignatures.service.js';
import { ErasedMonths } from './erased-months.service.js';
import { historyErrors } from './errors.js';
import { EventReader } from './event-reader.service.js';
import { EventWindow } from './event-window.entity.js';
import { HistoryBorder, HistoryState } from './history-border.entity.js';
import { HistoryCheck } from './history-check.service.js';
import { historyEvents } from './events.js';
import { HistoryExport } from './export.service.js';
import { CheckpointMetrics, ErasedMonthMetrics, HistoryLagMetrics } from './history-metrics.js';
import { HistoryLog } from './history-log.service.js';
import { HistoryMonth } from './history-month.entity.js';
import { HistoryReads } from './history-reads.service.js';
import { HistoryStates } from './history-states.service.js';
import { History, requestEvents } from './history.service.js';
import { LogKeyHalves } from './log-key-halves.service.js';
import { KeptLogs } from './kept-logs.service.js';
import { LogKeys } from './log-keys.service.js';
import { LogPlace } from './log-place.js';
import { HistoryCheckpoint, HistoryHead, HistoryKey, HistorySize, HistoryTile } from './log.entities.js';
import { MonthKeys } from './month-keys.service.js';
import { RepeatedEvents } from './repeated-events.service.js';
import {
  checkpointSettings,
  logKeyProblems,
  logKeySettings,
  personalDataSettings,
  retentionSettings,
} from './settings.js';

export const auditEntities: readonly EntityClass[] = [
  AuditEvent,
  HistorySize,
  HistoryHead,
  HistoryTile,
  HistoryKey,
  HistoryMonth,
  HistoryBorder,
  HistoryState,
  HistoryCheckpoint,
  EventWindow,
];

/** The history of all changes, and what is counted before it is recorded. */
@Declares({
  errors: [historyErrors],
  events: [historyEvents, requestEvents],
  settings: [checkpointSettings, logKeySettings, personalDataSettings, retentionSettings],
  settingProblems: [logKeyProblems],
})
@Module({
  imports: [TypeOrmModule.forFeature([...auditEntities]), DatabaseModule, VaultModule, KeyStoresModule],
  providers: [
    CheckpointLog,
    CheckpointMetrics,
    Checkpoints,
    Cosignatures,
    ErasedMonthMetrics,
    ErasedMonths,
    EventReader,
    History,
    HistoryCheck,
    HistoryExport,
    HistoryLagMetrics,
    HistoryLog,
    HistoryReads,
    HistoryStates,
    KeptLogs,
    LogKeyHalves,
    LogKeys,
    MonthKeys,
    {
      provide: LogPlace,
      inject: [PublicUrl, CONFIGURATION],
      useFactory: async (
        publicUrl: PublicUrl,
        { checkpointFile }: SettingValues<typeof checkpointSettings>,
      ): Promise<LogPlace> => ({
        host: () => new URL(publicUrl.current).host,
        memory: checkpointFile === 'off' ? NO_CHECKPOINT_MEMORY : await CheckpointFile.open(checkpointFile),
      }),
    },
    {
      provide: Witnesses,
      inject: [CONFIGURATION],
      useFactory: ({ witnesses }: SettingValues<typeof checkpointSettings>): Witnesses => ({ all: witnesses }),
    },
    RepeatedEvents,
  ],
  exports: [
    CheckpointLog,
    Checkpoints,
    Cosignatures,
    ErasedMonths,
    EventReader,
    History,
    HistoryCheck,
    HistoryExport,
    HistoryLog,
    HistoryReads,
    HistoryStates,
    KeptLogs,
    LogKeys,
    LogPlace,
    MonthKeys,
    RepeatedEvents,
    Witnesses,
  ],
})
export class AuditModule {}
