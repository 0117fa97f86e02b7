import { Logger } from '@nestjs/common';

/** One use of something that was rejected. */
interface RejectedUse {
  readonly sourceAddress: string | null;
}

interface Counted<Use> {
  latest: Use;
  count: number;
  readonly addresses: Set<string>;
}

const COUNTED_MAX = 10_000;
const ADDRESSES_MAX = 10;

/**
 * Writes down uses that were rejected: the first before the answer, further ones counted in memory and together by `flush`,
 * so that a caller who continues costs no write each time.
 */
export class CountedUses<Use extends RejectedUse> {
  readonly #counted = new Map<string, Counted<Use>>();
  readonly #logger = new Logger(CountedUses.name);
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  /**
   * @param write writes so many uses, of which one is the latest
   * @param noun what was used, for the log
   */
  constructor(
    private readonly write: (latest: Use, uses: number, sourceAddresses: readonly string[]) => Promise<void>,
    private readonly noun: string,
  ) {}

  /**
   * Never throws: the answer is the refusal, whatever becomes of its record.
   * @param key what counts as the same
   */
  async note(key: string, use: Use): Promise<void> {
    const known = this.#counted.get(key);
    if (known) {
      count(known, use);
      return;
    }
    const first: Counted<Use> = { latest: use, count: 1, addresses: addressesOf(use) };
    if (this.#counted.size < COUNTED_MAX) this.#counted.set(key, first);
    await this.tryToWrite(first);
  }

  /**
   * Writes what was counted since the last time; what cannot be written is kept for the next. Those who ask while it runs
   * wait for one more run, so that runs never overlap, however slow the database is.
   */
  flush(): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      this.#running = this.writeAll();
      return this.#running;
    });
    return this.#next;
  }

  private async writeAll(): Promise<void> {
    for (const [key, counted] of this.#counted) {
      if (counted.count === 0) this.#counted.delete(key);
      else await this.tryToWrite(counted);
    }
  }

  private async tryToWrite(counted: Counted<Use>): Promise<void> {
    const { count: uses } = counted;
    const addresses = [...counted.addresses];
    counted.count = 0;
    counted.addresses.clear();
    try {
      await this.write(counted.latest, uses, addresses);
    } catch (error) {
      counted.count += uses;
      for (const address of addresses) counted.addresses.add(address);
      this.#logger.error(`The use of a rejected ${this.noun} could not be recorded`, error);
    }
  }
}

function count<Use extends RejectedUse>(counted: Counted<Use>, use: Use): void {
  counted.latest = use;
  counted.count += 1;
  for (const address of addressesOf(use)) if (counted.addresses.size < ADDRESSES_MAX) counted.addresses.add(address);
}

const addressesOf = ({ sourceAddress }: RejectedUse): Set<string> =>
  new Set(sourceAddress === null ? [] : [sourceAddress]);
