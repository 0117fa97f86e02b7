import type { DomainError, ErrorKind, InputError } from '#core';

/** The one place where what went wrong becomes a status code. */
export const STATUS_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  gone: 410,
  'precondition-failed': 412,
  'too-large': 413,
  'unsupported-media': 415,
  unprocessable: 422,
  'rate-limited': 429,
  internal: 500,
  unavailable: 503,
};

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** A problem document (RFC 9457 §3) with the members that this API adds to it. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly requestId: string;
  readonly errors?: readonly InputError[];
  readonly [extension: string]: unknown;
}

/** A URN names the type: it stays the same wherever this server is installed, and there is nothing to dereference. */
export const problemType = (code: string): string => `urn:chancery:error:${code.toLowerCase().replaceAll('_', '-')}`;

/**
 * The document that answers a refused request. An internal error tells its title only: whatever else it carries was
 * written for the log.
 *
 * @param request the path that was asked for (a query string is cut off, it is not ours to repeat) and the request's id
 */
export function toProblem(error: DomainError, request: { instance: string; requestId: string }): Problem {
  const internal = error.kind === 'internal';
  return {
    // First, so that an extension can never replace a member that clients rely on.
    ...(internal ? {} : error.extensions),
    type: error.definition.type ?? problemType(error.code),
    title: error.definition.title,
    status: STATUS_OF_KIND[error.kind],
    detail: internal ? error.definition.title : error.message,
    instance: pathOf(request.instance),
    code: error.code,
    requestId: request.requestId,
    ...(error.errors === undefined || internal ? {} : { errors: error.errors }),
  };
}

/** The header fields that go with the document: the challenge of RFC 9110 §11.6.1 and `Retry-After` (§10.2.3). */
export function problemHeaders(error: DomainError): Record<string, string> {
  return {
    'Content-Type': PROBLEM_MEDIA_TYPE,
    ...(error.kind === 'unauthenticated' ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(error.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(Math.ceil(error.retryAfterSeconds)) }),
    ...rateLimitHeaders(error),
  };
}

/** What a limit of the domain says of itself, as draft-ietf-httpapi-ratelimit-headers writes it. */
function rateLimitHeaders({ extensions, retryAfterSeconds = 0 }: DomainError): Record<string, string> {
  const limit = extensions['rateLimit'] as { policy: string; quota: number; windowSeconds: number } | undefined;
  if (limit === undefined) return {};
  return {
    RateLimit: `"${limit.policy}";r=0;t=${Math.ceil(retryAfterSeconds)}`,
    'RateLimit-Policy': `"${limit.policy}";q=${limit.quota};w=${limit.windowSeconds}`,
  };
}

/** A request target without its query string. */
export const pathOf = (target: string): string => target.split('?', 1)[0]!;
