import { describe, expect, it } from 'vitest';

import { MINUTE, SECOND } from '#core';

import { lockAfter } from './password-guard.js';

describe('the lock', () => {
  it.each([
    [0, 0],
    [1, 0],
    [4, 0],
    [5, 30 * SECOND],
    [6, 60 * SECOND],
    [7, 2 * MINUTE],
    [8, 4 * MINUTE],
    [9, 8 * MINUTE],
    [10, 15 * MINUTE],
    [1_000_000, 15 * MINUTE],
  ])('the lock of a password after %i failures lasts %i ms', (failures, milliseconds) => {
    expect(lockAfter(failures)).toBe(milliseconds);
  });
});
