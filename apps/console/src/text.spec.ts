import { describe, expect, it } from 'vitest';

import { enumeration, listOf } from './text.js';

describe('text', () => {
  it.each([
    [undefined, []],
    [' ', []],
    ['a, b\nc,,', ['a', 'b', 'c']],
  ])('the list in %j is %j', (text, list) => {
    expect(listOf(text)).toEqual(list);
  });

  it('an enumeration ends with and', () => {
    expect([enumeration(['a']), enumeration(['a', 'b', 'c'])]).toEqual(['a', 'a, b and c']);
  });
});
