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

  it('a creation has only values after it, an event without values no difference', () => {
    expect(differences(undefined, { a: 1 })).toEqual([{ name: 'a', before: undefined, after: '1' }]);
    expect(differences(undefined, undefined)).toEqual([]);
  });
});
