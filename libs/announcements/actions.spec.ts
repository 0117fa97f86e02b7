import { describe, expect, it } from 'vitest';

import { defineEvents } from '#core';

import { isSubscribed, requireActions, subscribable } from './actions.js';

const tables = [
  defineEvents('credential', { created: 'made', expired: 'expired' }).table,
  defineEvents('key', { version_destroyed: 'destroyed' }).table,
];

describe('actions of a subscription', () => {
  it('actions of a subscription are exact, all of a noun, or all', () => {
    expect([...subscribable(tables)]).toEqual([
      '*',
      'credential.*',
      'credential.created',
      'credential.expired',
      'key.*',
      'key.version_destroyed',
    ]);
  });

  it.each([
    [['*'], 'key.version_destroyed', true],
    [['credential.*'], 'credential.created', true],
    [['credential.*'], 'credentials.created', false],
    [['credential.created'], 'credential.created', true],
    [['credential.created'], 'credential.expired', false],
    [['key.*', 'credential.expired'], 'credential.expired', true],
    [[], 'credential.expired', false],
  ] as const)('the actions %j include %s: %s', (subscribed, action, expected) => {
    expect(isSubscribed(subscribed, action)).toBe(expected);
  });

  it('actions of a subscription that no event has are each named by their place', () => {
    const known = subscribable(tables);
    expect(() => requireActions(['*', 'key.*'], known)).not.toThrow();
    const wrong = ['credential.created', 'credential', 'key.created', 'other.*'];
    expect(() => requireActions(wrong, known)).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_ERROR',
        errors: [1, 2, 3].map((index) => expect.objectContaining({ pointer: `/actions/${index}` })),
      }),
    );
  });
});
