import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { inParts, inStatements } from './mysql-statements.js';

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
    expect(inParts(Array.from({ length: count }), () => []).map(({ length }) => length)).toEqual(parts);
  });

  it('rows of a prepared statement stay in their order, and the numbers of them are few', () => {
    const counts = new Set<number>();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600 }), (count) => {
        const rows = Array.from({ length: count }, (_, index) => index);
        const parts = inParts(rows, (row) => [row]);
        for (const { length } of parts) counts.add(length);
        expect(parts.flat()).toEqual(rows);
      }),
    );
    expect(counts.size).toBeLessThanOrEqual(19);
  });

  const MEBIBYTE = 2 ** 20;

  it.each([
    ['bytes, which are written as hexadecimal', Buffer.alloc(MEBIBYTE), [4, 4, 2]],
    ['text of characters that have three bytes each', '€'.repeat(MEBIBYTE), [2, 2, 2, 2, 2]],
    ['more than fits in one statement, each of which is one', Buffer.alloc(5 * MEBIBYTE), Array(10).fill(1)],
  ])('rows of a statement have no more than the half of a packet together: %s', (_, value, parts) => {
    const rows = Array.from({ length: 10 }, () => [1, null, value]);
    expect(inStatements(rows, (row) => row).map(({ length }) => length)).toEqual(parts);
    expect(inParts(rows, (row) => row).map(({ length }) => length)).toEqual(parts);
  });
});
