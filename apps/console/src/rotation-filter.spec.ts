import { describe, expect, it } from 'vitest';

import { rotationFilterOf, rotationFilterText } from './rotation-filter.js';

describe('the filter of a rotation', () => {
  it('fields that were left empty are not in the filter, and dates are the start of their day', () => {
    const filter = rotationFilterOf({ authType: 'jwt', unusedSince: '2026-11-01', overlapDays: '7' });
    expect(filter).toEqual({ authType: 'jwt', unusedSince: '2026-11-01T00:00:00.000Z' });
    expect(rotationFilterOf({})).toEqual({});
  });

  it('a filter is said in words', () => {
    expect(rotationFilterText({})).toBe('all active credentials');
    expect(rotationFilterText({ authType: 'service_key', expiresBefore: '2026-12-01T00:00:00.000Z' })).toBe(
      'active credentials of the type service key, that expire before 2026-12-01',
    );
  });
});
