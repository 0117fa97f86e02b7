import { describe, expect, it } from 'vitest';

import { shownByService } from './caller-facts.js';

const KEY = { serviceKey: 'csk_key', sourceAddress: null };

describe('shownByService', () => {
  it.each(['Basic dXNlcjpwYXNz', 'basic x', 'Basic', 'Digest username="a"', 'Negotiate YII=', 'NTLM TlRM'])(
    'shownByService leaves %s out beside a service key',
    (authorization) => {
      expect(shownByService({ ...KEY, authorization })).toEqual(KEY);
    },
  );

  it.each(['Bearer a.b.c', 'bearer a', 'Token a', 'a.b.c', 'Basically x', '', 'Bearer Basic x'])(
    'shownByService keeps %j beside a service key: the JWT alone decides',
    (authorization) => {
      expect(shownByService({ ...KEY, authorization })).toEqual({ ...KEY, authorization });
    },
  );

  it('shownByService keeps every header where there is no key', () => {
    const facts = { authorization: 'Basic dXNlcjpwYXNz', sourceAddress: '203.0.113.7' };
    expect(shownByService(facts)).toEqual(facts);
  });
});
