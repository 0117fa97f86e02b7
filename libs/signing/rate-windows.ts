import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import {
  BACKWARD_TOLERANCE,
  type DomainError,
  type EpochMilliseconds,
  HOUR,
  MINUTE,
  SECOND,
  coreErrors,
  platformScope,
  systemOrigin,
} from '#core';
import { Database, LessThanOrEqual, type StepTx, type Tx } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { RateWindow } from './entities.js';

/** A subject that may occur `limit` times in any 60 seconds. */
export interface RateLimit {
  /** Name of the limit in the error. */
  readonly policy: string;
  /** The counted subject; hashed before it is stored. */
  readonly subject: string;
  readonly limit: number;
}

const WINDOW = MINUTE;
/** Longer than the window, so that a row in use is not purged. */
const KEPT_FOR = HOUR;
const SYSTEM = platformScope(systemOrigin('rate-windows'));

/**
 * Limits across all instances, stored in the database. The window slides: each call of the last 60 seconds is stored, so
 * that no period of 60 seconds exceeds the limit.
 */
@Expires({})
@Injectable()
export class RateWindows extends DueKind<RateWindow> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'rate window',
        scope: SYSTEM,
        entity: RateWindow,
        where: (now) => ({ expiresAt: LessThanOrEqual(now) }),
        dueColumn: 'expiresAt',
        reason: 'rate windows that have passed',
      }),
    );
  }

  /**
   * A step: counts one call against all limits, or against none if one of them is reached.
   * @throws RATE_LIMITED
   */
  async admit(tx: Tx, limits: readonly RateLimit[]): Promise<void> {
    tx.housekeeping('calls within the window of a rate limit');
    const [rejection] = await this.admitAll(tx, [limits]);
    if (rejection) throw rejection;
  }

  /**
   * A step: the same for calls of one tenant, one by one, by few statements.
   * @returns RATE_LIMITED for each call that is not permitted, in order
   */
  async admitAll(tx: StepTx, calls: readonly (readonly RateLimit[])[]): Promise<(DomainError | undefined)[]> {
    const { tenantId } = tx.scope;
    const counted = calls.map((limits) =>
      limits.map((limit) => ({ ...limit, id: windowId(tenantId, `${limit.policy}:${limit.subject}`) })),
    );
    const windows = await this.hold(tx, new Set(counted.flat().map(({ id }) => id)));
    const changed = new Set<string>();
    const rejections = counted.map((limits) => {
      for (const { policy, id, limit } of limits) {
        const recent = windows.get(id)!;
        if (recent.length < limit) continue;
        const retryAfterSeconds = waitSeconds(recent, limit, tx.now);
        const rateLimit = { policy, quota: limit, windowSeconds: WINDOW / SECOND };
        return coreErrors.RATE_LIMITED({ retryAfterSeconds, extensions: { rateLimit } });
      }
      for (const { id } of limits) {
        windows.get(id)!.push(tx.now);
        changed.add(id);
      }
      return undefined;
    });
    const expiresAt = tx.now + KEPT_FOR;
    await tx.rewrite(
      RateWindow,
      [...changed].sort().map((id): RateWindow => ({ id, tenantId, calls: windows.get(id)!, expiresAt })),
    );
    return rejections;
  }

  /**
   * The calls of each window that still count, locked in a fixed order, so that transactions cannot deadlock.
   */
  private async hold(tx: StepTx, ids: ReadonlySet<string>): Promise<Map<string, number[]>> {
    const wanted = [...ids].sort();
    const held = await tx.lockAll(RateWindow, wanted);
    const row = (id: string): RateWindow => {
      return { id, tenantId: tx.scope.tenantId, calls: [], expiresAt: tx.now + KEPT_FOR };
    };
    const absent = wanted.filter((id) => !held.has(id));
    const made = await tx.insertAbsent(RateWindow, new Map(absent.map((id) => [id, row(id)])));
    // Another transaction has inserted the other rows in the meantime.
    const late = absent.filter((id) => !made.has(id));
    for (const [id, window] of await tx.lockAll(RateWindow, late)) held.set(id, window);
    // A call in the future was counted while the clock was ahead.
    const counts = (at: number): boolean => at > tx.now - WINDOW && at <= tx.now + BACKWARD_TOLERANCE;
    return new Map(wanted.map((id) => [id, (held.get(id)?.calls ?? []).filter(counts)]));
  }
}

const waitSeconds = (recent: readonly number[], limit: number, now: EpochMilliseconds): number =>
  Math.max(1, Math.ceil((recent.at(-limit)! + WINDOW - now) / SECOND));

const windowId = (tenantId: string, subject: string): string =>
  createHash('sha256').update(`${tenantId}:${subject}`).digest('hex');
