import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock, fromRfc3339, systemClock, toEpochSeconds, toRfc3339 } from './clock.js';

describe('RFC 3339', () => {
  it('an RFC 3339 time survives the round trip to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 11, 31) }), (instant) => {
        expect(fromRfc3339(toRfc3339(instant))).toBe(instant);
      }),
    );
  });

  it.each([
    ['2026-01-01T00:00:00Z', 0],
    ['2026-01-01T01:00:00+01:00', 0],
    ['2025-12-31T23:30:00.000-00:30', 0],
    ['2026-01-01T00:00:00.001999Z', 1],
    ['2026-01-01t00:00:00.5z', 500],
  ])('the RFC 3339 reader accepts %s', (text, offset) => expect(fromRfc3339(text)).toBe(Date.UTC(2026, 0, 1) + offset));

  it.each([
    '',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-01-01 00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:60Z',
    '2026-01-01T00:00:00+24:00',
    '1767225600000',
    'Thu, 01 Jan 2026 00:00:00 GMT',
  ])('the RFC 3339 reader rejects %j', (text) => expect(fromRfc3339(text)).toBeUndefined());

  it('the RFC 3339 reader knows leap days', () =>
    expect(fromRfc3339('2024-02-29T12:00:00Z')).toBe(Date.UTC(2024, 1, 29, 12)));
});

describe('clocks', () => {
  it('a manual clock stays or moves as told', () => {
    const clock = new ManualClock(1_500);
    clock.advance(499);
    expect([clock.now(), toEpochSeconds(clock.now())]).toEqual([1_999, 1]);
    clock.set(5);
    expect(clock.now()).toBe(5);
  });

  it('the system clock tells the time of the system', () =>
    expect(systemClock.now()).toBeGreaterThan(Date.UTC(2025, 0, 1)));
});
