import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, decodeCursor, encodeCursor, pageLimit } from './page.js';

describe('pageLimit', () => {
  it('pageLimit stays within its bounds', () => {
    expect([undefined, 0, -1, 7, 1_000].map((limit) => pageLimit({ limit }))).toEqual([
      PAGE_LIMIT_DEFAULT,
      1,
      1,
      7,
      PAGE_LIMIT_MAX,
    ]);
  });
});

describe('cursors', () => {
  it('cursors survive the round trip and a URL', () => {
    const part = fc.oneof(fc.string({ unit: 'binary' }), fc.integer());
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (key) => {
        const cursor = encodeCursor(key);
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(decodeCursor(cursor, key.length)).toEqual(key);
      }),
    );
  });

  it.each([
    'x',
    '',
    '!!!',
    encodeCursor([1]),
    encodeCursor([1, 2, 3]),
    Buffer.from('{"length":2}').toString('base64url'),
    Buffer.from('[1,null]').toString('base64url'),
    Buffer.from('[1,{"$gt":0}]').toString('base64url'),
  ])('cursors that this list did not return are rejected: %j', (cursor) => {
    expect(() => decodeCursor(cursor, 2)).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_ERROR',
        errors: [expect.objectContaining({ pointer: 'cursor', code: 'INVALID_CURSOR' })],
      }),
    );
  });
});
