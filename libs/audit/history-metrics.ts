import { Injectable } from '@nestjs/common';

import { MINUTE, SECOND, platformScope, systemOrigin } from '#core';
import { Database, IsNull, MoreThanColumn, type View } from '#database';
import { type MetricSource, Measures, counter, defineMetrics, gauge } from '#metrics';

import { AuditEvent } from './audit-event.entity.js';
import { Checkpoints } from './checkpoints.service.js';
import { Cosignatures } from './cosignatures.service.js';
import { ErasedMonths } from './erased-months.service.js';
import { CHECKPOINT_LOG } from './log-entries.js';
import { HistorySize } from './log.entities.js';

const SYSTEM = platformScope(systemOrigin('history-metrics'));
/** Maximum number of late histories whose age is read; if more are late, the figures are lower bounds. */
const HISTORIES_MAX = 1_000;
const AGES_MAX = 50;

const metrics = defineMetrics({
  chancery_history_checkpoints_total: counter('Checkpoints that this process tried to sign, by outcome', 'outcome'),
  chancery_history_cosignatures_total: counter(
    'Checkpoints that witnesses were asked to cosign, by outcome',
    'outcome',
  ),
  chancery_history_last_checkpoint_timestamp_seconds: gauge(
    'When this process last signed a checkpoint; absent before the first one',
  ),
});

/** What this process signs. */
@Measures({ metrics })
@Injectable()
export class CheckpointMetrics implements MetricSource<typeof metrics> {
  constructor(
    private readonly checkpoints: Checkpoints,
    private readonly cosignatures: Cosignatures,
  ) {}

  measure() {
    const { outcomes, lastSignedAt } = this.checkpoints;
    return {
      chancery_history_checkpoints_total: outcomes,
      chancery_history_cosignatures_total: this.cosignatures.outcomes,
      chancery_history_last_checkpoint_timestamp_seconds:
        lastSignedAt === undefined ? undefined : lastSignedAt / SECOND,
    };
  }
}

const lag = defineMetrics({
  chancery_history_unsigned_events: gauge('Events of all histories that no signed checkpoint covers yet'),
  chancery_history_unsigned_age_seconds: gauge('Age of the oldest event that no signed checkpoint covers yet'),
});

/** How far checkpoints are behind the histories; the same in every process. */
@Measures({ metrics: lag, everyMilliseconds: 10 * SECOND })
@Injectable()
export class HistoryLagMetrics implements MetricSource<typeof lag> {
  constructor(private readonly database: Database) {}

  measure() {
    return this.database.readPlatform(SYSTEM, async (view) => {
      const logs = await view.find(
        HistorySize,
        [{ size: MoreThanColumn('publishedSize') }, { publishedSize: IsNull() }],
        { limit: HISTORIES_MAX },
      );
      // Its entries are no events.
      const grown = logs.filter(({ tenantId }) => tenantId !== CHECKPOINT_LOG);
      return {
        chancery_history_unsigned_events: grown.reduce(
          (sum, { size, publishedSize }) => sum + size - (publishedSize ?? 0),
          0,
        ),
        chancery_history_unsigned_age_seconds: await oldestAge(view, grown.slice(0, AGES_MAX)),
      };
    });
  }
}

async function oldestAge(view: View, grown: readonly HistorySize[]): Promise<number> {
  if (grown.length === 0) return 0;
  const first = grown.map(({ tenantId, publishedSize }) => ({ tenantId, sequence: publishedSize ?? 0 }));
  const events = await view.find(AuditEvent, first, { columns: ['occurredAt'] });
  return Math.max(0, ...events.map(({ occurredAt }) => (view.now - occurredAt) / SECOND));
}

const erased = defineMetrics({
  chancery_history_erased_months: gauge('Months of all histories whose personal fields are erased'),
});

/** Erased parts of the histories; the same in every process. */
@Measures({ metrics: erased, everyMilliseconds: MINUTE })
@Injectable()
export class ErasedMonthMetrics implements MetricSource<typeof erased> {
  constructor(private readonly months: ErasedMonths) {}

  async measure() {
    return { chancery_history_erased_months: (await this.months.total()).months };
  }
}
