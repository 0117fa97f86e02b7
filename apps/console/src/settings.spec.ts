import { describe, expect, it } from 'vitest';

import { changedSettings } from './settings.js';

describe('changedSettings', () => {
  it('only what differs is changed, each value of the kind that it had', () => {
    const present = { reveal: 'allowed', days: 7, names: ['a.example'], strict: false };
    expect(changedSettings(present, { reveal: 'allowed', days: '7', names: 'a.example', strict: 'false' })).toEqual({});
    expect(
      changedSettings(present, { reveal: 'once', days: '8', names: 'a.example, b.example', strict: 'true' }),
    ).toEqual({
      reveal: 'once',
      days: 8,
      names: ['a.example', 'b.example'],
      strict: true,
    });
  });

  it('an empty field empties a list', () => {
    expect(changedSettings({ names: ['a.example'] }, {})).toEqual({ names: [] });
  });
});
