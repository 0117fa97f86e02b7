import { type EpochMilliseconds, SECOND, isWithinLifetime } from '#core';

import type { IdempotencyRecord } from './entities.js';

/** For how long a key stays claimed after the process that claimed it has last renewed the claim. */
export const LEASE = 3 * SECOND;

/** What a record says about a further request with its key. */
type ClaimOutcome = 'other-payload' | 'answered' | 'answer-erased' | 'running' | 'abandoned';

type Facts = Pick<IdempotencyRecord, 'payloadHash' | 'state' | 'leaseUntil' | 'answerUntil'> & {
  readonly sealedAnswer: Uint8Array | null;
};

/**
 * What holds for a request whose key is known already. A running request without a lease (a record of a version that
 * knew none) is never abandoned: whether its work was done is unknown.
 */
export function claimOutcome(record: Facts, payloadHash: string, now: EpochMilliseconds): ClaimOutcome {
  if (record.payloadHash !== payloadHash) return 'other-payload';
  if (record.state === 'running') {
    if (record.leaseUntil === null) return 'running';
    return isWithinLifetime(record.leaseUntil, LEASE, now) ? 'running' : 'abandoned';
  }
  const isErased = record.sealedAnswer === null || (record.answerUntil !== null && record.answerUntil <= now);
  return isErased ? 'answer-erased' : 'answered';
}
