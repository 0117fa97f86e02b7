import { describe, expect, it } from 'vitest';

import { cell, membersOf, tableOf } from './table.js';

describe('a table of the command line', () => {
  it('columns are as wide as their widest cell, in the width that a terminal gives to the characters', () => {
    const items = [
      { name: 'billing', profiles: ['a', 'b'] },
      { name: '請求', profiles: [] },
    ];
    expect(tableOf(items, { name: ({ name }) => name, profiles: ({ profiles }) => profiles })).toBe(
      'NAME     PROFILES\nbilling  a, b\n請求     -\n',
    );
  });

  it('the members of one thing have a line each', () => {
    expect(membersOf({ id: 'x', exportable: false, deletedAt: null })).toBe(
      'id          x\nexportable  no\ndeletedAt   -\n',
    );
  });

  it.each([
    ['\u{1b}[2Jcleared', '\u{fffd}[2Jcleared'],
    ['two\nlines', 'two\u{fffd}lines'],
    ['right\u{202e}left', 'right\u{fffd}left'],
    ['', '-'],
    [0, '0'],
    [{ a: 1 }, '{"a":1}'],
    [['a', null], 'a, -'],
  ])('the value %j is printed without what a terminal would carry out: %j', (value, printed) => {
    expect(cell(value)).toBe(printed);
  });
});
