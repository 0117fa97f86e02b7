import { array, assert, constant, constantFrom, integer, nat, option, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DAY, HOUR, MINUTE, SECOND } from '#core';

import {
  destroyableSince,
  destroysAt,
  keyLifecycle,
  keyStateAt,
  keyVersionLifecycle,
  versionStateAt,
  type VersionTiming,
} from './lifecycle.js';
import { JWKS_MAX_AGE_SECONDS, PUBLICATION_DELAY, activationAt, destructionAt, nextRotationAt } from './rotation.js';

const NOW = Date.UTC(2026, 5, 1);
const version = (changes: Partial<VersionTiming>): VersionTiming => ({
  state: 'active',
  activatesAt: NOW - DAY,
  retiresAt: null,
  retiredAt: null,
  lastTokenExpiresAt: null,
  ...changes,
});

describe('the lifecycle of a version', () => {
  /** Every state and event; what is not here is refused. */
  const PERMITTED: Readonly<Record<string, string>> = {
    'pending activate': 'active',
    'pending retire': 'retired',
    'pending compromise': 'compromised',
    'pending key_destroyed': 'destroyed',
    'active retire': 'retired',
    'active compromise': 'compromised',
    'active key_destroyed': 'destroyed',
    'retired compromise': 'compromised',
    'retired destroy': 'destroyed',
    'retired key_destroyed': 'destroyed',
  };
  const events = Object.keys(keyVersionLifecycle.event) as (keyof typeof keyVersionLifecycle.event)[];
  const cases = keyVersionLifecycle.states.flatMap((state) => events.map((event) => ({ state, event })));

  it.each(cases)('the lifecycle of a key version in state $state, at $event', ({ state, event }) => {
    const to = PERMITTED[`${state} ${event}`];
    const move = () => keyVersionLifecycle.require(state, event);
    if (to === undefined) expect(move).toThrow(`is ${state}`);
    else expect([move(), keyVersionLifecycle.event[event].to]).toEqual([undefined, to]);
  });

  it('the lifecycle of a key version ends in destroyed and compromised', () => {
    expect(keyVersionLifecycle.allowedFrom('destroyed')).toEqual([]);
    expect(keyVersionLifecycle.allowedFrom('compromised')).toEqual([]);
  });
});

describe('the lifecycle of a key', () => {
  it.each([
    ['active', ['delete']],
    ['deleted', ['restore', 'destroy']],
    ['destroyed', []],
  ] as const)('a key that is %s permits %j', (state, permitted) => {
    expect(keyLifecycle.allowedFrom(state)).toEqual(permitted);
  });
});

