import { describe, expect, it } from 'vitest';

import { redirectUriOf } from './redirect-uri.js';

const PUBLIC_URL = 'https://chancery.test';
const ID = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';
const OTHER_ID = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2c';

describe('where a provider sends the browser back', () => {
  it('where a provider sends the browser back is the page of the console, unless a program on the machine is named', () => {
    expect(redirectUriOf(undefined, PUBLIC_URL, ID)).toBe(`https://chancery.test/console/sign-in/callback/${ID}`);
    for (const uri of [`http://127.0.0.1:8400/callback/${ID}`, `http://[::1]:1/${ID}`])
      expect(redirectUriOf(uri, PUBLIC_URL, ID)).toBe(uri);
  });

  it.each([
    `https://chancery.test/console/sign-in/callback/${ID}`,
    `http://localhost:8400/${ID}`,
    `http://127.0.0.1.evil.test/${ID}`,
    `http://user@127.0.0.1/${ID}`,
    `https://127.0.0.1/${ID}`,
    `http://127.0.0.1:8400/${ID}?next=1`,
    `http://127.0.0.1:8400/${ID}#code`,
    'http://127.0.0.1:8400/callback',
    `http://127.0.0.1:8400/callback/${OTHER_ID}`,
    `http://127.0.0.1:8400/${ID}/callback`,
    `http://127.0.0.1:8400/another${ID}`,
    `custom:/${ID}`,
    'not a URL',
  ])('where a provider sends the browser back is never %s', (uri) => {
    expect(() => redirectUriOf(uri, PUBLIC_URL, ID)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
  });
});
