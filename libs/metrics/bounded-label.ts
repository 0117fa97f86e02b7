import { OTHER } from './labelled.js';

/** A label whose values come from outside, of which a process names the first few that it meets: all others are one. */
export class BoundedLabel {
  readonly #named = new Set<string>();

  /** @param valuesMax how many are named; none where it is 0 */
  constructor(private readonly valuesMax: number) {}

  /** The value itself, or `other`; `undefined` where nothing is told apart. */
  of(value: string): string | undefined {
    if (this.valuesMax === 0) return undefined;
    if (this.#named.has(value)) return value;
    if (this.#named.size >= this.valuesMax) return OTHER;
    this.#named.add(value);
    return value;
  }
}
