import { Counter } from './counter.js';
import { Histogram } from './histogram.js';
import type { Measured, Sample } from './measures.js';
import type { MetricDefinition } from './metric.js';

/** One line of the exposition. */
export interface Line {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Where it differs from the name of the metric. */
  readonly metricName?: string;
}

/** A metric as the registry of prom-client reads it. */
interface ExposedMetric {
  readonly name: string;
  get(): Promise<{
    readonly name: string;
    readonly help: string;
    readonly type: string;
    readonly values: readonly Line[];
  }>;
}

/** A metric whose value is read at each scrape. */
export const exposed = (
  name: string,
  definition: MetricDefinition,
  read: () => Measured | undefined,
): ExposedMetric => ({
  name,
  get: async () => ({ name, help: definition.help, type: definition.kind, values: linesOf(name, definition, read()) }),
});

/** The lines of a metric; none where nothing is known of it. */
export function linesOf(name: string, { labels }: MetricDefinition, measured: Measured | undefined): readonly Line[] {
  if (measured === undefined) return [];
  const named = (values: readonly string[]): Record<string, string> =>
    Object.fromEntries(labels.map((label, index) => [label, values[index] ?? '']));
  if (typeof measured === 'number') return [{ value: measured, labels: {} }];
  if (measured instanceof Histogram) {
    return [...measured.values()].flatMap(([values, { counts, sum }]) => {
      let count = 0;
      const buckets = [...counts].map((inBucket, index) => {
        count += inBucket;
        return {
          metricName: `${name}_bucket`,
          value: count,
          labels: { le: measured.bounds[index] ?? '+Inf', ...named(values) },
        };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, value: sum, labels: named(values) },
        { metricName: `${name}_count`, value: count, labels: named(values) },
      ];
    });
  }
  const samples: readonly Sample[] =
    measured instanceof Counter
      ? [...measured.values()].map(([values, value]) => ({ labels: values, value }))
      : measured;
  return samples.map((sample) => ({ value: sample.value, labels: named(sample.labels) }));
}
