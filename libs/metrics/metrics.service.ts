import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { Metric, PrometheusContentType, Registry } from 'prom-client';

import { Clock, type EpochMilliseconds } from '#core';
import { LOGGER, type Logger, describeError } from '#logging';

import { exposed } from './exposition.js';
import { type Measured, Measures, type MeasuresOptions, type MetricSource } from './measures.js';
import { counter, defineMetrics } from './metric.js';
import { Counter } from './counter.js';

interface Source extends MeasuresOptions {
  readonly name: string;
  readonly measure: MetricSource['measure'];
  measuredAt: EpochMilliseconds | undefined;
  measured: Readonly<Record<string, Measured | undefined>>;
}

const own = defineMetrics({
  chancery_metric_source_failures_total: counter('Failed reads of metrics, by source', 'source'),
});

/** What all libraries measure, as Prometheus reads it. Nothing is set up before the first scrape. */
@Measures({ metrics: own })
@Injectable()
export class Metrics implements MetricSource<typeof own> {
  readonly #failures = new Counter();
  #registry: Registry | undefined;
  #sources: readonly Source[] = [];
  #scrape: Promise<string> | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Of the text that `exposition` gives. */
  readonly contentType: PrometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

  /** Every metric, in the text format of Prometheus 0.0.4. Scrapes at the same time get the same answer. */
  exposition(): Promise<string> {
    this.#scrape ??= this.scrape().finally(() => (this.#scrape = undefined));
    return this.#scrape;
  }

  measure() {
    return { chancery_metric_source_failures_total: this.#failures };
  }

  private async scrape(): Promise<string> {
    this.#registry ??= await this.setUp();
    for (const source of this.#sources) await this.refresh(source);
    return this.#registry.metrics();
  }

  /** What the database answers is asked again after a while; what cannot be read is left out of this scrape. */
  private async refresh(source: Source): Promise<void> {
    const now = this.clock.now();
    const age = source.measuredAt === undefined ? Infinity : Math.abs(now - source.measuredAt);
    if (age < (source.everyMilliseconds ?? 0)) return;
    try {
      source.measured = await source.measure();
      source.measuredAt = now;
    } catch (error) {
      source.measured = {};
      source.measuredAt = undefined;
      this.#failures.increment(source.name);
      this.logger.debug({ source: source.name, error: describeError(error) }, 'Metrics could not be read');
    }
  }

  private async setUp(): Promise<Registry> {
    // It takes part of the time of a start, and many installations are never scraped.
    const { Registry, collectDefaultMetrics } = await import('prom-client');
    const registry = new Registry();
    // Of the process and of Node.js: processor time, memory, garbage collection, delays of the event loop.
    collectDefaultMetrics({ register: registry });
    this.#sources = this.discovery
      .getProviders({ metadataKey: Measures.KEY })
      .map((provider) => {
        const { metrics, everyMilliseconds } = this.discovery.getMetadataByDecorator(Measures, provider)!;
        const instance = provider.instance as MetricSource;
        const name = String(provider.name);
        return {
          name,
          metrics,
          ...(everyMilliseconds === undefined ? {} : { everyMilliseconds }),
          measure: () => instance.measure(),
          measuredAt: undefined,
          measured: {},
        };
      })
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
    for (const source of this.#sources) {
      for (const [name, definition] of Object.entries(source.metrics)) {
        const metric = exposed(name, definition, () => source.measured[name]);
        // The registry asks nothing of a metric but its name and `get`.
        registry.registerMetric(metric as unknown as Metric);
      }
    }
    return registry;
  }
}
