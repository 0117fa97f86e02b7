import { describe, expect, it } from 'vitest';

import { type Basis, bothOf, holds, spanAround } from './basis.js';

const basis: Basis = { configVersion: 7, from: 100, until: 200 };

describe('the basis of a decision', () => {
  it.each([
    ['the same number, within the span', { configVersion: 7, now: 150 }, true],
    ['the instant at which the span begins', { configVersion: 7, now: 100 }, true],
    ['the instant at which the span ends', { configVersion: 7, now: 200 }, false],
    ['an instant before the span, after the clock was set back', { configVersion: 7, now: 99 }, false],
    ['a number that was raised', { configVersion: 8, now: 150 }, false],
    ['a tenant that is gone', { configVersion: undefined, now: 150 }, false],
  ])('a basis and %s', (_, present, expected) => {
    expect(holds(basis, present)).toBe(expected);
  });

  it('a span reaches from the last instant that has come to the next one', () => {
    expect(spanAround(150, [null, 90, 200, 150, 300, undefined])).toEqual({ from: 150, until: 200 });
    expect(spanAround(150, [])).toEqual({ from: -Infinity, until: Infinity });
  });

  it('two bases together hold only where both do', () => {
    const other = { configVersion: 6, from: 120, until: 300 };
    expect(bothOf(basis, other)).toEqual({ configVersion: 6, from: 120, until: 200 });
  });
});
