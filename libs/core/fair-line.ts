interface Waiting<Item> {
  /** Virtual time at which its turn begins. */
  readonly start: number;
  readonly item: Item;
}

/** Groups whose virtual end is remembered before those that are even are looked for and forgotten. */
const REMEMBERED_MAX = 1_000;

/**
 * A waiting line that is fair among groups: within a group first in, first out; among groups the one that
 * has used least is next.
 * Start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996): each item has a cost, and a group that was given
 * expensive items waits until the others were given as much. It needs no clock: time here is cost that was handed out.
 */
export class FairLine<Item> {
  /** The groups with waiting items, none of them empty. */
  readonly #waiting = new Map<string, Waiting<Item>[]>();
  /** Virtual time at which everything that a group was given so far ends. */
  readonly #ends = new Map<string, number>();
  #now = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** How many items of a group wait. */
  lengthOf(group: string): number {
    return this.#waiting.get(group)?.length ?? 0;
  }

  /** @param cost how much of the resource it will use, in any unit that all items of the line share; above 0 */
  push(group: string, cost: number, item: Item): void {
    const start = Math.max(this.#now, this.#ends.get(group) ?? 0);
    if (this.#ends.size >= REMEMBERED_MAX) this.#forget();
    this.#ends.set(group, start + cost);
    const waiting = this.#waiting.get(group);
    if (waiting) waiting.push({ start, item });
    else this.#waiting.set(group, [{ start, item }]);
    this.#length += 1;
  }

  /** Takes the item whose turn it is; `undefined` where nothing waits. */
  shift(): Item | undefined {
    let group: string | undefined;
    let earliest = Infinity;
    for (const [name, [head]] of this.#waiting) {
      if (head!.start < earliest) [group, earliest] = [name, head!.start];
    }
    if (group === undefined) return undefined;
    const waiting = this.#waiting.get(group)!;
    const { start, item } = waiting.shift()!;
    if (waiting.length === 0) this.#waiting.delete(group);
    this.#length -= 1;
    this.#now = start;
    return item;
  }

  /** Takes everything that waits. */
  drain(): Item[] {
    const items = [...this.#waiting.values()].flatMap((waiting) => waiting.map(({ item }) => item));
    this.#waiting.clear();
    this.#length = 0;
    return items;
  }

  /** A group that owes the others nothing is the same as one that was never seen. */
  #forget(): void {
    for (const [group, end] of this.#ends) if (end <= this.#now) this.#ends.delete(group);
  }
}
