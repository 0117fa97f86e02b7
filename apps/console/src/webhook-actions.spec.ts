import { describe, expect, it } from 'vitest';

import { actionGroups, withoutIncluded } from './webhook-actions.js';

describe('the actions of a webhook', () => {
  it('every action is in the group of its noun, once', () => {
    const credential = actionGroups.find(({ noun }) => noun === 'credential')!;
    expect(credential.actions.map(({ action }) => action)).toContain('credential.created');
    const all = actionGroups.flatMap(({ actions }) => actions.map(({ action }) => action));
    expect(new Set(all).size).toBe(all.length);
    expect(
      actionGroups.every(({ noun, actions }) => actions.every(({ action }) => action.startsWith(`${noun}.`))),
    ).toBe(true);
  });

  it('what a wider choice includes is left out', () => {
    expect(withoutIncluded(['credential.created', 'credential.*', 'key.rotated'])).toEqual([
      'credential.*',
      'key.rotated',
    ]);
    expect(withoutIncluded(['credential.*', '*'])).toEqual(['*']);
  });
});
