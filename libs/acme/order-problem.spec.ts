import { expect, it } from 'vitest';

import { problemOfOrder } from './order-problem.js';

const row = { name: 'a.internal', wildcard: false, problem: null, problemDetail: null };
const valid = { ...row, state: 'valid' as const };
const invalid = { ...row, state: 'invalid' as const, problem: 'connection', problemDetail: 'The connection failed' };

it('the problem of an order is that of the challenge that failed', () => {
  expect(problemOfOrder([valid, invalid])).toEqual({
    problem: 'connection',
    detail: 'a.internal: The connection failed',
    subproblems: [],
  });
});

it('the problem of an order of which several names failed has one for each of them', () => {
  const other = { ...row, name: 'b.internal', wildcard: true, state: 'deactivated' as const };
  expect(problemOfOrder([invalid, valid, other])).toEqual({
    problem: 'compound',
    detail: 'Control of 2 names was not proven',
    subproblems: [
      { name: 'a.internal', problem: 'connection', detail: 'The connection failed' },
      { name: '*.b.internal', problem: 'unauthorized', detail: 'The authorization was deactivated' },
    ],
  });
  expect(problemOfOrder([invalid, { ...invalid, name: 'b.internal' }]).problem).toBe('connection');
});

it('the problem of an order that was not finalized in time is that it has expired', () => {
  expect(problemOfOrder([valid])).toMatchObject({ problem: 'malformed', detail: 'The order has expired' });
});