describe('the state that counts', () => {
  it.each([
    ['pending before its time', { state: 'pending', activatesAt: NOW + 1 }, 'pending'],
    ['pending at its very instant', { state: 'pending', activatesAt: NOW }, 'active'],
    ['active without a successor', {}, 'active'],
    ['active before its successor takes over', { retiresAt: NOW + 1 }, 'active'],
    ['active at the instant at which its successor takes over', { retiresAt: NOW }, 'retired'],
    ['activated and retired before anything recorded it', { state: 'pending', retiresAt: NOW - 1 }, 'retired'],
    [
      'retired while its last token lives',
      { state: 'retired', retiredAt: NOW - DAY, lastTokenExpiresAt: NOW + 1 },
      'retired',
    ],
    [
      'retired while verifiers may tolerate its last token',
      { state: 'retired', retiredAt: NOW - DAY, lastTokenExpiresAt: NOW - 14 * MINUTE },
      'retired',
    ],
    [
      'retired and its last token long expired',
      { state: 'retired', retiredAt: NOW - DAY, lastTokenExpiresAt: NOW - HOUR },
      'destroyed',
    ],
    ['retired and never used', { state: 'retired', retiredAt: NOW - HOUR }, 'destroyed'],
    ['retired just now and never used', { state: 'retired', retiredAt: NOW }, 'retired'],
    ['compromised', { state: 'compromised', retiresAt: NOW - DAY }, 'compromised'],
    ['destroyed', { state: 'destroyed' }, 'destroyed'],
  ] as const)('the effective state of a key version: %s', (_, changes, expected) => {
    expect(versionStateAt(version(changes), NOW)).toBe(expected);
  });

  it('exactly one version signs at every instant of a chain of rotations, however late the states are recorded', () => {
    const gaps = array(integer({ min: 1, max: 90 * DAY }), { minLength: 1, maxLength: 6 });
    const moment = integer({ min: 0, max: 600 * DAY });
    assert(
      property(gaps, moment, (between, after) => {
        const starts = between.reduce<number[]>((all, gap) => [...all, all.at(-1)! + gap], [NOW]);
        const versions = starts.map((start, index) =>
          version({
            state: index === 0 ? 'active' : 'pending',
            activatesAt: start,
            retiresAt: starts[index + 1] ?? null,
          }),
        );
        const active = versions.filter((candidate) => versionStateAt(candidate, NOW + after) === 'active');
        expect(active).toHaveLength(1);
      }),
    );
  });

  it('the effective state of a key version never returns to an earlier one', () => {
    const order = ['pending', 'active', 'retired', 'destroyed'];
    const instant = option(integer({ min: NOW - DAY, max: NOW + DAY }));
    const timing = record({
      state: constantFrom('pending' as const, 'active' as const),
      activatesAt: integer({ min: NOW - DAY, max: NOW + DAY }),
      retiresAt: instant,
      retiredAt: constant(null),
      lastTokenExpiresAt: instant,
    });
    assert(
      property(timing, nat(2 * DAY), nat(2 * DAY), (row, first, more) => {
        const before = order.indexOf(versionStateAt(row, NOW - DAY + first));
        expect(order.indexOf(versionStateAt(row, NOW - DAY + first + more))).toBeGreaterThanOrEqual(before);
      }),
    );
  });
});

describe('the delays', () => {
  it('a version is published for longer than a JWKS may be cached', () => {
    expect(PUBLICATION_DELAY).toBeGreaterThan(JWKS_MAX_AGE_SECONDS * SECOND);
    expect(activationAt(NOW, 'staged', false)).toBe(NOW + PUBLICATION_DELAY);
  });

  it('a version that is in no JWKS, or urgent, is not delayed', () => {
    expect(activationAt(NOW, 'staged', true)).toBe(NOW);
    expect(activationAt(NOW, 'immediate', false)).toBe(NOW);
  });

  it('a scheduled rotation begins early enough for the new version to sign on time', () => {
    const next = nextRotationAt(NOW, DAY / SECOND, false)!;
    expect(activationAt(next, 'staged', false)).toBe(NOW + DAY);
    expect(nextRotationAt(NOW, DAY / SECOND, true)).toBe(NOW + DAY);
    expect(nextRotationAt(NOW, null, false)).toBeNull();
  });

  it('a retired version is kept until its last token is past every tolerance', () => {
    const retired = version({ state: 'retired', retiredAt: NOW, lastTokenExpiresAt: NOW + HOUR });
    expect(destroysAt(retired)).toBeGreaterThan(NOW + HOUR + 600 * SECOND);
    expect(destroyableSince(destroysAt(retired))).toBe(NOW + HOUR);
    expect(destroysAt(version({}))).toBe(Number.POSITIVE_INFINITY);
  });

  it('a deleted key is kept as long as the tenant has set', () => {
    expect(destructionAt(NOW, 7)).toBe(NOW + 7 * DAY);
    expect(keyStateAt({ state: 'deleted', destroysAt: NOW + 1 }, NOW)).toBe('deleted');
    expect(keyStateAt({ state: 'deleted', destroysAt: NOW }, NOW)).toBe('destroyed');
    expect(keyStateAt({ state: 'active', destroysAt: null }, NOW)).toBe('active');
  });
});
