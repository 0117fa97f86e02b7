/** What Prometheus makes of the values: a counter only rises, a gauge goes up and down, a histogram counts by size. */
type MetricKind = 'counter' | 'gauge' | 'histogram';

/** One metric; what it is called is its key in a table. */
export interface MetricDefinition {
  readonly kind: MetricKind;
  /** One sentence, for the exposition and for `docs/metrics.md`. */
  readonly help: string;
  /** The names of its labels, in the order in which values are given. Each has few values; `tenant` has some only where a setting says so. */
  readonly labels: readonly string[];
}

export type MetricTable = Readonly<Record<string, MetricDefinition>>;

export const counter = (help: string, ...labels: string[]): MetricDefinition => ({ kind: 'counter', help, labels });
export const gauge = (help: string, ...labels: string[]): MetricDefinition => ({ kind: 'gauge', help, labels });
export const histogram = (help: string, ...labels: string[]): MetricDefinition => ({ kind: 'histogram', help, labels });

const NAME = /^chancery_[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
/** Prometheus has base units only, so that no graph mixes seconds with milliseconds. */
const NO_BASE_UNIT = /(milliseconds|minutes|hours|days|kilobytes|percent)$/;

/**
 * A table of metrics, by name.
 * @throws Error for a name against the conventions (https://prometheus.io/docs/practices/naming/)
 */
export function defineMetrics<Table extends MetricTable>(table: Table): Table {
  for (const [name, { kind }] of Object.entries(table)) {
    const isNamed = NAME.test(name) && !NO_BASE_UNIT.test(name) && name.endsWith('_total') === (kind === 'counter');
    if (!isNamed) throw new Error(`${name} is no name for a ${kind}`);
  }
  return table;
}
