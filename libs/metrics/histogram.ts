import { type LabelValues, Labelled } from './labelled.js';

/** What was observed with one combination of labels. */
interface Observed {
  /** How many were at most as large as each bound, and the last one for all; not cumulative. */
  readonly counts: Float64Array;
  sum: number;
}

/** From a millisecond to ten seconds. */
export const SECONDS_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Counts observations by size in plain numbers, which a scrape reads. */
export class Histogram {
  readonly #cells: Labelled<Observed>;

  /** @param bounds upper bounds of the buckets, inclusive and ascending; above the last one there is one more */
  constructor(readonly bounds: readonly number[]) {
    this.#cells = new Labelled(() => ({ counts: new Float64Array(bounds.length + 1), sum: 0 }));
  }

  /** Counts one observation, with labels in the order of the metric's definition. */
  observe(value: number, one = '', two = '', three = ''): void {
    const cell = this.#cells.at(one, two, three);
    let bucket = 0;
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket += 1;
    cell.counts[bucket]! += 1;
    cell.sum += value;
  }

  values(): Generator<readonly [labels: LabelValues, observed: Observed]> {
    return this.#cells.entries();
  }
}
