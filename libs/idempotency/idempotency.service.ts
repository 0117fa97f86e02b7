import { createHash, createHmac } from 'node:crypto';

import { Injectable, type OnModuleDestroy } from '@nestjs/common';

import {
  DAY,
  type EpochMilliseconds,
  type PlatformScope,
  SECOND,
  type TenantScope,
  coreErrors,
  platformScope,
  systemOrigin,
  isPlatformScope,
} from '#core';
import { randomSecret, uuidv7 } from '#crypto';
import { type AnswerRow, Database, In, LessThanOrEqual, type Sealing, type Tx, type View } from '#database';
import { DueKind, Expires, purge } from '#scheduler';
import { Vault, sealedColumn } from '#vault';

import { LEASE, claimOutcome } from './claim-outcome.js';
import { IdempotencyRecord } from './entities.js';
import { idempotencyErrors } from './errors.js';
import { recordLifecycle } from './lifecycle.js';
import { packAnswer, unpackAnswer } from './stored-answer.js';

type Scope = TenantScope | PlatformScope;

export const answers = sealedColumn(IdempotencyRecord, { purpose: 'idempotent-answer', column: 'sealedAnswer' });

const KEPT_FOR = DAY;
const RENEWED_EVERY = LEASE / 3;
/** A key can be claimed and released by others between two statements of a claim. */
const ATTEMPTS_MAX = 3;
const PEPPER = 'idempotency-pepper';
const PEPPER_BYTES = 32;
const SYSTEM = platformScope(systemOrigin('idempotency'));

/** The right of one attempt to do the work of a request and to answer it. */
export interface IdempotencyClaim {
  readonly recordId: string;
  readonly tenantId: string;
  readonly ownerId: string;
}

/** The right of one request of this process to be done and answered, unless its key is found to be taken. */
interface IdempotencyReservation extends Pick<AnswerRow, 'entity' | 'key'> {
  /** The record of the answer. @param until as in `complete` @throws PAYLOAD_TOO_LARGE */
  record(tx: Sealing, answer: Buffer, until?: EpochMilliseconds): Promise<IdempotencyRecord>;
  /** Whether the key is taken, by an answer or by a claim. */
  isTaken(): Promise<boolean>;
  /** Another request may use the key. @param isKnown whether there is an answer, or a claim */
  end(isKnown: boolean): void;
}

/** Answered keys that one process remembers: a request that is repeated soon is not prepared again. */
const KNOWN_MAX = 10_000;
/** How long it takes, at most, until work that shares a transaction is done. */
const SHARED_WORK = SECOND;

/**
 * Stores the first answer to each idempotency key of a caller for 24 hours.
 *
 * A key is claimed before the work, by a lease that is renewed while the work runs. The answer is stored by `complete` in
 * the very transaction of the work, and only while the claim holds: work without an answer, an answer without work, and
 * two attempts that both commit are impossible, whichever process stops or stalls at whatever moment.
 *
 * Work that is only committed, together with that of other requests, needs no claim: it is done as if its key were free, and
 * commits only if it is (`reserve`).
 */
