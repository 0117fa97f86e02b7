import { defineLifecycle } from '#core';

const recordStates = ['running', 'answered'] as const;
export type RecordState = (typeof recordStates)[number];

/** What became of a request: the history has the events of its work, not of its record. */
export const recordLifecycle = defineLifecycle({
  noun: 'request',
  states: recordStates,
  // A request whose work shares a transaction has no record before its answer.
  initial: ['running', 'answered'],
  live: ['running'],
  events: { answer: { from: ['running'], to: 'answered', done: 'answered', records: null } },
});
