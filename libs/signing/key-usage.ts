import { createHash } from 'node:crypto';

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { DAY, type EpochMilliseconds, platformScope, systemOrigin } from '#core';
import { Database, LessThan, LessThanOrEqual, MoreThan, type Tx } from '#database';
import { Keys } from '#keys';
import { DueKind, Expires, purge } from '#scheduler';

import { KeyUseRecord } from './entities.js';

/** A signed token. */
export interface SigningUse {
  readonly tenantId: string;
  readonly keyId: string;
  readonly kid: string;
  /** Name of the token profile. */
  readonly profile: string;
  readonly serviceId: string | null;
}

interface Counted {
  readonly use: SigningUse;
  readonly firstUsedAt: EpochMilliseconds;
  lastUsedAt: EpochMilliseconds;
  tokens: number;
}

const COUNTED_MAX = 50_000;
const BATCH = 200;
const SCOPE = platformScope(systemOrigin('key-usage'));

/**
 * Counts which service signs with which key, and writes the counts in batches, so that a token costs no further write. A
 * crash loses at most the counts of the last minute; the history has every token.
 */
@Injectable()
export class KeyUsage implements OnApplicationShutdown {
  #counted = new Map<string, Counted>();

  constructor(
    private readonly database: Database,
    private readonly keys: Keys,
  ) {}

  /** What could not be written is lost: a minute at most. */
  async onApplicationShutdown(): Promise<void> {
    await this.flush().catch(() => undefined);
  }

  note(use: SigningUse, now: EpochMilliseconds): void {
    const { tenantId, keyId, kid, profile, serviceId } = use;
    const place = `${tenantId} ${keyId} ${serviceId ?? ''} ${profile} ${kid}`;
    const known = this.#counted.get(place);
    if (known) {
      known.tokens += 1;
      known.lastUsedAt = Math.max(now, known.lastUsedAt);
    } else if (this.#counted.size < COUNTED_MAX) {
      this.#counted.set(place, { use, tokens: 1, firstUsedAt: now, lastUsedAt: now });
    }
  }

  /** Writes the counts since the last call. Counts that cannot be written are kept. */
  async flush(): Promise<void> {
    const counted = [...this.#counted].toSorted(([one], [other]) => (one < other ? -1 : 1));
    this.#counted = new Map();
    for (let start = 0; start < counted.length; start += BATCH) {
      try {
        const batch = counted.slice(start, start + BATCH);
        await this.database.platform(SCOPE, (tx) => this.write(tx, batch));
      } catch (error) {
        this.countOn(counted.slice(start));
        throw error;
      }
    }
  }

  private countOn(unwritten: readonly (readonly [place: string, counted: Counted])[]): void {
    for (const [place, counted] of unwritten) {
      const newer = this.#counted.get(place);
      if (newer) counted.tokens += newer.tokens;
      if (newer) counted.lastUsedAt = newer.lastUsedAt;
      this.#counted.set(place, counted);
    }
  }

  private async write(tx: Tx, batch: readonly (readonly [place: string, counted: Counted])[]): Promise<void> {
    tx.housekeeping('the use of keys');
    const latest = new Map<string, EpochMilliseconds>();
    // A use in the future was recorded while the clock was ahead.
    const rows = batch.map(([place, { use, tokens, firstUsedAt, lastUsedAt }]): KeyUseRecord => {
      const until = Math.min(lastUsedAt, tx.now);
      latest.set(use.keyId, Math.max(until, latest.get(use.keyId) ?? until));
      const id = createHash('sha256').update(place).digest('hex');
      return { id, ...use, tokens, firstUsedAt: Math.min(firstUsedAt, tx.now), lastUsedAt: until };
    });
    // In the same order on every instance, to avoid deadlocks.
    for (const [keyId, lastUsedAt] of [...latest].toSorted()) await this.keys.noteUse(tx, keyId, lastUsedAt);
    const byId = new Map(rows.toSorted((one, other) => (one.id < other.id ? -1 : 1)).map((row) => [row.id, row]));
    const inserted = await tx.insertAbsent(KeyUseRecord, byId);
    for (const { id, tokens, lastUsedAt } of byId.values()) {
      if (inserted.has(id)) continue;
      await tx.increment(KeyUseRecord, { id }, 'tokens', tokens);
      const earlier = [LessThan(lastUsedAt), MoreThan(tx.now)];
      await tx.note(
        KeyUseRecord,
        earlier.map((before) => ({ id, lastUsedAt: before })),
        { lastUsedAt },
      );
    }
  }
}

/** How long a use is listed after the last token; the history keeps every token. */
const KEPT_FOR = 400 * DAY;

/** Removes uses that ended more than a year ago. */
@Expires({})
@Injectable()
export class KeyUsePurge extends DueKind<KeyUseRecord> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'use of a key',
        scope: platformScope(systemOrigin('key-use-purge')),
        entity: KeyUseRecord,
        where: (now) => ({ lastUsedAt: LessThanOrEqual(now - KEPT_FOR) }),
        dueColumn: 'lastUsedAt',
        reason: 'uses of keys that are no longer listed',
      }),
    );
  }
}
