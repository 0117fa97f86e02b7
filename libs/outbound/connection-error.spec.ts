import { describe, expect, it } from 'vitest';

import { connectionErrorOf } from './connection-error.js';

const withCode = (code: string): Error => Object.assign(new Error('an attempt failed'), { code });
const withName = (name: string): Error => Object.assign(new Error('an attempt failed'), { name });

describe('the error of a connection', () => {
  it.each([
    [withCode('ENOTFOUND'), 'NAME_NOT_FOUND'],
    [withCode('EDNS'), 'NAME_NOT_FOUND'],
    [withCode('CERT_HAS_EXPIRED'), 'CERTIFICATE_REJECTED'],
    [withCode('DEPTH_ZERO_SELF_SIGNED_CERT'), 'CERTIFICATE_REJECTED'],
    [withCode('ERR_TLS_CERT_ALTNAME_INVALID'), 'CERTIFICATE_REJECTED'],
    [withCode('ETIMEDOUT'), 'TIMED_OUT'],
    [withName('TimeoutError'), 'TIMED_OUT'],
    [withCode('ECONNREFUSED'), 'CONNECTION_FAILED'],
    [new Error('without a code'), 'CONNECTION_FAILED'],
  ])('the error of a connection %o means %s', (error, meaning) => {
    expect(connectionErrorOf(error)).toBe(meaning);
  });
});
