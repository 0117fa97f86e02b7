import { DomainError, type ErrorKind } from '#core';

import { acmeType } from './errors.js';

/** Errors of other libraries that the protocol has a type for, by code. */
const BY_CODE: Readonly<Record<string, string>> = {
  INVALID_CSR: 'badCSR',
  WEAK_KEY: 'badCSR',
  POLICY_VIOLATION: 'badCSR',
  CA_NOT_USABLE: 'unauthorized',
  CERTIFICATE_REPLACED: 'alreadyReplaced',
};

/** What everything else means to a client, by kind. */
const BY_KIND: Readonly<Record<ErrorKind, string>> = {
  invalid: 'malformed',
  unauthenticated: 'unauthorized',
  forbidden: 'unauthorized',
  'not-found': 'malformed',
  'method-not-allowed': 'malformed',
  conflict: 'malformed',
  gone: 'malformed',
  'precondition-failed': 'malformed',
  'too-large': 'malformed',
  'unsupported-media': 'malformed',
  unprocessable: 'malformed',
  'rate-limited': 'rateLimited',
  internal: 'serverInternal',
  unavailable: 'serverInternal',
};

/** An error as ACME clients read it: with a type of the protocol (RFC 8555 §6.7), and everything that is wrong in words. */
export function asAcmeError(error: DomainError): DomainError {
  if (error.definition.type !== undefined) return error;
  const { code, kind, errors, extensions, retryAfterSeconds, cause } = error;
  const type = acmeType(BY_CODE[code] ?? BY_KIND[kind]);
  const detail = errors && errors.length > 1 ? errors.map((each) => each.detail).join('; ') : error.message;
  return new DomainError(
    code,
    { ...error.definition, type },
    {
      detail,
      extensions,
      ...(errors === undefined ? {} : { errors }),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
