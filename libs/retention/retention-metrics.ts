import { Injectable } from '@nestjs/common';

import { type MetricSource, Measures, counter, defineMetrics } from '#metrics';

import { HistoryRetention } from './history-retention.js';

const metrics = defineMetrics({
  chancery_history_erased_events_total: counter('Events that this process erased at the end of the retention period'),
});

/** What this process erases. */
@Measures({ metrics })
@Injectable()
export class RetentionMetrics implements MetricSource<typeof metrics> {
  constructor(private readonly retention: HistoryRetention) {}

  measure() {
    return { chancery_history_erased_events_total: this.retention.erased };
  }
}
