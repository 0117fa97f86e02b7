/** Labels beyond this many combinations are counted together: whatever a caller sends, memory and a scrape stay bounded. */
const COMBINATIONS_MAX = 2_000;
/** The value of the label of what is counted together. */
export const OTHER = 'other';

/** The values of up to three labels; those that a metric does not have are empty. */
export type LabelValues = readonly [one: string, two: string, three: string];

/** One cell for each combination of label values. A look-up allocates nothing, so that it costs a busy path next to nothing. */
export class Labelled<Cell> {
  readonly #cells = new Map<string, Map<string, Map<string, Cell>>>();
  #size = 0;

  constructor(
    private readonly make: () => Cell,
    private readonly combinationsMax = COMBINATIONS_MAX,
  ) {}

  at(one: string, two: string, three: string): Cell {
    const known = this.#cells.get(one)?.get(two)?.get(three);
    if (known !== undefined) return known;
    const isFull = this.#size >= this.combinationsMax;
    return isFull
      ? (this.#cells.get(OTHER)?.get(OTHER)?.get(OTHER) ?? this.#add(OTHER, OTHER, OTHER))
      : this.#add(one, two, three);
  }

  *entries(): Generator<readonly [labels: LabelValues, cell: Cell]> {
    for (const [one, seconds] of this.#cells) {
      for (const [two, thirds] of seconds) {
        for (const [three, cell] of thirds) yield [[one, two, three], cell];
      }
    }
  }

  #add(one: string, two: string, three: string): Cell {
    const seconds = this.#cells.get(one) ?? new Map<string, Map<string, Cell>>();
    const thirds = seconds.get(two) ?? new Map<string, Cell>();
    const cell = this.make();
    this.#cells.set(one, seconds);
    seconds.set(two, thirds);
    thirds.set(three, cell);
    this.#size += 1;
    return cell;
  }
}
