import { describe, expect, it } from 'vitest';

import { historyQuery, historySearch } from './history-filter.js';

describe('historySearch', () => {
  it('filters that the address names are kept, everything else is left out', () => {
    const search = {
      action: 'token.issued',
      requestId: 4711,
      outcome: 'denied',
      order: 'sideways',
      day: 'tomorrow',
      other: 'x',
      kid: '',
    };
    expect(historySearch(search)).toEqual({ action: 'token.issued', requestId: '4711', outcome: 'denied' });
  });

  it('several actions are separated by commas', () => {
    expect(historySearch({ day: '2026-11-27' })).toEqual({ day: '2026-11-27' });
    expect(historyQuery({ action: 'key.created, key.rotated', kid: 'k', day: '2026-11-27' })).toEqual({
      action: ['key.created', 'key.rotated'],
      kid: 'k',
    });
  });
});
