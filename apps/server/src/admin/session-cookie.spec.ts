import { describe, expect, it } from 'vitest';

import { cookieFormOf, isOwnPage } from './session-cookie.js';

describe('the cookie of a session', () => {
  it('the cookie of a session is bound to its host over https', () => {
    expect(cookieFormOf('https://chancery.example/base', 'chancery-session')).toEqual({
      name: '__Host-chancery-session',
      attributes: { path: '/', httpOnly: true, secure: true, sameSite: 'strict' },
    });
  });

  it.each(['http://127.0.0.1:3000', 'http://localhost:3000', 'http://[::1]:3000'])(
    'the cookie of a session has neither prefix nor Secure at %s',
    (url) => {
      expect(cookieFormOf(url, 'chancery-session')).toEqual({
        name: 'chancery-session',
        attributes: { path: '/', httpOnly: true, sameSite: 'strict' },
      });
    },
  );

  it.each(['http://chancery.example', 'http://10.0.0.5:3000', 'http://127.0.0.1.example'])(
    'the cookie of a session is not sent in the clear, at %s',
    (url) => {
      expect(cookieFormOf(url, 'chancery-session')).toBeUndefined();
    },
  );
});

describe('isOwnPage', () => {
  const PUBLIC = 'https://chancery.example';
  const LOCAL = 'http://127.0.0.1:3000';

  it.each([
    ['of the public URL', PUBLIC, { origin: PUBLIC, 'sec-fetch-site': 'same-origin' }, true],
    ['of the public URL, in an older browser', PUBLIC, { origin: PUBLIC }, true],
    ['without an origin', PUBLIC, { 'sec-fetch-site': 'same-origin', host: 'chancery.example' }, false],
    ['of a sandbox', PUBLIC, { origin: 'null' }, false],
    ['of another site', PUBLIC, { origin: 'https://evil.example' }, false],
    ['of another host of the site', PUBLIC, { origin: 'https://www.chancery.example' }, false],
    ['of another port', PUBLIC, { origin: 'https://chancery.example:8443' }, false],
    ['over http', PUBLIC, { origin: 'http://chancery.example' }, false],
    ['that the browser calls cross-site', PUBLIC, { origin: PUBLIC, 'sec-fetch-site': 'cross-site' }, false],
    ['that the browser calls same-site', PUBLIC, { origin: PUBLIC, 'sec-fetch-site': 'same-site' }, false],
    ['of the machine by another name', LOCAL, { origin: 'http://localhost:3000', host: 'localhost:3000' }, true],
    ['of another port of the machine', LOCAL, { origin: 'http://localhost:8080', host: 'localhost:3000' }, false],
    ['of a foreign name that leads here', LOCAL, { origin: 'http://evil.example', host: 'evil.example' }, false],
    ['of a local server, to a public one', PUBLIC, { origin: 'http://localhost', host: 'localhost' }, false],
  ])('isOwnPage: a page %s', (_, url, facts, expected) => {
    expect(isOwnPage(facts, url)).toBe(expected);
  });
});
