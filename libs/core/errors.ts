/**
 * The one error type of the product. A feature declares its errors in a table (`defineErrors`); the HTTP shell maps the
 * `kind` to a status in one place, and `docs/errors.md` is generated from the same tables.
 */

/** What went wrong, seen from the caller; the HTTP shell owns the mapping to a status code. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'conflict'
  | 'gone'
  | 'precondition-failed'
  | 'too-large'
  | 'unsupported-media'
  | 'unprocessable'
  | 'rate-limited'
  | 'internal'
  | 'unavailable';

/** One finding about one member of the input; `pointer` is a JSON pointer (RFC 6901) into the request body. */
export interface InputError {
  pointer: string;
  code: string;
  detail: string;
}

interface ErrorDefinition {
  kind: ErrorKind;
  /** Short, the same for every occurrence (RFC 9457 §3.1.3). */
  title: string;
  /** URI of the problem type, where a standard names one (RFC 8555 §6.7); otherwise it is made from the code. */
  type?: string;
}

interface ErrorOccurrence {
  /** What happened this time, in words for the caller. Never a secret, never an internal name. */
  detail?: string;
  errors?: InputError[];
  /** Whole seconds after which another attempt makes sense; becomes `Retry-After`. */
  retryAfterSeconds?: number;
  /** Further members of the problem document. */
  extensions?: Record<string, unknown>;
  cause?: unknown;
}

export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly errors: InputError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly extensions: Record<string, unknown>;

  constructor(
    readonly code: string,
    readonly definition: ErrorDefinition,
    occurrence: ErrorOccurrence = {},
  ) {
    super(
      occurrence.detail ?? detailOf(occurrence.errors) ?? definition.title,
      occurrence.cause === undefined ? {} : { cause: occurrence.cause },
    );
    this.errors = occurrence.errors;
    this.retryAfterSeconds = occurrence.retryAfterSeconds;
    this.extensions = occurrence.extensions ?? {};
  }

  get kind(): ErrorKind {
    return this.definition.kind;
  }
}

/** What is wrong with the first of the members. */
const detailOf = ([first]: readonly InputError[] = []): string | undefined =>
  first && `${first.pointer} ${first.detail}`.trim();

export type ErrorFactory = ((occurrence?: ErrorOccurrence | string) => DomainError) & { readonly code: string };

export interface ErrorTable {
  readonly feature: string;
  readonly definitions: Readonly<Record<string, ErrorDefinition>>;
}

/**
 * Declares the errors of one feature: `const keyErrors = defineErrors('keys', { WEAK_KEY: {...} })`, then
 * `throw keyErrors.WEAK_KEY('the modulus has 512 bits')`. The code is the property's name.
 */
export function defineErrors<const T extends Record<string, ErrorDefinition>>(
  feature: string,
  definitions: T,
): { readonly [Code in keyof T]: ErrorFactory } & { readonly table: ErrorTable } {
  const factories: Record<string, unknown> = { table: { feature, definitions } };
  for (const [code, definition] of Object.entries(definitions)) {
    const make = (occurrence: ErrorOccurrence | string = {}): DomainError =>
      new DomainError(code, definition, typeof occurrence === 'string' ? { detail: occurrence } : occurrence);
    factories[code] = Object.defineProperty(make, 'code', { value: code });
  }
  return factories as never;
}

/** Errors that belong to no single feature. */
export const coreErrors = defineErrors('core', {
  VALIDATION_ERROR: { kind: 'invalid', title: 'Invalid request' },
  MALFORMED_JSON: { kind: 'invalid', title: 'The body is not valid JSON' },
  CREDENTIALS_REQUIRED: { kind: 'unauthenticated', title: 'Credentials are required' },
  INVALID_CREDENTIALS: { kind: 'unauthenticated', title: 'Invalid credentials' },
  NOT_FOUND: { kind: 'not-found', title: 'Resource not found' },
  METHOD_NOT_ALLOWED: { kind: 'method-not-allowed', title: 'The method is not allowed for this resource' },
  FORBIDDEN: { kind: 'forbidden', title: 'Your role does not permit this' },
  WRONG_STATE: { kind: 'conflict', title: 'The current state of the resource does not permit this action' },
  GONE: { kind: 'gone', title: 'Resource no longer available' },
  PRECONDITION_FAILED: { kind: 'precondition-failed', title: 'The resource has changed since it was read' },
  PAYLOAD_TOO_LARGE: { kind: 'too-large', title: 'The body is larger than this endpoint accepts' },
  UNSUPPORTED_MEDIA_TYPE: { kind: 'unsupported-media', title: 'Unsupported content type' },
  RATE_LIMITED: { kind: 'rate-limited', title: 'Too many requests' },
  BUSY: { kind: 'unavailable', title: 'The server is overloaded; try again later' },
  INTERNAL_ERROR: { kind: 'internal', title: 'Internal error' },
});
