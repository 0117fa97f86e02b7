import { Module } from '@nestjs/common';

import { AsOfModule } from '#as-of';
import { AuditModule } from '#audit';
import { DatabaseModule } from '#database';

import { HistoryRetention } from './history-retention.js';
import { RetentionMetrics } from './retention-metrics.js';

/** What erases the events of histories that tenants keep no longer. */
@Module({
  imports: [AsOfModule, AuditModule, DatabaseModule],
  providers: [HistoryRetention, RetentionMetrics],
  exports: [HistoryRetention],
})
export class RetentionModule {}
