import { describe, expect, it } from 'vitest';

import { relyingPartyOf } from './relying-party.js';

describe('the relying party', () => {
  it.each([
    ['https://chancery.example', { id: 'chancery.example', origin: 'https://chancery.example' }],
    ['https://chancery.example:8443/base', { id: 'chancery.example', origin: 'https://chancery.example:8443' }],
    ['http://127.0.0.1:3000', { id: 'localhost', origin: 'http://localhost:3000' }],
    ['http://[::1]', { id: 'localhost', origin: 'http://localhost' }],
    ['https://192.0.2.1', undefined],
    ['https://[2001:db8::1]:8443', undefined],
    ['http://chancery.example', undefined],
    ['http://localhost.example', undefined],
  ])('the relying party of %s', (url, expected) => {
    expect(relyingPartyOf(url)).toEqual(expected);
  });
});
