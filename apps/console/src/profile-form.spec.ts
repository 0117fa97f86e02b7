import { describe, expect, it } from 'vitest';
import { choices } from '#sdk';

import { profileForm, profileOf } from './profile-form.js';

describe('profileForm', () => {
  it('the form of each format of the API is a choice of its own', () => {
    const unknown = profileForm('a format of tomorrow');
    expect(choices.TokenProfileRequest.format.filter((format) => profileForm(format) === unknown)).toEqual([]);
  });
});

describe('profileOf', () => {
  it('only fields that were filled in are sent, numbers and lists as such', () => {
    expect(profileOf({ name: 'a', format: 'jwt', audience: 'x, y', ttlSeconds: '300', settings: '{"a":1}' })).toEqual({
      name: 'a',
      format: 'jwt',
      audience: ['x', 'y'],
      ttlSeconds: 300,
      settings: { a: 1 },
    });
  });

  it('settings that are no JSON are refused before they are sent', () => {
    expect(() => profileOf({ name: 'a', format: 'jwt', settings: '{' })).toThrow(SyntaxError);
  });
});
