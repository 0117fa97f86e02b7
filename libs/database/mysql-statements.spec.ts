import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { inParts } from './mysql-statements.js';

describe('rows of a prepared statement', () => {
  it.each([
    [0, []],
    [1, [1]],
    [9, [9]],
    [10, [10]],
    [27, [20, 7]],
    [100, [100]],
    [256, [100, 100, 50, 6]],
  ])('rows of a prepared statement: %i are in parts of %j', (count, parts) => {
    expect(inParts(Array.from({ length: count })).map(({ length }) => length)).toEqual(parts);
  });

  it('rows of a prepared statement stay in their order, and the numbers of them are few', () => {
    const counts = new Set<number>();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600 }), (count) => {
        const rows = Array.from({ length: count }, (_, index) => index);
        const parts = inParts(rows);
        for (const { length } of parts) counts.add(length);
        expect(parts.flat()).toEqual(rows);
      }),
    );
    expect(counts.size).toBeLessThanOrEqual(19);
  });
});
