import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import {
  BACKWARD_TOLERANCE,
  type EpochMilliseconds,
  HOUR,
  MINUTE,
  SECOND,
  coreErrors,
  platformScope,
  systemOrigin,
} from '#core';
import { Database, LessThanOrEqual, type Tx } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { RateWindow } from './entities.js';

/** One thing that may happen `limit` times in any 60 seconds. */
export interface RateLimit {
  /** What the caller is told which limit it was. */
  readonly policy: string;
  /** What is counted; hashed before it is stored. */
  readonly subject: string;
  readonly limit: number;
}

const WINDOW = MINUTE;
/** Longer than the window, so that one in use is never purged from under a call. */
const KEPT_FOR = HOUR;
const SYSTEM = platformScope(systemOrigin('rate-windows'));

/**
 * Limits that hold over all instances: they are kept in the database. The window slides: the calls of the last 60
 * seconds are remembered one by one, so that no minute, wherever it begins, sees more than the limit.
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
   * A step: counts one call against every limit, or against none where one of them is reached.
   * @throws RATE_LIMITED
   */
  async admit(tx: Tx, limits: readonly RateLimit[]): Promise<void> {
    // In a fixed order, so that two calls with limits in common do not wait for each other.
    const windows = limits
      .map(({ policy, subject, limit }) => ({ policy, id: windowId(tx.scope.tenantId, `${policy}:${subject}`), limit }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    tx.housekeeping('calls within the window of a rate limit');
    const counted: { readonly id: string; readonly calls: readonly number[] }[] = [];
    for (const { policy, id, limit } of windows) {
      const { calls } = await this.lock(tx, id);
      // A call in the future was counted while the clock was ahead.
      const recent = calls.filter((at) => at > tx.now - WINDOW && at <= tx.now + BACKWARD_TOLERANCE);
      if (recent.length >= limit) {
        const retryAfterSeconds = waitSeconds(recent, limit, tx.now);
        const rateLimit = { policy, quota: limit, windowSeconds: WINDOW / SECOND };
        throw coreErrors.RATE_LIMITED({ retryAfterSeconds, extensions: { rateLimit } });
      }
      counted.push({ id, calls: [...recent, tx.now] });
    }
    for (const { id, calls } of counted) await tx.note(RateWindow, { id }, { calls, expiresAt: tx.now + KEPT_FOR });
  }

  private async lock(tx: Tx, id: string): Promise<RateWindow> {
    const known = await tx.find(RateWindow, { id });
    if (known.length === 0) {
      await tx.insertIfAbsent(RateWindow, { id, tenantId: tx.scope.tenantId, calls: [], expiresAt: tx.now + KEPT_FOR });
    }
    return tx.lock(RateWindow, { id });
  }
}

const waitSeconds = (recent: readonly number[], limit: number, now: EpochMilliseconds): number =>
  Math.max(1, Math.ceil((recent.at(-limit)! + WINDOW - now) / SECOND));

const windowId = (tenantId: string, subject: string): string =>
  createHash('sha256').update(`${tenantId}:${subject}`).digest('hex');
