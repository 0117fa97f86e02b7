import { describe, expect, it } from 'vitest';

import { claimOutcome } from './claim-outcome.js';

const NOW = 1_000;
const ANSWER = new Uint8Array([1]);
const RUNNING = {
  payloadHash: 'a',
  state: 'running',
  leaseUntil: NOW + 1,
  answerUntil: null,
  sealedAnswer: null,
} as const;
const ANSWERED = { ...RUNNING, state: 'answered', leaseUntil: null, sealedAnswer: ANSWER } as const;

describe('the outcome of a claim on a known idempotency key', () => {
  it.each([
    ['running while the lease holds', RUNNING, 'running'],
    ['abandoned at the very end of the lease', { ...RUNNING, leaseUntil: NOW }, 'abandoned'],
    [
      'abandoned where the lease was taken while the clock was ahead',
      { ...RUNNING, leaseUntil: NOW + 86_400_000 },
      'abandoned',
    ],
    ['running without a lease, whatever the time', { ...RUNNING, leaseUntil: null }, 'running'],
    ['answered', ANSWERED, 'answered'],
    ['answered while the answer is kept', { ...ANSWERED, answerUntil: NOW + 1 }, 'answered'],
    ['answer-erased once the answer has ended', { ...ANSWERED, answerUntil: NOW }, 'answer-erased'],
    ['answer-erased where there is none', { ...ANSWERED, sealedAnswer: null }, 'answer-erased'],
  ] as const)('the outcome of a claim on a known idempotency key is %s', (_, record, outcome) => {
    expect(claimOutcome(record, 'a', NOW)).toBe(outcome);
  });

  it.each([RUNNING, ANSWERED])(
    'the outcome of a claim on a known idempotency key is other-payload for another payload, whatever the state',
    (record) => {
      expect(claimOutcome(record, 'b', NOW)).toBe('other-payload');
    },
  );
});
