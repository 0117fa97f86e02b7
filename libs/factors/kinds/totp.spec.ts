import { describe, expect, it } from 'vitest';

import { SECOND } from '#core';

import { acceptedStep } from './totp.js';

/** The secret of RFC 6238 appendix B, and the last six of its eight digits. */
const SECRET = Buffer.from('12345678901234567890');
const VECTORS = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
] as const;
const [SECONDS, CODE] = VECTORS[2];
const STEP = Math.floor(SECONDS / 30);
const at = (seconds: number, lastStep = 0) => acceptedStep(SECRET, CODE, seconds * SECOND, lastStep);

describe('a code of an application', () => {
  it.each(VECTORS)('a code of an application is that of RFC 6238 at %d s', (seconds, code) => {
    expect(acceptedStep(SECRET, code, seconds * SECOND, 0)).toBe(Math.floor(seconds / 30));
  });

  it.each([-30, 0, 30])('a code of an application is accepted by a clock that is %d s ahead', (seconds) => {
    expect(at(SECONDS + seconds)).toBe(STEP);
  });

  it.each([-60, 60])('a code of an application is rejected by a clock that is %d s ahead', (seconds) => {
    expect(at(SECONDS + seconds)).toBeUndefined();
  });

  it('a code of an application is used once, and none of an earlier step after it', () => {
    expect(at(SECONDS, STEP - 1)).toBe(STEP);
    expect(at(SECONDS, STEP)).toBeUndefined();
    expect(at(SECONDS, STEP + 1)).toBeUndefined();
  });

  it('a code of an application is accepted after one that was used while the clock was ahead', () => {
    expect(at(SECONDS, STEP + 2)).toBe(STEP);
  });

  it.each(['', '5924', '0005924', '00592a', ' 005924x'])('a code of an application is not %j', (code) => {
    expect(acceptedStep(SECRET, code, SECONDS * SECOND, 0)).toBeUndefined();
  });
});
