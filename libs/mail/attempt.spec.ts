import { describe, expect, it } from 'vitest';

import { attemptOf, isFinal, isOfServer } from './attempt.js';

const failed = (fields: object) => attemptOf(Object.assign(new Error('an attempt failed'), fields));

describe('a failed attempt to send an e-mail', () => {
  it.each([
    [{ code: 'EENVELOPE', responseCode: 550 }, 'REJECTED', 'final'],
    [{ code: 'EMESSAGE', responseCode: 554 }, 'REJECTED', 'final'],
    [{ code: 'EENVELOPE' }, 'REJECTED', 'final'],
    [{ code: 'EENVELOPE', responseCode: 450 }, 'TEMPORARILY_REJECTED', 'of the mail'],
    [{ code: 'EMESSAGE', responseCode: 452 }, 'TEMPORARILY_REJECTED', 'of the mail'],
    [{ code: 'EAUTH', responseCode: 535 }, 'SIGN_IN_REJECTED', 'of the server'],
    [{ code: 'ETLS', responseCode: 500 }, 'TLS_NOT_OFFERED', 'of the server'],
    [{ code: 'ESOCKET', originalCode: 'CERT_HAS_EXPIRED' }, 'CERTIFICATE_REJECTED', 'of the server'],
    [{ code: 'ESOCKET', originalCode: 'ECONNREFUSED' }, 'CONNECTION_FAILED', 'of the server'],
    [{ code: 'EDNS' }, 'NAME_NOT_FOUND', 'of the server'],
    [{ code: 'ETIMEDOUT' }, 'TIMED_OUT', 'of the server'],
    [{ code: 'EPROTOCOL', responseCode: 554 }, 'CONNECTION_FAILED', 'of the server'],
  ])('a failed attempt to send an e-mail with %o is %s', (fields, error, meaning) => {
    const attempt = failed(fields);
    expect(attempt.error).toBe(error);
    expect([isFinal(attempt), isOfServer(attempt)]).toEqual([meaning === 'final', meaning === 'of the server']);
  });
});
