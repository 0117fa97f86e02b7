import { Logger } from '@nestjs/common';

/** A rejected use. */
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
 * Records rejected uses: the first one before the response; further ones are counted in memory and written together by
 * `flush`, so that repeated attempts do not cost a write each.
 */
export class CountedUses<Use extends RejectedUse> {
  readonly #counted = new Map<string, Counted<Use>>();
  readonly #logger = new Logger(CountedUses.name);
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  /**
   * @param write writes a number of uses, with the latest one
   * @param noun what was used, for the log
   */
  constructor(
    private readonly write: (latest: Use, uses: number, sourceAddresses: readonly string[]) => Promise<void>,
    private readonly noun: string,
  ) {}

  /**
   * Never throws: the request is rejected even if the record fails.
   * @param key identifies uses that are counted together
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
   * Writes the counts since the last call; counts that cannot be written are kept. Callers during a run wait for one more run, so
   * that runs never overlap, however slow the database is.
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
