import { Inject, Injectable } from '@nestjs/common';

import { firstUndelivered } from '#announcements';
import { CarriedStates } from '#as-of';
import {
  Checkpoints,
  type ErasureBounds,
  type HistoryBorder,
  LogKeys,
  Witnesses,
  cosignedSize,
  dueErasures,
  eraseBodies,
  type retentionSettings,
} from '#audit';
import { CONFIGURATION, type SettingValues } from '#config';
import { platformScope, systemOrigin } from '#core';
import { Database, type Tx } from '#database';
import { Counter } from '#metrics';
import { DueKind, Expires } from '#scheduler';
import { settingsOfTenants } from '#tenants';

const SYSTEM = platformScope(systemOrigin('history-retention'));
/** Transactions in a row for one history: then others have their turn. */
const PORTIONS_AT_ONCE = 20;

/**
 * Erases the events of histories that are older than their tenants keep them, in small transactions. Any number of instances may:
 * each transaction locks the border of the history first, and reads again what the settings say.
 */
@Expires({})
@Injectable()
export class HistoryRetention extends DueKind<HistoryBorder> {
  /** How many events this process has erased. */
  readonly erased = new Counter();
  readonly #minimumDays: number;

  constructor(
    private readonly database: Database,
    private readonly states: CarriedStates,
    private readonly checkpoints: Checkpoints,
    private readonly keys: LogKeys,
    private readonly witnesses: Witnesses,
    @Inject(CONFIGURATION) { historyRetentionMinimumDays }: SettingValues<typeof retentionSettings>,
  ) {
    super(dueErasures(database, SYSTEM, ({ tenantId }) => this.eraseDue(tenantId)));
    this.#minimumDays = historyRetentionMinimumDays;
  }

  /** What is left after so many portions is still due: the next run continues. */
  private async eraseDue(tenantId: string): Promise<void> {
    // Another instance may have signed with a key that it has made.
    await this.keys.refresh();
    for (let portion = 0; portion < PORTIONS_AT_ONCE; portion += 1) {
      const count = await this.erasePortion(tenantId);
      if (count === undefined) return;
      this.erased.increment('', '', '', count);
    }
  }

  /** @returns how many events it erased; `undefined` where there is nothing more to erase now */
  private async erasePortion(tenantId: string): Promise<number | undefined> {
    return this.database.platform(SYSTEM, async (tx) => {
      let count = 0;
      const isMore = await eraseBodies(tx, tenantId, {
        boundsOf: () => this.boundsOf(tx, tenantId),
        signed: () => this.checkpoints.signed(tx, tenantId),
        carry: async (events, before) => {
          count = events.length;
          return this.states.carry(tx, tenantId, events, before);
        },
      });
      return isMore ? count : undefined;
    });
  }

  /** What the tenant keeps no longer, as far as everybody has it who is to have it. */
  private async boundsOf(tx: Tx, tenantId: string): Promise<ErasureBounds | undefined> {
    const settings = (await settingsOfTenants(tx, [tenantId])).get(tenantId);
    if (!settings || settings.historyHold || settings.historyRetentionDays === 0) return undefined;
    const retentionDays = Math.max(settings.historyRetentionDays, this.#minimumDays);
    const undelivered = (await firstUndelivered(tx, tenantId)) ?? Infinity;
    if (this.witnesses.all.length === 0) return { retentionDays, before: undelivered };
    return { retentionDays, before: Math.min(undelivered, await cosignedSize(tx, tenantId)) };
  }
}
