import { createHash, createHmac } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import {
  DAY,
  type Expirable,
  INSTALLATION_ID,
  type PlatformScope,
  type TenantScope,
  platformScope,
  systemOrigin,
} from '#core';
import { randomSecret, uuidv7 } from '#crypto';
import { Database, LessThanOrEqual, type Tx } from '#database';
import { type DueItems, purge } from '#scheduler';
import { Vault, sealedColumn } from '#vault';

import { IdempotencyRecord } from './entities.js';
import { idempotencyErrors } from './errors.js';

type Scope = TenantScope | PlatformScope;

export const answers = sealedColumn(IdempotencyRecord, { purpose: 'idempotent-answer', column: 'sealedAnswer' });

const KEPT_FOR = DAY;
const PEPPER = 'idempotency-pepper';
const PEPPER_BYTES = 32;
const PURGE_SCOPE = platformScope(systemOrigin('idempotency-expiry'));

/**
 * Remembers the first answer to each idempotency key of a caller for 24 hours. A key is claimed before the work and is
 * never given out twice: if a process dies in between, the key stays claimed, because nobody knows whether the work was
 * done. So a repeated request is done at most once.
 */
@Injectable()
export class IdempotencyRecords implements Expirable {
  readonly kind = 'idempotency-record';
  readonly #old: DueItems<IdempotencyRecord>;
  #pepper: Buffer | undefined;

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
  ) {
    this.#old = purge(database, {
      kind: this.kind,
      scope: PURGE_SCOPE,
      entity: IdempotencyRecord,
      key: 'id',
      where: (now) => ({ expiresAt: LessThanOrEqual(now) }),
      order: [
        ['expiresAt', 'ASC'],
        ['id', 'ASC'],
      ],
      reason: 'idempotency records',
    });
  }

  /**
   * Claims the key, or gives the first answer again.
   * @param payload what makes two requests the same; only its keyed hash is stored
   * @throws IDEMPOTENCY_KEY_REUSED for another payload, IDEMPOTENCY_KEY_IN_USE while there is no answer yet
   */
  async claim(scope: Scope, key: string, payload: string): Promise<{ answer: Buffer | undefined }> {
    const payloadHash = createHmac('sha256', await this.pepper())
      .update(payload)
      .digest('hex');
    return this.run(scope, async (tx) => {
      const where = { tenantId: scope.tenantId, actorId: scope.actor.id, keyHash: hash(key) };
      await tx.delete(IdempotencyRecord, { ...where, expiresAt: LessThanOrEqual(tx.now) });
      const record: IdempotencyRecord = {
        id: uuidv7(tx.now),
        ...where,
        payloadHash,
        state: 'running',
        sealedAnswer: null,
        createdAt: tx.now,
        expiresAt: tx.now + KEPT_FOR,
      };
      if (await tx.insertIfAbsent(IdempotencyRecord, record)) return { answer: undefined };
      const first = await tx.get(IdempotencyRecord, where);
      if (first.payloadHash !== payloadHash) throw idempotencyErrors.IDEMPOTENCY_KEY_REUSED();
      if (!first.sealedAnswer) throw idempotencyErrors.IDEMPOTENCY_KEY_IN_USE({ retryAfterSeconds: 1 });
      return { answer: await this.vault.open(tx, answers.place(first.tenantId, first.id), first.sealedAnswer) };
    });
  }

  async complete(scope: Scope, key: string, answer: Buffer): Promise<void> {
    await this.run(scope, async (tx) => {
      const where = { tenantId: scope.tenantId, actorId: scope.actor.id, keyHash: hash(key) };
      const record = await tx.get(IdempotencyRecord, where);
      const sealedAnswer = await this.vault.seal(tx, answers.place(record.tenantId, record.id), answer);
      await tx.update(IdempotencyRecord, { id: record.id }, { state: 'answered', sealedAnswer });
    });
  }

  /** Frees the key of a request that was refused, so that it may be corrected and sent again. */
  async release(scope: Scope, key: string): Promise<void> {
    await this.run(scope, async (tx) => {
      const where = { tenantId: scope.tenantId, actorId: scope.actor.id, keyHash: hash(key) };
      await tx.delete(IdempotencyRecord, { ...where, state: 'running' });
    });
  }

  /** Removes what is older than 24 hours. */
  recordDue(limit: number): Promise<number> {
    return this.#old.recordDue(limit);
  }

  /** Payloads hold passwords and short secrets: a plain hash of one could be guessed from a stolen database. */
  private async pepper(): Promise<Buffer> {
    return (this.#pepper ??= await this.vault.ensureInstallationSecret(PEPPER, () =>
      randomSecret(PEPPER_BYTES).reveal(),
    ));
  }

  private run<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
    const kept = (tx: Tx): Promise<T> => {
      tx.housekeeping('idempotency records');
      return work(tx);
    };
    return isPlatform(scope) ? this.database.platform(scope, kept) : this.database.transaction(scope, kept);
  }
}

const isPlatform = (scope: Scope): scope is PlatformScope => scope.tenantId === INSTALLATION_ID;

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
