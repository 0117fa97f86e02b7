import { describe, expect, it } from 'vitest';

import { MINUTE, SECOND } from '#core';

import { accountLockAfter, lockAfter } from './attempt-counters.js';

describe('the lock of an account for one network, and of a session', () => {
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

describe('the lock of an account for all networks that are unknown', () => {
  it.each([
    [0, 0],
    [99, 0],
    [100, 30 * SECOND],
    [119, 30 * SECOND],
    [120, 60 * SECOND],
    [140, 2 * MINUTE],
    [199, 8 * MINUTE],
    [200, 15 * MINUTE],
    [1_000_000, 15 * MINUTE],
  ])('after %i failures lasts %i ms', (failures, milliseconds) => {
    expect(accountLockAfter(failures)).toBe(milliseconds);
  });
});
