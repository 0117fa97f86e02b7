import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { type EpochMilliseconds, HOUR, SECOND, platformScope, systemOrigin } from '#core';
import { Restorations } from '#backup';
import { Database, LessThanOrEqual, type OnceRow, type StepTx, type View } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { ReplayRecord } from './entities.js';
import type { ProfileFacts, Verdict } from './token-format.js';

export interface ReplayId {
  /** Who accepts: the same id may be used once at each verifier. */
  readonly verifier: string;
  readonly id: string;
}

type TokenLimits = Pick<ProfileFacts, 'maxTtlSeconds' | 'skewSeconds'>;

/** Clocks of instances differ, and profiles change their tolerance: a record outlives its token by this much. */
const KEPT_BEYOND = HOUR;
const SYSTEM = platformScope(systemOrigin('replay-records'));

/**
 * Lets each id through once per tenant and verifier. Only the unique key decides, so that of any number of racers on any
 * number of instances one wins; and ids are hashed, so that no collation folds two of them together.
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
   * The last check of an acceptance, so that an earlier rejection does not consume the id: the row that only one request
   * can insert.
   * @param expiresAt until when the token itself would be accepted, skew included
   */
  once(tenantId: string, replay: ReplayId, expiresAt: EpochMilliseconds): OnceRow {
    const id = recordId(tenantId, replay);
    return { entity: ReplayRecord, id, row: (now) => ({ id, tenantId, usedAt: now, expiresAt }) };
  }

  /**
   * Whether a token may have been used after the backup that the database was restored from: the record of it is lost. It
   * is one that was issued before the restoration, by its `iat`, or by its end less the longest lifetime where it has none.
   */
  mayHaveBeenUsed({ claims, expiresAt = 0 }: Verdict, { maxTtlSeconds, skewSeconds }: TokenLimits): boolean {
    const { lastAt } = this.restorations;
    if (lastAt === null) return false;
    const iat = claims?.['iat'];
    const issuedAt = typeof iat === 'number' ? iat * SECOND : expiresAt - maxTtlSeconds * SECOND;
    // Clocks differ: one that is ahead dates a token later than it was made.
    return issuedAt - skewSeconds * SECOND < lastAt;
  }

  /** A step: the same within a transaction, for several. @returns for each, in order, whether its id was free */
  async consumeAll(
    tx: StepTx,
    uses: readonly { readonly replay: ReplayId; readonly expiresAt: EpochMilliseconds }[],
  ): Promise<boolean[]> {
    const { tenantId } = tx.scope;
    const wanted = uses.map(({ replay, expiresAt }) => this.once(tenantId, replay, expiresAt));
    // In a fixed order, so that two transactions with ids in common do not wait for each other.
    const rows = wanted
      .toSorted((one, other) => (one.id < other.id ? -1 : 1))
      .map(({ id, row }) => [id, row(tx.now)] as const);
    const free = new Set(await tx.insertAbsent(ReplayRecord, new Map(rows)));
    // Of several that ask for the same id the first has it.
    return wanted.map(({ id }) => free.delete(id));
  }

  /** A step: when the id was used, as far as that is still known. */
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
