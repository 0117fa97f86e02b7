import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SealingContext, openBlob, sealBlob, sealingErrors } from '#crypto';

const dataKey = { version: 7, key: randomBytes(32) };
const dataKeyOf = (version: number) => (version === 7 ? dataKey : undefined);
const context: SealingContext = {
  purpose: 'signing-key',
  tenantId: '0198c0de-0000-7000-8000-000000000001',
  recordId: '0198c0de-0000-7000-8000-00000000000a',
  recordVersion: 1,
  column: 'private_key',
};
const plaintext = Buffer.from('correct horse battery staple');
const blob = sealBlob(dataKey, context, plaintext);
const open = (sealed: Buffer, where: SealingContext = context): Buffer => openBlob(dataKeyOf, where, sealed);

const unreadable = expect.objectContaining({ code: sealingErrors.BLOB_UNREADABLE.code });

/** What an attacker who can write to the database may try (promise P4). */
describe('a sealed blob', () => {
  it('a sealed blob opens where it was sealed', () => {
    expect(open(blob)).toEqual(plaintext);
  });

  it.each<Partial<SealingContext>>([
    { purpose: 'service-key' },
    { tenantId: '0198c0de-0000-7000-8000-000000000002' },
    { recordId: '0198c0de-0000-7000-8000-00000000000b' },
    { recordVersion: 2 },
    { column: 'public_key' },
  ])('a sealed blob does not open when moved to %o', (elsewhere) => {
    expect(() => open(blob, { ...context, ...elsewhere })).toThrow(unreadable);
  });

  it('a sealed blob does not open where the parts of the context were shifted against each other', () => {
    const shifted = { ...context, purpose: `${context.purpose}${context.tenantId}`, tenantId: '' };
    expect(() => open(blob, shifted)).toThrow(unreadable);
  });

  it('a sealed blob does not open when cut to any length, so not with a short tag either', () => {
    for (let length = 0; length < blob.length; length++) {
      expect(() => open(blob.subarray(0, length)), `${length} bytes`).toThrow(unreadable);
    }
  });

  it('a sealed blob does not open with bytes added or the front cut off', () => {
    expect(() => open(Buffer.concat([blob, Buffer.of(0)]))).toThrow(unreadable);
    for (let start = 1; start < blob.length; start++) {
      expect(() => open(blob.subarray(start))).toThrow(unreadable);
    }
  });

  it('a sealed blob does not open with any one bit flipped, also of the version of its key', () => {
    for (let bit = 0; bit < blob.length * 8; bit++) {
      const altered = Buffer.from(blob);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => open(altered), `bit ${bit}`).toThrow(unreadable);
    }
  });

  it('a sealed blob does not open with another key of the same version', () => {
    expect(() => openBlob(() => ({ version: 7, key: randomBytes(32) }), context, blob)).toThrow(unreadable);
  });

  it('a sealed blob differs each time, and holds any plaintext in any context', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const anyContext = fc.record({
      purpose: text,
      tenantId: text,
      recordId: text,
      recordVersion: fc.nat(),
      column: text,
    });
    fc.assert(
      fc.property(anyContext, anyContext, fc.uint8Array({ maxLength: 300 }), (one, other, bytes) => {
        const first = sealBlob(dataKey, one, Buffer.from(bytes));
        expect(first.equals(sealBlob(dataKey, one, Buffer.from(bytes)))).toBe(false);
        expect(open(first, one).equals(bytes)).toBe(true);
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(() => open(first, other)).toThrow(unreadable);
      }),
    );
  });
});
