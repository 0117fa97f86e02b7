import { describe, expect, it } from 'vitest';

import { restOf, rotationFilterOf, rotationFilterText } from './rotation-filter.js';

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
    expect(rotationFilterText({ name: 'nightly', createdBefore: '2026-12-01T08:30:15.007Z' })).toBe(
      'active credentials named nightly, created before 2026-12-01 08:30:15 UTC',
    );
  });

  it('what remains of a rotation is older than the first of those that were begun by its filter', () => {
    const [first, second] = ['2026-12-01T08:30:15.007Z', '2026-12-02T00:00:00.000Z'];
    const rest = restOf({ authType: 'jwt' }, first);
    expect(rest).toEqual({ authType: 'jwt', createdBefore: first });
    expect(restOf(rest, second)).toEqual(rest);
    expect(rotationFilterOf({ createdBefore: first.slice(0, -1) })).toEqual({ createdBefore: first });
  });
});
