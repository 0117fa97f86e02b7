import { type LabelValues, Labelled } from './labelled.js';

/** Counts in plain numbers, which a scrape reads. */
export class Counter {
  readonly #cells = new Labelled<{ value: number }>(() => ({ value: 0 }));

  /** Counts one of what the labels say, in the order of the metric's definition. */
  increment(one = '', two = '', three = '', by = 1): void {
    this.#cells.at(one, two, three).value += by;
  }

  *values(): Generator<readonly [labels: LabelValues, value: number]> {
    for (const [labels, { value }] of this.#cells.entries()) yield [labels, value];
  }
}
