import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { type EpochMilliseconds, HOUR, SECOND, platformScope, systemOrigin } from '#core';
import { Restorations } from '#backup';
import { Database, LessThanOrEqual, type OnceRow, type StepTx, type View } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { ReplayRecord } from './entities.js';
import type { ProfileFacts, Verdict } from './token-format.js';

export interface ReplayId {
  /** The verifier: each one accepts an id once. */
  readonly verifier: string;
  readonly id: string;
}

type TokenLimits = Pick<ProfileFacts, 'maxTtlSeconds' | 'skewSeconds'>;

/** A record is kept this much longer than its token, because clocks differ and profiles change their tolerance. */
const KEPT_BEYOND = HOUR;
const SYSTEM = platformScope(systemOrigin('replay-records'));

/**
 * Accepts each id once for each tenant and verifier. Only the unique key decides, so that exactly one of several concurrent
 * requests on any instances succeeds. Ids are hashed, so that no collation treats two of them as equal.
 */
@Expires({})
@Injectable()
export class ReplayStore extends DueKind<ReplayRecord> {
  constructor(
    database: Database,
    private readonly restorations: Restorations,
  ) {
    super(
      purge(database, {
        kind: 'replay record',
        scope: SYSTEM,
        entity: ReplayRecord,
        where: (now) => ({ expiresAt: LessThanOrEqual(now - KEPT_BEYOND) }),
        dueColumn: 'expiresAt',
        reason: 'replay records of expired tokens',
      }),
    );
  }

  /**
   * The last check of an acceptance, so that an earlier rejection does not use the id up: inserts a row that only one
   * request can insert.
   * @param expiresAt until when the token itself would be accepted, skew included
   */
  once(tenantId: string, replay: ReplayId, expiresAt: EpochMilliseconds): OnceRow {
    const id = recordId(tenantId, replay);
    return { entity: ReplayRecord, id, row: (now) => ({ id, tenantId, usedAt: now, expiresAt }) };
  }

  /**
   * Whether a token may have been used after the backup that was restored, whose record is then lost: a token that was issued
   * before the restoration, by its `iat`, or, without `iat`, by its expiry minus the longest lifetime.
   */
  mayHaveBeenUsed({ claims, expiresAt = 0 }: Verdict, { maxTtlSeconds, skewSeconds }: TokenLimits): boolean {
    const { lastAt } = this.restorations;
    if (lastAt === null) return false;
    const iat = claims?.['iat'];
    const issuedAt = typeof iat === 'number' ? iat * SECOND : expiresAt - maxTtlSeconds * SECOND;
    // Clocks differ: a clock that is ahead dates a token too late.
    return issuedAt - skewSeconds * SECOND < lastAt;
  }

  /** A step: the same within a transaction, for several. @returns for each, in order, whether its id was free */
  async consumeAll(
    tx: StepTx,
    uses: readonly { readonly replay: ReplayId; readonly expiresAt: EpochMilliseconds }[],
  ): Promise<boolean[]> {
    const { tenantId } = tx.scope;
    const wanted = uses.map(({ replay, expiresAt }) => this.once(tenantId, replay, expiresAt));
    // In a fixed order, so that transactions cannot deadlock.
    const rows = wanted
      .toSorted((one, other) => (one.id < other.id ? -1 : 1))
      .map(({ id, row }) => [id, row(tx.now)] as const);
    const free = new Set(await tx.insertAbsent(ReplayRecord, new Map(rows)));
    // The first of several with the same id gets it.
    return wanted.map(({ id }) => free.delete(id));
  }

  /** A step: when the id was used; `undefined` if that is unknown. */
  async usedAt(view: View, replay: ReplayId): Promise<EpochMilliseconds | undefined> {
    const row = await view.findOne(ReplayRecord, { id: recordId(view.scope.tenantId, replay) });
    return row?.usedAt;
  }
}

/** Length-prefixed, so that no two triples give the same bytes. */
function recordId(tenantId: string, { verifier, id }: ReplayId): string {
  const hash = createHash('sha256');
  for (const part of [tenantId, verifier, id]) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest('hex');
}
