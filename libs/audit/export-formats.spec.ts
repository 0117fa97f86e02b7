import { describe, expect, it } from 'vitest';

import { csvCell } from './export-formats.js';

describe('a cell of a spreadsheet', () => {
  it.each([
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '＝1+1',
    '＋1',
    '－1',
    '＠SUM(A1)',
    ' =1',
    '\u00a0=1',
    '\u2028=1',
    '\ufeff=1',
  ])('a cell that begins as %j does is text to every program', (text) => {
    expect(csvCell(text)).toBe(`"'${text}"`);
  });

  it('a cell of anything else is as it was, in quotation marks', () => {
    expect(['a=b', ' a', 'say "x"', '{"a":1}', '', null, undefined].map(csvCell)).toEqual([
      '"a=b"',
      '" a"',
      '"say ""x"""',
      '"{""a"":1}"',
      '""',
      '""',
      '""',
    ]);
    expect(csvCell({ a: '=1' })).toBe('"{""a"":""=1""}"');
  });
});
