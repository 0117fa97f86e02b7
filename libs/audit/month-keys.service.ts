import { Injectable } from '@nestjs/common';

import { type EpochMilliseconds, Secret } from '#core';
import { randomSecret, uuidv7 } from '#crypto';
import { Between, In, IsNull, Not, type RecordingTransaction, type Tx, type View } from '#database';
import { Vault, isBlobUnreadable } from '#vault';

import { historyErrors } from './errors.js';
import { HistoryMonth, monthKeys } from './history-month.entity.js';
import { MonthKey } from './month-key.js';
import { boundsOf, monthOf } from './months.js';

const KEY_BYTES = 32;
/** Histories whose present key is kept in memory. */
const KEPT_MAX = 10_000;

/** Why there is no key: Chancery destroyed it, which the row says, or its row was altered or removed. */
export type Missing = 'erased' | 'altered';

/**
 * The keys of the months of the histories, under which the personal fields of events are. A key is made by the first event of
 * its month, in the transaction of that event.
 */
@Injectable()
export class MonthKeys {
  /** Of each history the key of the month in which it records: that month cannot be erased. */
  readonly #present = new Map<string, MonthKey>();

  constructor(private readonly vault: Vault) {}

  /**
   * The keys under which events are recorded now, of each history. A history has none whose month was erased (the clock was set
   * back), or whose tenant was deleted.
   * @throws SEALED
   */
  async forRecording(tx: RecordingTransaction, tenantIds: ReadonlySet<string>): Promise<ReadonlyMap<string, MonthKey>> {
    const month = monthOf(tx.now);
    const keys = new Map<string, MonthKey>();
    // In one order, or two transactions that make keys could wait for each other.
    for (const tenantId of [...tenantIds].sort()) {
      const kept = this.#present.get(tenantId);
      const key = kept?.month === month ? kept : await this.presentKey(tx.rows, tenantId, month);
      if (key) keys.set(tenantId, key);
    }
    return keys;
  }

  /** The keys of months of one history, read again, so that an erasure counts in every process. @throws SEALED */
  async forReading(
    view: View,
    tenantId: string,
    months: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, MonthKey | Missing>> {
    if (months.size === 0) return new Map();
    const rows = await view.find(HistoryMonth, { tenantId, month: In([...months]) });
    const keys = new Map<string, MonthKey | Missing>();
    for (const row of rows) keys.set(row.month, await this.opened(view, row));
    for (const month of months) if (!keys.has(month)) keys.set(month, await this.whyNone(view, tenantId));
    return keys;
  }

  /** The keys that there are of the months between two instants, oldest first. @throws SEALED */
  async all(view: View, tenantId: string, from: EpochMilliseconds, to: EpochMilliseconds): Promise<MonthKey[]> {
    const where = { tenantId, month: Between(monthOf(from), monthOf(to)), sealedKey: Not(IsNull()) };
    const rows = await view.find(HistoryMonth, where, { order: { month: 'ASC' } });
    const keys: MonthKey[] = [];
    for (const row of rows) {
      const key = await this.opened(view, row);
      if (typeof key !== 'string') keys.push(key);
    }
    return keys;
  }

  private async presentKey(tx: Tx, tenantId: string, month: string): Promise<MonthKey | undefined> {
    const where = { tenantId, month };
    let row = await tx.findOne(HistoryMonth, where);
    if (!row && (await this.vault.hasDataKey(tx, tenantId))) {
      const key = await this.make(tx, tenantId, month);
      if (key) return this.kept(tx, tenantId, key);
      row = await tx.findOne(HistoryMonth, where);
    }
    if (!row) return undefined;
    const key = await this.opened(tx, row);
    if (key === 'erased') return undefined;
    if (key === 'altered') throw historyErrors.MONTH_KEY_UNREADABLE();
    return this.kept(tx, tenantId, key);
  }

  /** Its row can be taken back with this transaction: what it sealed afterwards would be lost. */
  private kept(tx: Tx, tenantId: string, key: MonthKey): MonthKey {
    tx.onceCommitted(() => {
      if (this.#present.size >= KEPT_MAX) this.#present.clear();
      this.#present.set(tenantId, key);
    });
    return key;
  }

  /** @returns `undefined` where another transaction made it meanwhile */
  private async make(tx: Tx, tenantId: string, month: string): Promise<MonthKey | undefined> {
    const id = uuidv7(tx.now);
    const secret = randomSecret(KEY_BYTES);
    const isMade = await tx.insertIfAbsent(HistoryMonth, {
      id,
      tenantId,
      month,
      endsAt: boundsOf(month).to,
      sealedKey: await this.vault.seal(tx, monthKeys.place(tenantId, id), secret.reveal()),
      createdAt: tx.now,
      erasedAt: null,
    });
    return isMade ? new MonthKey(month, secret) : undefined;
  }

  private async opened(
    view: View,
    { id, tenantId, month, sealedKey, erasedAt }: HistoryMonth,
  ): Promise<MonthKey | Missing> {
    if (sealedKey === null) return erasedAt === null ? this.whyNone(view, tenantId) : 'erased';
    try {
      return new MonthKey(month, new Secret(await this.vault.open(view, monthKeys.place(tenantId, id), sealedKey)));
    } catch (error) {
      if (isBlobUnreadable(error)) return 'altered';
      if (!this.vault.sealed && (await this.whyNone(view, tenantId)) === 'erased') return 'erased';
      throw error;
    }
  }

  /** The data keys of a tenant are destroyed with it, and everything under them. */
  private async whyNone(view: View, tenantId: string): Promise<Missing> {
    return (await this.vault.hasDataKey(view, tenantId)) ? 'altered' : 'erased';
  }
}
