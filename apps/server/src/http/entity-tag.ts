import { createHash } from 'node:crypto';
import { type ExecutionContext, createParamDecorator } from '@nestjs/common';
import { ApiHeader } from './api-declarations.js';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { coreErrors } from '#core';

const DIGEST_CHARACTERS = 16;
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * The version of a single resource as its strong entity tag (RFC 9110 §8.8.3).
 * @param shown what is sent, where that is not decided by the version alone
 */
export const entityTag = (version: number, shown?: string): string =>
  shown === undefined ? `"${version}"` : `"${version}-${digestOf(shown).slice(0, DIGEST_CHARACTERS)}"`;

/** The strong entity tag of a document that is known by its bytes only. */
export const contentTag = (body: string | Buffer): string => `"${digestOf(body)}"`;

const digestOf = (body: string | Buffer): string => createHash('sha256').update(body).digest('base64url');

/** A version, and behind it the digest of what a read showed. */
const OUR_TAG = /^"(0|[1-9]\d{0,14})(?:-[\w-]{16})?"$/;
const ANY_TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;

/**
 * Reads `If-Match` (RFC 9110 §13.1.1) for resources that carry one version.
 *
 * @returns the version that must still be current; `undefined` where there is no condition (`*` holds for what exists)
 * @throws PRECONDITION_FAILED for a tag that this API never gives out, VALIDATION_ERROR for what is no single tag
 */
export function parseIfMatch(header: string | undefined): number | undefined {
  const value = header?.trim();
  if (value === undefined || value === '*') return undefined;
  const version = OUR_TAG.exec(value)?.[1];
  if (version !== undefined) return Number(version);
  // Weak tags never match in the strong comparison that If-Match asks for, foreign ones never match at all.
  if (ANY_TAG.test(value)) throw coreErrors.PRECONDITION_FAILED();
  const detail = 'must be "*" or exactly one entity tag, as the ETag header gave it';
  throw coreErrors.VALIDATION_ERROR({
    detail: `If-Match ${detail}`,
    errors: [{ pointer: 'If-Match', code: 'INVALID_ENTITY_TAG', detail }],
  });
}

/**
 * Gives `ETag` to answers that are a single resource with a `version`; a resource whose own vocabulary has another
 * meaning for that word says `revision`. The tag of a read holds a digest beside the version: some members (when a
 * credential was last used) change without a new version, and a client that asks with `If-None-Match` must see that.
 */
export function tagResources(server: FastifyInstance): void {
  server.addHook('preSerialization', (request, reply, body, done) => {
    const { revision, version } = (body ?? {}) as { revision?: unknown; version?: unknown };
    const current = Number.isSafeInteger(revision) ? revision : version;
    if (Number.isSafeInteger(current) && reply.statusCode < 300) {
      const isRead = READING.has(request.method);
      reply.header('ETag', entityTag(current as number, isRead ? JSON.stringify(body) : undefined));
    }
    done(null, body);
  });
}

const documentIfMatch: ParameterDecorator = (target, key) => {
  const method = key === undefined ? undefined : Object.getOwnPropertyDescriptor(target, key);
  if (key === undefined || method === undefined) return;
  ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'The ETag of the resource as it was read; 412 if it has changed since',
    schema: { type: 'string', example: '"3"' },
  })(target, key, method);
};

/** The version that `If-Match` names, or `undefined`; see `parseIfMatch`. */
export const IfMatch = createParamDecorator(
  (_: unknown, context: ExecutionContext): number | undefined =>
    parseIfMatch(context.switchToHttp().getRequest<FastifyRequest>().headers['if-match']),
  [documentIfMatch],
);
