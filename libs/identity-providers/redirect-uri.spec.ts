import { describe, expect, it } from 'vitest';

import { redirectUriOf } from './redirect-uri.js';

const PUBLIC_URL = 'https://chancery.test';

describe('where a provider sends the browser back', () => {
  it('where a provider sends the browser back is the page of the console, unless a program on the machine is named', () => {
    expect(redirectUriOf(undefined, PUBLIC_URL)).toBe('https://chancery.test/console/sign-in/callback');
    for (const uri of ['http://127.0.0.1:8400/callback', 'http://[::1]:1/'])
      expect(redirectUriOf(uri, PUBLIC_URL)).toBe(uri);
  });

  it.each([
    'https://chancery.test/console/sign-in/callback',
    'http://localhost:8400/',
    'http://127.0.0.1.evil.test/',
    'http://user@127.0.0.1/',
    'https://127.0.0.1/',
    'http://127.0.0.1:8400/?next=1',
    'http://127.0.0.1:8400/#code',
    'custom:callback',
    'not a URL',
  ])('where a provider sends the browser back is never %s', (uri) => {
    expect(() => redirectUriOf(uri, PUBLIC_URL)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
  });
});
