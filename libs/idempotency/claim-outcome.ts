import { BACKWARD_TOLERANCE, type EpochMilliseconds, SECOND } from '#core';

import type { IdempotencyRecord } from './entities.js';

/** For how long a key stays claimed after the process that claimed it has last renewed the claim. */
export const LEASE = 3 * SECOND;

/** What a record says about a further request with its key. */
export type ClaimOutcome = 'other-payload' | 'answered' | 'answer-erased' | 'running' | 'abandoned';

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
    // One that lasts longer than a lease that begins now was taken while the clock was ahead.
    const holds = record.leaseUntil > now && record.leaseUntil <= now + LEASE + BACKWARD_TOLERANCE;
    return holds ? 'running' : 'abandoned';
  }
  const isErased = record.sealedAnswer === null || (record.answerUntil !== null && record.answerUntil <= now);
  return isErased ? 'answer-erased' : 'answered';
}
