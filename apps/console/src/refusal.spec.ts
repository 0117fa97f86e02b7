import { describe, expect, it } from 'vitest';

import { ChanceryError } from '#sdk';

import { refusalText } from './refusal.js';

describe('why something did not work, in words', () => {
  it.each<[string, unknown, RegExp]>([
    ['no answer came', new TypeError('Failed to fetch'), /could not be reached/],
    ['a proxy answers alone', new ChanceryError(502, '<html>'), /not there at the moment/],
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
