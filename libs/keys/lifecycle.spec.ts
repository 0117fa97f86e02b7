import { describe, expect, it } from 'vitest';

import { keyLifecycle, keyVersionLifecycle, publishedStates, verifyingStates } from './lifecycle.js';

describe('a key version', () => {
  it.each([
    ['pending', ['activate', 'retire', 'compromise', 'key_destroyed']],
    ['active', ['retire', 'compromise', 'key_destroyed']],
    ['retired', ['compromise', 'destroy', 'key_destroyed']],
    ['compromised', []],
    ['destroyed', []],
  ] as const)('a key version that is %s allows %j and nothing else', (state, events) => {
    expect(keyVersionLifecycle.allowedFrom(state)).toEqual(events);
  });

  it('a key version never signs again once it has stopped', () => {
    const { activate } = keyVersionLifecycle.event;
    expect([activate.from, activate.to]).toEqual([['pending'], 'active']);
  });

  it('a key version is published wherever it may verify, and never once it is compromised or destroyed', () => {
    expect(publishedStates).toEqual(expect.arrayContaining([...verifyingStates]));
    const hidden = keyVersionLifecycle.states.filter((state) => !publishedStates.some((known) => known === state));
    expect(hidden).toEqual(['destroyed', 'compromised']);
  });
});

it('a deleted key can come back until it is destroyed', () => {
  expect(keyLifecycle.allowedFrom('deleted')).toEqual(['restore', 'destroy']);
  expect(keyLifecycle.allowedFrom('active')).toEqual(['delete']);
  expect(keyLifecycle.allowedFrom('destroyed')).toEqual([]);
});
