import { describe, expect, it } from 'vitest';

import { providerAnswerIn } from './provider-answer.js';

describe('the answer of an identity provider', () => {
  it.each([
    [
      '?code=a%20b&state=s&iss=https%3A%2F%2Flogin.test&session_state=x',
      { code: 'a b', state: 's', iss: 'https://login.test' },
    ],
    ['?error=access_denied&state=s', { error: 'access_denied', state: 's' }],
    ['', { state: 'none' }],
  ])('the answer of an identity provider in the address %j', (query, answer) => {
    expect(providerAnswerIn('provider', query)).toEqual({ identityProviderId: 'provider', ...answer });
  });
});
