import { Global, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it } from 'vitest';

import { Clock, ManualClock } from '#core';
import { LOGGER, createLogger } from '#logging';

import { Measures, type MetricSource } from './measures.js';
import { defineMetrics, gauge } from './metric.js';
import { MetricsModule } from './metrics.module.js';
import { Metrics } from './metrics.service.js';

const slow = defineMetrics({ chancery_slow: gauge('Asks a database') });
const quick = defineMetrics({ chancery_quick: gauge('Reads a number') });

@Measures({ metrics: slow, everyMilliseconds: 60_000 })
@Injectable()
class SlowSource implements MetricSource<typeof slow> {
  asked = 0;
  fails = false;

  async measure() {
    this.asked += 1;
    if (this.fails) throw new Error('The database is away');
    return { chancery_slow: this.asked };
  }
}

@Measures({ metrics: quick })
@Injectable()
class QuickSource implements MetricSource<typeof quick> {
  asked = 0;

  measure() {
    return { chancery_quick: ++this.asked };
  }
}

const clock = new ManualClock();
const shared = [
  { provide: Clock, useValue: clock },
  { provide: LOGGER, useValue: createLogger('silent') },
];

@Global()
@Module({ providers: shared, exports: shared.map(({ provide }) => provide) })
class SharedModule {}

@Module({ imports: [SharedModule, MetricsModule], providers: [SlowSource, QuickSource] })
class SourcesModule {}

const open = () => NestFactory.createApplicationContext(SourcesModule, { logger: false });
const valueOf = (text: string, name: string): string | undefined => new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1];

describe('Metrics', () => {
  it('a source is asked at each scrape, and one that says so at most once in its interval', async () => {
    const app = await open();
    const metrics = app.get(Metrics);
    const seen: unknown[] = [];
    for (const wait of [0, 59_999, 1]) {
      clock.advance(wait);
      const text = await metrics.exposition();
      seen.push([valueOf(text, 'chancery_quick'), valueOf(text, 'chancery_slow')]);
    }
    expect(seen).toEqual([
      ['1', '1'],
      ['2', '1'],
      ['3', '2'],
    ]);
    await app.close();
  });

  it('scrapes at the same time share one answer', async () => {
    const app = await open();
    const [one, other] = await Promise.all([app.get(Metrics).exposition(), app.get(Metrics).exposition()]);
    expect(one).toBe(other);
    expect(app.get(QuickSource).asked).toBe(1);
    await app.close();
  });

  it('a source that fails is left out and counted, costs no scrape, and is asked again at the next', async () => {
    const app = await open();
    const source = app.get(SlowSource);
    source.fails = true;
    const failed = await app.get(Metrics).exposition();
    expect([valueOf(failed, 'chancery_quick'), valueOf(failed, 'chancery_slow')]).toEqual(['1', undefined]);
    source.fails = false;
    const text = await app.get(Metrics).exposition();
    expect(valueOf(text, 'chancery_slow')).toBe('2');
    expect(text).toContain('chancery_metric_source_failures_total{source="SlowSource"} 1');
    await app.close();
  });
});
