import { describe, expect, it } from 'vitest';

import { certificateQuery, certificateSearch } from './certificate-filter.js';

describe('certificateSearch', () => {
  it('filters that the address names are kept, and everything else is left out', () => {
    const search = { state: 'held', serialNumber: 4711, san: '', caId: 'x', expiresBefore: '2026-12-01', other: 'x' };
    expect(certificateSearch(search, ['active', 'held'])).toEqual({
      state: 'held',
      serialNumber: '4711',
      caId: 'x',
      expiresBefore: '2026-12-01',
    });
    expect(certificateSearch({ state: 'lost', expiresBefore: 'soon' }, ['active'])).toEqual({});
  });

  it('a date is the start of its day', () => {
    expect(certificateQuery({ state: 'held', expiresBefore: '2026-12-01' })).toEqual({
      state: 'held',
      expiresBefore: '2026-12-01T00:00:00.000Z',
    });
  });
});
