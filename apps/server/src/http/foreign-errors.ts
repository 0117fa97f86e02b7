import { HttpException } from '@nestjs/common';
import { DomainError, type ErrorFactory, type InputError, coreErrors } from '#core';

/** Errors of Fastify that a client can cause, by Fastify's code. */
const BY_FASTIFY_CODE: Readonly<Record<string, readonly [ErrorFactory, detail?: string]>> = {
  FST_ERR_BAD_URL: [coreErrors.VALIDATION_ERROR, 'The URL is not valid percent-encoded UTF-8'],
  FST_ERR_MAX_PARAM_LENGTH: [coreErrors.NOT_FOUND],
  FST_ERR_CTP_BODY_TOO_LARGE: [coreErrors.PAYLOAD_TOO_LARGE],
  FST_ERR_CTP_EMPTY_JSON_BODY: [coreErrors.MALFORMED_JSON, 'The body is empty'],
  FST_ERR_CTP_EMPTY_TYPE: [coreErrors.UNSUPPORTED_MEDIA_TYPE],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [coreErrors.VALIDATION_ERROR, 'The body is not as long as Content-Length says'],
  FST_ERR_CTP_INVALID_JSON_BODY: [coreErrors.MALFORMED_JSON],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [coreErrors.UNSUPPORTED_MEDIA_TYPE],
};

/** Errors of Nest and of `http-errors`, by status; what is not listed is an internal error. */
const BY_STATUS: Readonly<Record<number, ErrorFactory>> = {
  400: coreErrors.VALIDATION_ERROR,
  401: coreErrors.CREDENTIALS_REQUIRED,
  403: coreErrors.FORBIDDEN,
  404: coreErrors.NOT_FOUND,
  405: coreErrors.METHOD_NOT_ALLOWED,
  413: coreErrors.PAYLOAD_TOO_LARGE,
  414: coreErrors.NOT_FOUND,
  415: coreErrors.UNSUPPORTED_MEDIA_TYPE,
  429: coreErrors.RATE_LIMITED,
  503: coreErrors.BUSY,
};

/**
 * Converts an error of a framework to an error of this product. Its message is never passed on: it may repeat the input.
 *
 * @returns the error itself if it is a DomainError; `INTERNAL_ERROR` with the cause if it is unexpected
 */
export function toDomainError(thrown: unknown): DomainError {
  if (thrown instanceof DomainError) return thrown;
  if (thrown instanceof HttpException) return fromStatus(thrown.getStatus(), thrown);
  if (!(thrown instanceof Error)) return coreErrors.INTERNAL_ERROR({ cause: thrown });
  const { code, statusCode, validation, expose } = thrown as Error & ForeignFields;
  if (Array.isArray(validation)) {
    return coreErrors.VALIDATION_ERROR({ errors: validation.map(fromSchemaFinding), cause: thrown });
  }
  const known = typeof code === 'string' ? BY_FASTIFY_CODE[code] : undefined;
  if (known) return known[0]({ ...(known[1] === undefined ? {} : { detail: known[1] }), cause: thrown });
  // `expose` marks an error of the http-errors family, whose status is meant for the client.
  return fromStatus(expose === true && typeof statusCode === 'number' ? statusCode : 500, thrown);
}

interface ForeignFields {
  code?: unknown;
  statusCode?: unknown;
  validation?: unknown;
  expose?: unknown;
}

const fromStatus = (status: number, cause: Error): DomainError =>
  (BY_STATUS[status] ?? coreErrors.INTERNAL_ERROR)({ cause });

/** One finding of Fastify's compiled JSON schema (Ajv), which guards the signing routes. */
interface SchemaFinding {
  keyword: string;
  instancePath: string;
  message?: string;
  params: { missingProperty?: string; additionalProperty?: string };
}

function fromSchemaFinding({ keyword, instancePath, message, params }: SchemaFinding): InputError {
  if (params.additionalProperty !== undefined) {
    const pointer = `${instancePath}/${escapePointer(params.additionalProperty)}`;
    return { pointer, code: 'UNKNOWN_FIELD', detail: 'is not a field of this request' };
  }
  if (params.missingProperty !== undefined) {
    const pointer = `${instancePath}/${escapePointer(params.missingProperty)}`;
    return { pointer, code: 'REQUIRED', detail: 'is required' };
  }
  return { pointer: instancePath, code: screamingSnake(keyword), detail: message ?? 'is not valid' };
}

/** One reference token of a JSON pointer (RFC 6901 §3). */
export const escapePointer = (token: string): string => token.replaceAll('~', '~0').replaceAll('/', '~1');

export const screamingSnake = (camelCase: string): string =>
  camelCase.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
