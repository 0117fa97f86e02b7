import { describe, expect, it } from 'vitest';

import { differences } from './difference.js';

describe('differences', () => {
  it('members that were added, removed and changed are told, the same ones are not', () => {
    expect(differences({ a: 1, b: [1], c: null }, { b: [1], c: 'x', d: true })).toEqual([
      { name: 'a', before: '1', after: undefined },
      { name: 'c', before: 'null', after: '"x"' },
      { name: 'd', before: undefined, after: 'true' },
    ]);
  });

  it('objects are compared member by member, lists as a whole', () => {
    const before = { settings: { days: 7, kept: { a: 1 } }, list: [1, 2] };
    const after = { settings: { days: 9, kept: { a: 1, b: 2 } }, list: [2] };
    expect(differences(before, after)).toEqual([
      { name: 'list', before: '[1,2]', after: '[2]' },
      { name: 'settings.days', before: '7', after: '9' },
      { name: 'settings.kept.b', before: undefined, after: '2' },
    ]);
  });

  it('a creation has only values after it, an event without values no difference', () => {
    expect(differences(undefined, { a: 1 })).toEqual([{ name: 'a', before: undefined, after: '1' }]);
    expect(differences(undefined, undefined)).toEqual([]);
  });
});
