import { describe, expect, it } from 'vitest';
import { choices } from '#sdk';

import { profileForm, profileOf } from './profile-form.js';

describe('profileForm', () => {
  it('the form of a profile asks for what its format does not fix', () => {
    expect(profileForm('jwt')).toMatchObject({ issuer: 'optional', isOpen: true, certificates: false });
    expect(profileForm('ccai-user')).toMatchObject({ issuer: 'required', isOpen: false });
    expect(profileForm('xima-licensing')).toMatchObject({ issuer: 'unused', certificates: true });
  });

  it('every format of the API has a form, whose input asks for no claim that a profile may forbid', () => {
    for (const format of choices.TokenProfileRequest.format) {
      const { input } = profileForm(format);
      expect('claims' in input ? input.claims : {}).toEqual({});
    }
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
