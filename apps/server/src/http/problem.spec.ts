import { NotFoundException, PayloadTooLargeException } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { coreErrors } from '#core';
import { toDomainError } from './foreign-errors.js';
import { problemHeaders, toProblem } from './problem.js';

const REQUEST = { instance: '/v1/things?secret=1', requestId: 'r1' };

describe('toProblem', () => {
  it('toProblem names the occurrence and keeps reserved members', () => {
    const error = coreErrors.WRONG_STATE({
      detail: 'it is gone',
      extensions: { state: 'deleted', status: 1, code: 'X' },
    });
    expect(toProblem(error, REQUEST)).toEqual({
      type: 'urn:chancery:error:wrong-state',
      title: 'The current state of the resource does not permit this action',
      status: 409,
      detail: 'it is gone',
      instance: '/v1/things',
      code: 'WRONG_STATE',
      requestId: 'r1',
      state: 'deleted',
    });
  });

  it('toProblem says nothing internal', () => {
    const error = coreErrors.INTERNAL_ERROR({
      detail: 'db01 is down',
      extensions: { host: 'db01' },
      errors: [{ pointer: '', code: 'X', detail: 'db01' }],
    });
    expect(JSON.stringify(toProblem(error, REQUEST))).not.toContain('db01');
  });
});

describe('problemHeaders', () => {
  it('problemHeaders sets WWW-Authenticate and Retry-After', () => {
    expect(problemHeaders(coreErrors.CREDENTIALS_REQUIRED())).toMatchObject({ 'WWW-Authenticate': 'Bearer' });
    expect(problemHeaders(coreErrors.BUSY({ retryAfterSeconds: 1.2 }))).toMatchObject({ 'Retry-After': '2' });
  });
});

describe('toDomainError', () => {
  const fastify = (code: string, statusCode = 400) =>
    Object.assign(new Error('words of a framework'), { code, statusCode });

  it.each([
    [coreErrors.NOT_FOUND(), 'NOT_FOUND'],
    [new NotFoundException(), 'NOT_FOUND'],
    [new PayloadTooLargeException(), 'PAYLOAD_TOO_LARGE'],
    [fastify('FST_ERR_CTP_BODY_TOO_LARGE', 413), 'PAYLOAD_TOO_LARGE'],
    [fastify('FST_ERR_CTP_INVALID_MEDIA_TYPE', 415), 'UNSUPPORTED_MEDIA_TYPE'],
    [fastify('FST_ERR_BAD_URL'), 'VALIDATION_ERROR'],
    [fastify('FST_ERR_UNHEARD_OF'), 'INTERNAL_ERROR'],
    [Object.assign(new Error('words'), { expose: true, statusCode: 404 }), 'NOT_FOUND'],
    [Object.assign(new Error('words'), { statusCode: 404 }), 'INTERNAL_ERROR'],
    ['thrown text', 'INTERNAL_ERROR'],
    [undefined, 'INTERNAL_ERROR'],
  ])('toDomainError translates case %#: %s', (thrown, code) => {
    const error = toDomainError(thrown);
    expect(error.code).toBe(code);
    expect(error.message).not.toContain('framework');
  });

  it('toDomainError names the member that a JSON schema rejected', () => {
    const validation = [
      { keyword: 'additionalProperties', instancePath: '', params: { additionalProperty: 'a/b' } },
      { keyword: 'required', instancePath: '/claims', params: { missingProperty: 'sub' } },
      { keyword: 'maxLength', instancePath: '/subject', params: {}, message: 'is too long' },
    ];
    expect(toDomainError(Object.assign(new Error('words'), { validation })).errors).toEqual([
      { pointer: '/a~1b', code: 'UNKNOWN_FIELD', detail: 'is not a field of this request' },
      { pointer: '/claims/sub', code: 'REQUIRED', detail: 'is required' },
      { pointer: '/subject', code: 'MAX_LENGTH', detail: 'is too long' },
    ]);
  });
});
