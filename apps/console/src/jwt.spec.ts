import { describe, expect, it } from 'vitest';

import { decodeToken } from './jwt.js';

describe('decodeToken', () => {
  it('a token is decoded, with characters beyond ASCII', () => {
    // {"alg":"ES256"} and {"sub":"Zoë"}
    const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJab8OrIn0.c2ln';
    expect(decodeToken(token)).toEqual({ header: { alg: 'ES256' }, payload: { sub: 'Zoë' } });
  });

  it.each(['', 'a.b', 'a.b.c', 'e30.!!.x'])('what is no token is not decoded: %j', (text) => {
    expect(decodeToken(text)).toBeUndefined();
  });
});
