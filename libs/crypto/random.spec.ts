import { describe, expect, it } from 'vitest';
import { isUuid } from '#core';
import { randomSalt, randomSecret, uuidv4, uuidv7 } from './random.js';

describe('identifiers', () => {
  it('uuidv7 carries the time and rises strictly, also across refills of the pool', () => {
    const now = Date.UTC(2026, 0, 1);
    const ids = Array.from({ length: 2_000 }, () => uuidv7(now));
    expect(ids.every((id) => isUuid(id) && id[14] === '7')).toBe(true);
    expect(Number.parseInt(ids[0]!.replace('-', '').slice(0, 12), 16)).toBe(now);
    expect(ids.every((id, index) => index === 0 || id > ids[index - 1]!)).toBe(true);
    // The last 62 bits are random: none of them may come twice.
    expect(new Set(ids.map((id) => id.slice(19))).size).toBe(ids.length);
  });

  it('uuidv4 is random', () => {
    expect(uuidv4()).not.toBe(uuidv4());
    expect(isUuid(uuidv4())).toBe(true);
    expect(uuidv4()[14]).toBe('4');
  });
});

describe('randomSalt', () => {
  it('randomSalt has the length asked for and is never the same, also across refills of the pool', () => {
    const salts = Array.from({ length: 2_000 }, () => randomSalt(16));
    expect(salts.every((salt) => /^[0-9a-f]{32}$/.test(salt))).toBe(true);
    expect(new Set(salts.flatMap((salt) => [salt.slice(0, 16), salt.slice(16)])).size).toBe(4_000);
  });
});

describe('randomSecret', () => {
  it('randomSecret has the length asked for and is not printed', () => {
    const secret = randomSecret(32);
    expect(secret.reveal()).toHaveLength(32);
    expect(`${secret}`).toBe('[secret]');
    expect(secret.reveal()).not.toEqual(randomSecret(32).reveal());
  });
});
