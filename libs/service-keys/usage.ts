import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { type EpochMilliseconds, platformScope, systemOrigin } from '#core';
import { Database, IsNull, LessThan, MoreThan } from '#database';

import { Credential } from './entities.js';

const NOTED_MAX = 100_000;
const BATCH = 500;
const SCOPE = platformScope(systemOrigin('credential-usage'));

/**
 * Remembers when each credential was last used and writes it down in batches: a request must not cost a write. A
 * process that crashes loses what it noted since the last flush, at most a minute.
 */
@Injectable()
export class CredentialUsage implements OnApplicationShutdown {
  readonly #noted = new Map<string, EpochMilliseconds>();

  constructor(private readonly database: Database) {}

  /** What could not be written is lost: a minute at most. */
  async onApplicationShutdown(): Promise<void> {
    await this.flush().catch(() => undefined);
  }

  note(credentialId: string, now: EpochMilliseconds): void {
    if (this.#noted.size < NOTED_MAX || this.#noted.has(credentialId)) this.#noted.set(credentialId, now);
  }

  /** Writes what was noted; later uses that another instance wrote are kept. What could not be written stays noted. */
  async flush(): Promise<void> {
    const noted = [...this.#noted];
    for (let start = 0; start < noted.length; start += BATCH) {
      const batch = noted.slice(start, start + BATCH);
      await this.database.platform(SCOPE, async (tx) => {
        tx.housekeeping('lastUsedAt of credentials');
        for (const [id, used] of batch) {
          // A use in the future was noted while the clock was ahead, by this process or by the one that wrote the row.
          const lastUsedAt = Math.min(used, tx.now);
          const earlier = [IsNull(), LessThan(lastUsedAt), MoreThan(tx.now)];
          const where = earlier.map((before) => ({ id, lastUsedAt: before }));
          await tx.note(Credential, where, { lastUsedAt });
        }
      });
      for (const [id, lastUsedAt] of batch) {
        // One that was used again meanwhile is left for the next time.
        if (this.#noted.get(id) === lastUsedAt) this.#noted.delete(id);
      }
    }
  }
}