@Expires({})
@Injectable()
export class IdempotencyRecords extends DueKind<IdempotencyRecord> implements OnModuleDestroy {
  readonly #running = new Set<string>();
  /** Of the requests of this process that have reserved a key: what they ask. */
  readonly #reserved = new Map<string, string>();
  readonly #known = new Set<string>();
  #pepper: Buffer | undefined;
  #renewal: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
  ) {
    super(
      purge(database, {
        kind: 'idempotency-record',
        scope: SYSTEM,
        entity: IdempotencyRecord,
        where: (now) => ({ expiresAt: LessThanOrEqual(now) }),
        dueColumn: 'expiresAt',
        reason: 'idempotency records',
      }),
    );
  }

  onModuleDestroy(): void {
    clearInterval(this.#renewal);
  }

  /**
   * Claims the key, or gives the first answer again.
   * @param payload what makes two requests the same; only its keyed hash is stored
   * @throws IDEMPOTENCY_KEY_REUSED for another payload, IDEMPOTENCY_KEY_IN_USE while another attempt runs, GONE where the
   *   answer was erased
   */
  async claim(
    scope: Scope,
    key: string,
    payload: string,
  ): Promise<{ readonly claim: IdempotencyClaim } | { readonly answer: Buffer }> {
    const payloadHash = await this.payloadHash(payload);
    const where = { tenantId: scope.tenantId, actorId: scope.actor.id, keyHash: hash(key) };
    // What was answered stays so until it is forgotten: it is read without a transaction.
    const first = await this.read(scope, async (view) => {
      const record = await view.findOne(IdempotencyRecord, where);
      const isAnswered = record?.state === 'answered' && record.expiresAt > view.confirmed;
      return isAnswered ? this.answerOf(view, record, payloadHash) : undefined;
    });
    if (first) return { answer: await unpackAnswer(first) };
    const found = await this.run(scope, async (tx) => {
      const lease = { ownerId: uuidv7(tx.now), leaseUntil: tx.now + LEASE };
      const first = await claimNew(tx, { ...where, ...lease, payloadHash });
      if ('claim' in first) return first;
      const { record } = first;
      const answer = await this.answerOf(tx, record, payloadHash);
      if (answer) return { answer };
      await tx.update(IdempotencyRecord, { id: record.id }, lease);
      return { claim: claimOf({ ...record, ...lease }) };
    });
    if ('answer' in found) return { answer: await unpackAnswer(found.answer) };
    this.keepRenewing(found.claim);
    return found;
  }

  /**
   * The answer of a record; `undefined` where the attempt that was to answer has ended without one.
   * @throws IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_IN_USE, GONE as `claim`
   */
  private async answerOf(view: View, record: IdempotencyRecord, payloadHash: string): Promise<Buffer | undefined> {
    const outcome = claimOutcome(record, payloadHash, view.now);
    if (outcome === 'other-payload') throw idempotencyErrors.IDEMPOTENCY_KEY_REUSED();
    if (outcome === 'running') throw inUse(record.leaseUntil ?? record.expiresAt, view.now);
    if (outcome === 'answer-erased') throw coreErrors.GONE('The first answer to this request is no longer stored');
    if (outcome === 'abandoned') return undefined;
    const place = answers.place(record.tenantId, record.id);
    const answer = await this.vault.openUnlessAltered(view, place, record.sealedAnswer!);
    if (!answer) throw coreErrors.GONE('The stored answer to this request was altered');
    return answer;
  }

  /**
   * Reserves the key for work that has no effect but what it commits, and commits it only if the record of its answer is the first
   * under its key.
   * @returns `undefined` where the key is known already: then it is to be claimed
   * @throws IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_IN_USE as `claim`, where another request of this process has reserved it
   */
  async reserve(scope: TenantScope, key: string, payload: string): Promise<IdempotencyReservation | undefined> {
    const payloadHash = await this.payloadHash(payload);
    const { tenantId } = scope;
    const unique = { tenantId, actorId: scope.actor.id, keyHash: hash(key) };
    const place = Object.values(unique).join(':');
    if (this.#known.has(place)) return undefined;
    const other = this.#reserved.get(place);
    if (other !== undefined)
      throw other === payloadHash ? inUse(SHARED_WORK, 0) : idempotencyErrors.IDEMPOTENCY_KEY_REUSED();
    this.#reserved.set(place, payloadHash);
    return {
      entity: IdempotencyRecord,
      key: unique,
      record: async (tx, answer, until) => {
        const id = uuidv7(tx.now);
        return {
          ...unique,
          id,
          payloadHash,
          state: 'answered',
          ownerId: null,
          leaseUntil: null,
          sealedAnswer: await this.vault.seal(tx, answers.place(tenantId, id), await packAnswer(answer)),
          answerUntil: until ?? null,
          createdAt: tx.now,
          expiresAt: tx.now + KEPT_FOR,
        };
      },
      isTaken: () => this.database.read(scope, (view) => view.exists(IdempotencyRecord, unique)),
      end: (isKnown) => {
        this.#reserved.delete(place);
        if (!isKnown) return;
        if (this.#known.size >= KNOWN_MAX) this.#known.delete(this.#known.values().next().value!);
        this.#known.add(place);
      },
    };
  }

  /**
   * A step of the work itself: stores its answer.
   * @param until when the answer is erased, if before the key is forgotten
   * @throws IDEMPOTENCY_KEY_IN_USE where another attempt took over meanwhile, PAYLOAD_TOO_LARGE: the work is then rolled back
   */
  async complete(
    tx: Tx,
    { recordId, tenantId, ownerId }: IdempotencyClaim,
    answer: Buffer,
    until?: EpochMilliseconds,
  ): Promise<void> {
    const sealedAnswer = await this.vault.seal(tx, answers.place(tenantId, recordId), await packAnswer(answer));
    const mine = await tx.lockIfPresent(IdempotencyRecord, { id: recordId, tenantId, ownerId, state: 'running' });
    if (!mine) throw inUse(tx.now + LEASE, tx.now);
    await tx.transition(IdempotencyRecord, mine, recordLifecycle.event.answer, {
      set: { ownerId: null, leaseUntil: null, sealedAnswer, answerUntil: until ?? null },
    });
  }

  /** Ends an attempt: a key without an answer is free, so that the request may be corrected and sent again. */
  async release({ recordId, tenantId, ownerId }: IdempotencyClaim): Promise<void> {
    this.#running.delete(ownerId);
    await this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('idempotency records');
      await tx.delete(IdempotencyRecord, { id: recordId, tenantId, ownerId, state: 'running' });
    });
  }

  /** Ends an attempt whose answer is stored. */
  finish({ ownerId }: IdempotencyClaim): void {
    this.#running.delete(ownerId);
  }

  /** The timer runs only while there is something to renew, and keeps no process alive. */
  private keepRenewing({ ownerId }: IdempotencyClaim): void {
    this.#running.add(ownerId);
    this.#renewal ??= setInterval(() => void this.renew(), RENEWED_EVERY).unref();
  }

  private async renew(): Promise<void> {
    if (this.#running.size === 0) {
      clearInterval(this.#renewal);
      this.#renewal = undefined;
      return;
    }
    const running = { ownerId: In([...this.#running]), state: 'running' as const };
    // A lease that is not renewed ends: then another attempt may take over, and this one cannot commit.
    await this.database
      .platform(SYSTEM, async (tx) => {
        tx.housekeeping('idempotency records');
        await tx.update(IdempotencyRecord, running, { leaseUntil: tx.now + LEASE });
      })
      .catch(() => undefined);
  }

  private async payloadHash(payload: string): Promise<string> {
    return createHmac('sha256', await this.pepper())
      .update(payload)
      .digest('hex');
  }

  /** Payloads hold passwords and short secrets: a plain hash of one could be guessed from a stolen database. */
  private async pepper(): Promise<Buffer> {
    return (this.#pepper ??= await this.vault.ensureInstallationSecret(PEPPER, () =>
      randomSecret(PEPPER_BYTES).reveal(),
    ));
  }

  private read<T>(scope: Scope, work: (view: View) => Promise<T>): Promise<T> {
    return isPlatformScope(scope) ? this.database.readPlatform(scope, work) : this.database.read(scope, work);
  }

  private run<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
    const kept = (tx: Tx): Promise<T> => {
      tx.housekeeping('idempotency records');
      return work(tx);
    };
    return isPlatformScope(scope) ? this.database.platform(scope, kept) : this.database.transaction(scope, kept);
  }
}

/** Claims a key that is free, or gives the record of the request that has it, locked. */
async function claimNew(
  tx: Tx,
  claimed: Pick<IdempotencyRecord, 'tenantId' | 'actorId' | 'keyHash' | 'payloadHash' | 'ownerId' | 'leaseUntil'>,
): Promise<{ readonly claim: IdempotencyClaim } | { readonly record: IdempotencyRecord }> {
  const { tenantId, actorId, keyHash } = claimed;
  const where = { tenantId, actorId, keyHash };
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const known = await tx.findOne(IdempotencyRecord, where);
    if (known && known.expiresAt > tx.confirmed) {
      const record = await tx.lockIfPresent(IdempotencyRecord, { id: known.id });
      // Released between the two statements: it is free again.
      if (record === null) continue;
      return { record };
    }
    if (known) await tx.delete(IdempotencyRecord, { id: known.id, expiresAt: LessThanOrEqual(tx.confirmed) });
    const record: IdempotencyRecord = {
      ...claimed,
      id: uuidv7(tx.now),
      state: 'running',
      sealedAnswer: null,
      answerUntil: null,
      createdAt: tx.now,
      expiresAt: tx.now + KEPT_FOR,
    };
    if (await tx.insertIfAbsent(IdempotencyRecord, record)) return { claim: claimOf(record) };
  }
  throw inUse(tx.now, tx.now);
}

const claimOf = ({ id, tenantId, ownerId }: IdempotencyRecord): IdempotencyClaim => ({
  recordId: id,
  tenantId,
  ownerId: ownerId!,
});

const inUse = (until: EpochMilliseconds, now: EpochMilliseconds): Error =>
  idempotencyErrors.IDEMPOTENCY_KEY_IN_USE({ retryAfterSeconds: Math.max(1, Math.ceil((until - now) / SECOND)) });

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
