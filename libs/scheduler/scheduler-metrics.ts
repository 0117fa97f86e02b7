import { Injectable } from '@nestjs/common';

import { MINUTE, SECOND } from '#core';
import { type MetricSource, Measures, counter, defineMetrics, gauge } from '#metrics';

import { ClockWatch } from './clock-watch.js';
import { Scheduler } from './scheduler.js';

const metrics = defineMetrics({
  chancery_scheduler_runs_total: counter('Scheduler runs that this process finished'),
  chancery_scheduler_last_run_timestamp_seconds: gauge(
    'When this process last finished a run; absent before the first one',
  ),
  chancery_scheduler_items_total: counter('Due items by kind and outcome: handled or failed', 'kind', 'outcome'),
  chancery_clock_paused: gauge('1 while irreversible actions are paused because the clock is not confirmed'),
});

/** What the scheduler of this process does. */
@Measures({ metrics })
@Injectable()
export class SchedulerMetrics implements MetricSource<typeof metrics> {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly clockWatch: ClockWatch,
  ) {}

  measure() {
    const { runs, lastRunAt, counters } = this.scheduler;
    return {
      chancery_scheduler_runs_total: runs,
      chancery_scheduler_last_run_timestamp_seconds: lastRunAt === undefined ? undefined : lastRunAt / SECOND,
      chancery_scheduler_items_total: [...counters].flatMap(([kind, { handled, failed }]) => [
        { value: handled, labels: [kind, 'handled'] },
        { value: failed, labels: [kind, 'failed'] },
      ]),
      chancery_clock_paused: Number(this.clockWatch.paused),
    };
  }
}

const overdue = defineMetrics({
  chancery_scheduler_overdue_seconds: gauge(
    'How long the oldest unhandled item of a kind has been due; only in processes that run the scheduler',
    'kind',
  ),
});

/** What is due of the whole installation. */
@Measures({ metrics: overdue, everyMilliseconds: MINUTE })
@Injectable()
export class OverdueMetrics implements MetricSource<typeof overdue> {
  constructor(private readonly scheduler: Scheduler) {}

  async measure() {
    const kinds = await this.scheduler.overdue();
    return {
      chancery_scheduler_overdue_seconds: [...kinds].map(([kind, milliseconds]) => ({
        value: milliseconds / SECOND,
        labels: [kind],
      })),
    };
  }
}
