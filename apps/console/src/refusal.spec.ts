import { describe, expect, it } from 'vitest';

import { ChanceryError } from '#sdk';

import { faultsIn, faultsOf, refusalText } from './refusal.js';

describe('why something did not work, in words', () => {
  it.each<[string, unknown, RegExp]>([
    ['no answer came', new TypeError('Failed to fetch'), /could not be reached/],
    ['a proxy answers alone', new ChanceryError(502, '<html>'), /currently unavailable/],
    ['something else answers', new ChanceryError(404, '<html>'), /status 404 and no problem document/],
    [
      'the server refuses',
      new ChanceryError(409, { code: 'LAST_OWNER', detail: 'The last owner' }),
      /^The last owner$/,
    ],
    ['the page itself refuses', new Error('The claims cannot be read'), /^The claims cannot be read$/],
  ])('where %s, a person reads so', (_, error, text) => {
    expect(refusalText(error)).toMatch(text);
  });
});

describe('what the server found fault with', () => {
  const errors = [
    { pointer: '/name', code: 'INVALID', detail: 'must not be empty' },
    { pointer: '/subject/commonName', code: 'INVALID', detail: 'is too long' },
    { pointer: '/san/0', code: 'INVALID', detail: 'is no DNS name' },
    { pointer: '', code: 'INVALID', detail: 'is no object' },
  ];
  const faults = faultsIn(new ChanceryError(400, { code: 'VALIDATION_ERROR', detail: 'Not valid', errors }));

  it('a fault is shown at the field of its member, also inside of others and in lists', () => {
    expect(['name', 'commonName', 'san', 'subject', undefined].map((name) => faultsOf(faults, name))).toEqual([
      ['must not be empty'],
      ['is too long'],
      ['is no DNS name'],
      [],
      [],
    ]);
    expect(faultsIn(new TypeError('Failed to fetch'))).toEqual([]);
  });
});
