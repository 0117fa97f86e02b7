import { describe, expect, it } from 'vitest';

import { isNumericDate, secondsOf } from './numeric-date.js';

describe('isNumericDate', () => {
  it.each([0, 1, 1_900_000_000, 1_900_000_000.123_456, 1e9, Number.MAX_SAFE_INTEGER])(
    'isNumericDate accepts %d, seconds with or without a fraction',
    (value) => {
      expect(isNumericDate(value)).toBe(true);
    },
  );

  it.each([-1, -0.5, Number.NaN, Infinity, 2 ** 53, '1900000000', true, null, undefined, [1], { seconds: 1 }])(
    'isNumericDate rejects %s',
    (value) => {
      expect(isNumericDate(value)).toBe(false);
    },
  );
});

describe('secondsOf', () => {
  it('secondsOf keeps the fraction of the second', () => {
    expect(secondsOf(1_900_000_000_250)).toBe(1_900_000_000.25);
  });
});
