import { HttpCode, Post, applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiParam, ApiResponse, ApiTags } from '../../http/api-declarations.js';

import { acmeErrors } from '#acme';
import type { ErrorFactory } from '#core';
import { databaseErrors } from '#database';
import { callerErrors } from '#service-keys';

import { AcceptsAnyInput } from '../../http/declared-input.guard.js';
import { Fails } from '../../http/fails.js';
import { RateLimited } from '../../http/rate-limit.js';
import { Public } from '../../http/requires.js';
import { JWS_SCHEMA } from './acme.contract.js';

/** All routes of the protocol are public: the key that signs a request decides what its client may do. */
export const AcmeApi = (): ClassDecorator =>
  applyDecorators(ApiTags('ACME'), Public(), RateLimited('acme')) as ClassDecorator;

const {
  ACME_MALFORMED,
  ACME_BAD_NONCE,
  ACME_BAD_SIGNATURE_ALGORITHM,
  ACME_BAD_PUBLIC_KEY,
  ACME_UNAUTHORIZED,
  ACME_ACCOUNT_ENDED,
  ACME_ACCOUNT_NOT_FOUND,
} = acmeErrors;

/** Errors of every signed request. */
const OF_SIGNED_REQUESTS = [
  ACME_MALFORMED,
  ACME_BAD_NONCE,
  ACME_BAD_SIGNATURE_ALGORITHM,
  ACME_BAD_PUBLIC_KEY,
  ACME_UNAUTHORIZED,
  ACME_ACCOUNT_ENDED,
  ACME_ACCOUNT_NOT_FOUND,
  callerErrors.IP_NOT_ALLOWED,
  databaseErrors.AUDIT_UNAVAILABLE,
];

interface AcmeOperation {
  readonly id: string;
  readonly summary: string;
  readonly answer: {
    readonly status?: number;
    readonly description: string;
    /** Another status with the same body, and what it means. */
    readonly also?: { readonly status: number; readonly description: string };
    readonly mediaType?: string;
    readonly schema?: object;
  };
  /** What the parameters of the path are, where their names do not tell. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly fails?: readonly ErrorFactory[];
}

export const AcmeAuthority = (): MethodDecorator => ApiParam({ name: 'caId', description: 'Id of the authority' });

/** A POST of the protocol: its body is a flattened JWS, which the libraries read. */
export function AcmePost(
  path: string,
  { id, summary, answer, parameters = {}, fails = [] }: AcmeOperation,
): MethodDecorator {
  const { status = 200, description, also, mediaType = 'application/json', schema } = answer;
  const content = schema === undefined ? {} : { content: { [mediaType]: { schema } } };
  return applyDecorators(
    Post(path),
    HttpCode(status),
    AcceptsAnyInput(),
    AcmeAuthority(),
    ...Object.entries(parameters).map(([name, text]) => ApiParam({ name, description: text })),
    ApiConsumes('application/jose+json'),
    ApiBody({ description: 'Flattened JWS (RFC 8555 §6.2)', schema: JWS_SCHEMA }),
    ApiOperation({ operationId: id, summary }),
    ...[{ status, description }, ...(also ? [also] : [])].map((one) => ApiResponse({ ...one, ...content })),
    Fails(...OF_SIGNED_REQUESTS, ...fails),
  );
}
