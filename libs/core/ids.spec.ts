import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INSTALLATION_ID, isUuid, uuidv7Source } from './ids.js';

describe('uuidv7Source', () => {
  it('uuidv7Source carries the time, the version and the variant (RFC 9562 §5.7)', () => {
    const id = uuidv7Source(randomBytes)(0x017f22e279b0);
    expect(id).toMatch(/^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(isUuid(id)).toBe(true);
  });

  it('uuidv7Source rises strictly, though the clock stops or steps back', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 300 }), (steps) => {
        const next = uuidv7Source(randomBytes);
        const ids = steps.map((step) => next(1_000 + step));
        expect(ids).toEqual([...new Set(ids)].toSorted());
      }),
    );
  });

  it('uuidv7Source borrows from the next millisecond when its counter is full', () => {
    const next = uuidv7Source(() => new Uint8Array(10).fill(0xff));
    const ids = Array.from({ length: 5_000 }, () => next(1_000));
    expect(ids).toEqual([...new Set(ids)].toSorted());
    expect(ids.at(-1)!.slice(0, 13)).not.toBe(ids[0]!.slice(0, 13));
  });
});

describe('isUuid', () => {
  it.each(['', 'x', INSTALLATION_ID, '017F22E2-79B0-7CC3-98C4-DC0C0C07398F', '017f22e279b07cc398c4dc0c0c07398f'])(
    'isUuid rejects %j',
    (text) => expect(isUuid(text)).toBe(false),
  );
});
