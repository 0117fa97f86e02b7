import { describe, expect, it } from 'vitest';

import { HOUR, MINUTE } from '#core';

import { isRenewable, renewableUntil } from './session-lifetime.js';

const limits = { idle: 8 * HOUR, absolute: 100 * HOUR };
const NOW = 1_000 * HOUR;

describe('a session', () => {
  it.each([
    ['begins now', NOW, NOW + 8 * HOUR],
    ['began long ago', NOW - 95 * HOUR, NOW + 5 * HOUR],
  ])('a session that %s can be renewed until the earlier of its two limits', (_, createdAt, expected) => {
    expect(renewableUntil(createdAt, NOW, limits)).toBe(expected);
  });

  it.each([
    ['continues', {}, true],
    ['has ended', { endedAt: NOW - 1 }, false],
    ['was idle for too long', { renewableUntil: NOW }, false],
    ['has lasted for too long', { createdAt: NOW - 100 * HOUR, renewableUntil: NOW + 1 }, false],
    ['began under a longer limit', { renewableUntil: NOW + 9 * HOUR }, false],
    ['began while the clock was ahead', { createdAt: NOW + HOUR }, false],
  ])('a session that %s: renewable %#', (_, changed, expected) => {
    const session = { createdAt: NOW - HOUR, endedAt: null, renewableUntil: NOW + 15 * MINUTE, ...changed };
    expect(isRenewable(session, NOW, limits)).toBe(expected);
  });
});
