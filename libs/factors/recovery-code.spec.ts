import { describe, expect, it } from 'vitest';

import { newRecoveryCode, normalizeRecoveryCode } from './recovery-code.js';

describe('a recovery code', () => {
  it('a recovery code is three groups of four characters that look like no other', () => {
    const codes = Array.from({ length: 200 }, newRecoveryCode);
    for (const code of codes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/);
    expect(new Set(codes).size).toBe(200);
  });

  it.each(['4T2K-9QWF-0M31', '4t2k 9qwf om3l', ' 4t2k9qwfOM3I '])(
    'a recovery code is the same however it is typed: %j',
    (typed) => {
      expect(normalizeRecoveryCode(typed)).toBe('4T2K9QWF0M31');
    },
  );
});
