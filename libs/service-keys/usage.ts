import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { type EpochMilliseconds, platformScope, systemOrigin } from '#core';
import { Database, type EntityClass, IsNull, LessThan, MoreThan, type Tx } from '#database';

import { Credential, Service } from './entities.js';

const NOTED_MAX = 100_000;
const BATCH = 500;
const SCOPE = platformScope(systemOrigin('credential-usage'));

type UsedCredential = Pick<Credential, 'id' | 'serviceId'>;

interface Noted {
  readonly serviceId: string;
  readonly lastUsedAt: EpochMilliseconds;
}

/**
 * Remembers when each credential, and by it its service, was last used and writes it down in batches: a request must not cost a write. A
 * process that crashes loses what it noted since the last flush, at most a minute.
 */
@Injectable()
export class CredentialUsage implements OnApplicationShutdown {
  readonly #noted = new Map<string, Noted>();

  constructor(private readonly database: Database) {}

  /** What could not be written is lost: a minute at most. */
  async onApplicationShutdown(): Promise<void> {
    await this.flush().catch(() => undefined);
  }

  note({ id, serviceId }: UsedCredential, now: EpochMilliseconds): void {
    if (this.#noted.size < NOTED_MAX || this.#noted.has(id)) this.#noted.set(id, { serviceId, lastUsedAt: now });
  }

  /** Writes what was noted; later uses that another instance wrote are kept. What could not be written stays noted. */
  async flush(): Promise<void> {
    const noted = [...this.#noted];
    for (let start = 0; start < noted.length; start += BATCH) {
      const batch = noted.slice(start, start + BATCH);
      await this.database.platform(SCOPE, async (tx) => {
        tx.housekeeping('lastUsedAt of credentials and services');
        // In the order in which other transactions lock them: a service before its credentials.
        for (const [id, used] of latestByService(batch)) await noteUse(tx, Service, id, used);
        for (const [id, { lastUsedAt }] of batch) await noteUse(tx, Credential, id, lastUsedAt);
      });
      for (const [id, noted] of batch) {
        // One that was used again meanwhile is left for the next time.
        if (this.#noted.get(id) === noted) this.#noted.delete(id);
      }
    }
  }
}

function latestByService(batch: readonly (readonly [id: string, noted: Noted])[]): [string, EpochMilliseconds][] {
  const latest = new Map<string, EpochMilliseconds>();
  for (const [, { serviceId, lastUsedAt }] of batch) {
    latest.set(serviceId, Math.max(lastUsedAt, latest.get(serviceId) ?? lastUsedAt));
  }
  return [...latest].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** A step: a later use that another instance wrote is kept. */
async function noteUse(
  tx: Tx,
  entity: EntityClass<Credential> | EntityClass<Service>,
  id: string,
  used: EpochMilliseconds,
): Promise<void> {
  // A use in the future was noted while the clock was ahead, by this process or by the one that wrote the row.
  const lastUsedAt = Math.min(used, tx.now);
  const earlier = [IsNull(), LessThan(lastUsedAt), MoreThan(tx.now)];
  await tx.note<Credential | Service>(
    entity,
    earlier.map((before) => ({ id, lastUsedAt: before })),
    { lastUsedAt },
  );
}
