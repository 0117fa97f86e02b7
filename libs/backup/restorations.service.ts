import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';

import { type EpochMilliseconds, INSTALLATION_ID, platformScope, systemOrigin, toRfc3339 } from '#core';
import { Database, IsNull } from '#database';

import { Restoration } from './entities.js';
import { backupEvents } from './events.js';
import { hasOnRestored } from './on-restored.js';

const SYSTEM = platformScope(systemOrigin('restore'));

/** What restorations of this database are known, and what follows from them. */
@Injectable()
export class Restorations {
  #lastAt: EpochMilliseconds | null = null;

  constructor(
    private readonly database: Database,
    private readonly discovery: DiscoveryService,
  ) {}

  /**
   * When the database was restored last; `null` where it never was. Known from the opening on: a database that a server
   * works on is not empty, and only an empty one is restored into.
   */
  get lastAt(): EpochMilliseconds | null {
    return this.#lastAt;
  }

  /** The first process that opens a restored database lets every library do what follows, before it does anything else. */
  async completePending(): Promise<void> {
    const all = await this.database.readPlatform(SYSTEM, (view) =>
      view.find(Restoration, {}, { order: { restoredAt: 'ASC' } }),
    );
    for (const restoration of all) if (restoration.completedAt === null) await this.complete(restoration);
    this.#lastAt = all.at(-1)?.restoredAt ?? null;
  }

  private async complete({ id, takenAt, restoredAt, backupSha256 }: Restoration): Promise<void> {
    const providers = new Set<unknown>(this.discovery.getProviders().map(({ instance }): unknown => instance));
    for (const provider of providers) if (hasOnRestored(provider)) await provider.onRestored({ takenAt, restoredAt });
    await this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('another process may have completed it');
      const changed = await tx.update(Restoration, { id, completedAt: IsNull() }, { completedAt: tx.now });
      if (changed === 0) return;
      const details = { takenAt: toRfc3339(takenAt), restoredAt: toRfc3339(restoredAt), backupSha256 };
      tx.record(backupEvents.restored(INSTALLATION_ID, { details }));
    });
  }
}
