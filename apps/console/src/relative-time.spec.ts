import { describe, expect, it } from 'vitest';

import { relativeTime } from './relative-time.js';

describe('relativeTime', () => {
  const now = Date.UTC(2026, 10, 27, 12);
  it.each([
    [0, 'just now'],
    [-59, 'just now'],
    [30, 'in a moment'],
    [-60, '1 minute ago'],
    [3_600, 'in 1 hour'],
    [86_400, 'tomorrow'],
    [-3 * 86_400, '3 days ago'],
    [40 * 86_400, 'next month'],
    [-800 * 86_400, '2 years ago'],
  ])('an instant that is %i seconds away is told as %j', (seconds, text) => {
    expect(relativeTime(now + seconds * 1_000, now)).toBe(text);
  });
});
