import { DiscoveryService } from '@nestjs/core';

import type { Counter } from './counter.js';
import type { Histogram } from './histogram.js';
import type { MetricTable } from './metric.js';

/** One value with its labels, in the order of the definition. */
export interface Sample {
  readonly value: number;
  readonly labels: readonly string[];
}

/** What is known of a metric at this moment; a number where it has no labels. */
export type Measured = number | readonly Sample[] | Counter | Histogram;

/** What a source knows of each metric of its table; one that it knows nothing of now is left out. */
type Measurements<Table extends MetricTable> = { readonly [Name in keyof Table]?: Measured | undefined };

/** A provider that measures what its library does. */
export interface MetricSource<Table extends MetricTable = MetricTable> {
  measure(): Measurements<Table> | Promise<Measurements<Table>>;
}

export interface MeasuresOptions {
  readonly metrics: MetricTable;
  /** Asks the database: measured at a scrape, at most once in so many milliseconds. */
  readonly everyMilliseconds?: number;
}

/** Marks a provider that measures: it is found among those of all modules, and its table on the page of metrics. */
export const Measures = DiscoveryService.createDecorator<MeasuresOptions>();
