import { createHash } from 'node:crypto';
import { type ExecutionContext, createParamDecorator } from '@nestjs/common';
import { ApiHeader } from './api-declarations.js';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { coreErrors } from '#core';
import type { SeenVersions } from '#database';

const DIGEST_CHARACTERS = 16;
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * The version of a single resource as its strong entity tag (RFC 9110 §8.8.3).
 * @param shown the representation, if the version alone does not decide it
 */
export const entityTag = (version: number, shown?: string): string =>
  shown === undefined ? `"${version}"` : `"${version}-${digestOf(shown).slice(0, DIGEST_CHARACTERS)}"`;

/** The strong entity tag of a document without a version, from its bytes. */
export const contentTag = (body: string | Buffer): string => `"${digestOf(body)}"`;

const digestOf = (body: string | Buffer): string => createHash('sha256').update(body).digest('base64url');

/** A version, followed by the digest of the representation. */
const OUR_TAG = /^"(0|[1-9]\d{0,14})(?:-[\w-]{16})?"$/;
const ANY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;
/** Replaces tags while the list is checked; no header contains it. */
const A_TAG = '\0';

/** The tags of a list, whose elements may be empty (RFC 9110 §5.6.1.2); `undefined` if it is not a list of tags. */
function tagsOf(list: string): readonly string[] | undefined {
  const elements = list.replaceAll(ANY_TAG, A_TAG).split(',');
  if (elements.some((element) => !['', A_TAG].includes(element.trim()))) return undefined;
  const tags = list.match(ANY_TAG) ?? [];
  return tags.length === 0 ? undefined : tags;
}

/**
 * Reads `If-Match` (RFC 9110 §13.1.1) for resources that carry one version.
 *
 * @returns the versions of which one must still be current; `undefined` where there is no condition (`*` holds for what exists).
 *   Weak tags never match in the strong comparison that If-Match asks for, foreign ones never match at all.
 * @throws PRECONDITION_FAILED if no tag has the form of this API, VALIDATION_ERROR if it is not a list of tags
 */
export function parseIfMatch(header: string | undefined): SeenVersions | undefined {
  const value = header?.trim();
  if (value === undefined || value === '*') return undefined;
  const tags = tagsOf(value);
  if (tags === undefined) {
    const detail = 'must be "*" or entity tags, as the ETag header gave them';
    throw coreErrors.VALIDATION_ERROR({
      detail: `If-Match ${detail}`,
      errors: [{ pointer: 'If-Match', code: 'INVALID_ENTITY_TAG', detail }],
    });
  }
  const versions = tags.flatMap((tag) => OUR_TAG.exec(tag)?.[1] ?? []).map(Number);
  if (versions.length === 0) throw coreErrors.PRECONDITION_FAILED();
  return versions;
}

/**
 * Sets `ETag` on responses with a single resource that has a `version` (or `revision`, if its format uses `version` for
 * something else). The tag of a read holds a digest beside the version: some members (when a
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
    description:
      'The ETag of the resource as it was read, or several of which one must be current; 412 if it has changed since',
    schema: { type: 'string', example: '"3"' },
  })(target, key, method);
};

/** The versions that `If-Match` names, or `undefined`; see `parseIfMatch`. */
export const IfMatch = createParamDecorator(
  (_: unknown, context: ExecutionContext): SeenVersions | undefined =>
    parseIfMatch(context.switchToHttp().getRequest<FastifyRequest>().headers['if-match']),
  [documentIfMatch],
);
