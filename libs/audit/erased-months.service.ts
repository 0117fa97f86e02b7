import { Injectable } from '@nestjs/common';

import { type EpochMilliseconds, PAGE_LIMIT_MAX, platformScope, systemOrigin } from '#core';
import { Database, type KeysetOrder, MoreThanOrEqual, type View } from '#database';
import { parseNote } from '#transparency-log';

import { type ErasedMonth, formatErasure, nameOfErasure, parseErasure } from './erased-month.js';
import { HistoryMonth } from './history-month.entity.js';
import { eraseMonth, recordErasure } from './history-months.js';
import { LogKeys } from './log-keys.service.js';
import { LogPlace } from './log-place.js';

const SYSTEM = platformScope(systemOrigin('erased-months'));
/** Months whose erasure one transaction records. */
const RECORDED_TOGETHER = 500;
const ERASED_FIRST: KeysetOrder<HistoryMonth> = [
  ['erasedAt', 'ASC'],
  ['endsAt', 'ASC'],
  ['id', 'ASC'],
];
/** Transactions of several processes commit in another order than their instants have. */
const OVERLAP = 60_000;

const keyOf = ({ tenantId, month }: ErasedMonth): string => `${tenantId} ${month}`;

/**
 * Which months were erased, kept outside of the database beside the checkpoints and signed as these are: a backup from before an
 * erasure has the keys of such months, and its restoration erases them again.
 */
@Injectable()
export class ErasedMonths {
  #lookedAt: EpochMilliseconds = 0;
  /** Those of which this process knows that they are kept: the signatures of all are not verified each second. */
  readonly #known = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly keys: LogKeys,
    private readonly place: LogPlace,
  ) {}

  /** Keeps the months that were erased since, by whichever process. @returns how many */
  async keepErased(): Promise<number> {
    if (!this.place.memory.isKept || !this.keys.areKnown) return 0;
    let count = 0;
    for await (const rows of this.pagesSince(this.#lookedAt)) {
      const isNew = (row: HistoryMonth): boolean => !this.#known.has(keyOf(row));
      // Another process may have kept them.
      if (rows.some(isNew)) for (const erased of this.kept()) this.#known.add(keyOf(erased));
      const news = rows.filter(isNew);
      await this.place.memory.keep(news.map(({ tenantId, month }) => this.noteOf({ tenantId, month })));
      for (const row of news) this.#known.add(keyOf(row));
      count += news.length;
      const last = rows.at(-1)?.erasedAt;
      if (last) this.#lookedAt = Math.max(this.#lookedAt, last - OVERLAP);
    }
    return count;
  }

  /** What was erased before the database was restored from a backup of before that: it is erased again, by an event of its own. */
  async onRestored({ restoredAt }: { readonly restoredAt: EpochMilliseconds }): Promise<void> {
    await this.recordRestored(restoredAt);
    for (const { tenantId, month } of await this.present()) {
      await this.database.platform(SYSTEM, async (tx) => {
        await eraseMonth(tx, tenantId, month, { cause: 'restoration' });
      });
    }
  }

  /** Months that were erased, by what was kept outside of the database, and that have their keys in it. */
  async present(): Promise<readonly ErasedMonth[]> {
    // Nothing verifies what was kept: the vault has logged which row was altered.
    if (!this.keys.areKnown) return [];
    await this.place.memory.refresh(this.keys.keepers);
    const kept = this.kept();
    return this.database.readPlatform(SYSTEM, async (view) => {
      const found: ErasedMonth[] = [];
      for (const erased of kept) if (await hasKey(view, erased)) found.push(erased);
      return found;
    });
  }

  /** All months that were erased since an instant, oldest first. */
  async erasedSince(instant: EpochMilliseconds): Promise<readonly ErasedMonth[]> {
    const found: ErasedMonth[] = [];
    for await (const rows of this.pagesSince(instant)) {
      found.push(...rows.map(({ tenantId, month }) => ({ tenantId, month })));
    }
    return found;
  }

  /** How many months of all histories are erased, and when the last of them was; `null` before the first. */
  async total(): Promise<{ readonly months: number; readonly lastAt: EpochMilliseconds | null }> {
    return this.database.readPlatform(SYSTEM, async (view) => {
      const where = { erasedAt: MoreThanOrEqual(0) };
      const [last] = await view.find(HistoryMonth, where, { order: { erasedAt: 'DESC' }, limit: 1 });
      return { months: last ? await view.count(HistoryMonth, where) : 0, lastAt: last?.erasedAt ?? null };
    });
  }

  /** Those whose keys the restoration has left out of the rows: the event says so. */
  private async recordRestored(restoredAt: EpochMilliseconds): Promise<void> {
    let isMore = true;
    while (isMore) {
      isMore = await this.database.platform(SYSTEM, async (tx) => {
        tx.housekeeping('no month was left out, or another process has recorded it');
        const rows = await tx.find(HistoryMonth, { erasedAt: restoredAt }, { limit: RECORDED_TOGETHER });
        for (const row of rows) {
          const changed = await tx.update(HistoryMonth, { id: row.id, erasedAt: restoredAt }, { erasedAt: tx.now });
          if (changed === 1) recordErasure(tx, row, 'restoration');
        }
        // At the same instant they would be found again and again.
        return rows.length > 0 && tx.now !== restoredAt;
      });
    }
  }

  /** By pages, whatever number was erased at one instant. */
  private async *pagesSince(instant: EpochMilliseconds): AsyncGenerator<readonly HistoryMonth[]> {
    for (let cursor: string | undefined; ;) {
      const request = { limit: PAGE_LIMIT_MAX, cursor };
      const page = await this.database.readPlatform(SYSTEM, (view) =>
        view.page(HistoryMonth, { erasedAt: MoreThanOrEqual(instant) }, ERASED_FIRST, request),
      );
      yield page.items;
      if (page.nextCursor === null) return;
      cursor = page.nextCursor;
    }
  }

  private noteOf(erased: ErasedMonth): string {
    const name = nameOfErasure(this.place.host(), erased.tenantId);
    const text = formatErasure(name, erased.month);
    return this.keys.keptNote(name, text);
  }

  private kept(): ErasedMonth[] {
    return this.place.memory.erasures().flatMap((note) => parseErasure(parseNote(note).text) ?? []);
  }
}

async function hasKey(view: View, { tenantId, month }: ErasedMonth): Promise<boolean> {
  const row = await view.findOne(HistoryMonth, { tenantId, month });
  return row !== null && row.erasedAt === null;
}
