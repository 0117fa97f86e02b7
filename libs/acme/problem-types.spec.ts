import { describe, expect, it } from 'vitest';

import { authorityErrors, certificateErrors } from '#certificates';
import { coreErrors } from '#core';
import { keyFileErrors } from '#crypto';

import { acmeErrors } from './errors.js';
import { asAcmeError } from './problem-types.js';

const typeOf = (error: Parameters<typeof asAcmeError>[0]) => asAcmeError(error).definition.type?.split(':').at(-1);

describe('an error as ACME clients read it', () => {
  it.each([
    [acmeErrors.ACME_BAD_NONCE(), 'badNonce'],
    [certificateErrors.INVALID_CSR(), 'badCSR'],
    [certificateErrors.POLICY_VIOLATION(), 'badCSR'],
    [keyFileErrors.WEAK_KEY(), 'badCSR'],
    [certificateErrors.LINT_FAILED(), 'malformed'],
    [authorityErrors.CA_NOT_USABLE(), 'unauthorized'],
    [coreErrors.NOT_FOUND(), 'malformed'],
    [coreErrors.RATE_LIMITED(), 'rateLimited'],
    [coreErrors.BUSY(), 'serverInternal'],
    [coreErrors.INTERNAL_ERROR(), 'serverInternal'],
  ])('an error as ACME clients read it: %o is %s', (error, type) => {
    expect(typeOf(error)).toBe(type);
  });

  it('an error as ACME clients read it has its code, and everything that is wrong in words', () => {
    const errors = ['one', 'two'].map((detail) => ({ pointer: '/csr', code: 'X', detail }));
    const error = asAcmeError(certificateErrors.POLICY_VIOLATION({ detail: 'There are 2 objections', errors }));
    expect([error.code, error.message, error.errors]).toEqual(['POLICY_VIOLATION', 'one; two', errors]);
  });
});
