import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { type EpochMilliseconds, toEpochSeconds, toHttpDate } from '#core';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);
/** Headers that describe a body that is not sent. */
const OF_THE_BODY = ['Content-Type', 'Content-Length', 'Content-Encoding'] as const;

/** Whether `If-None-Match` names the tag, by the weak comparison of RFC 9110 §13.1.2. */
export const isKnownTag = (ifNoneMatch: string, tag: string): boolean =>
  ifNoneMatch.split(',').some((item) => ['*', tag].includes(item.trim().replace(/^W\//, '')));

/**
 * The instant of a document as its `Last-Modified`; `undefined` within the very second in which it was made, for another
 * document may be made in that second (RFC 9110 §8.8.2.2).
 */
export function lastModified(made: EpochMilliseconds, now: EpochMilliseconds): string | undefined {
  return toEpochSeconds(now) > toEpochSeconds(made) ? toHttpDate(made) : undefined;
}

/**
 * Answers 304 without a body if the caller has the current representation: a route sets `ETag` or `Last-Modified`, and
 * this evaluates the condition (RFC 9110 §13.2.1). A date counts only if it is exactly the one that was returned.
 *
 * Must be called after every other hook that sets these headers.
 */
export function answerConditions(server: FastifyInstance): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    const isReplaceable = typeof payload === 'string' || Buffer.isBuffer(payload) || payload === null;
    if (!isReplaceable || !isHeldByCaller(request, reply)) return done(null, payload);
    reply.status(304);
    for (const name of OF_THE_BODY) reply.removeHeader(name);
    done(null, '');
  });
}

function isHeldByCaller({ method, headers }: FastifyRequest, reply: FastifyReply): boolean {
  if (!SAFE_METHODS.has(method) || reply.statusCode !== 200) return false;
  const tag = reply.getHeader('ETag');
  const { 'if-none-match': ifNoneMatch, 'if-modified-since': ifModifiedSince } = headers;
  // §13.1.3: a date is ignored if there is a tag.
  if (ifNoneMatch !== undefined) return typeof tag === 'string' && isKnownTag(ifNoneMatch, tag);
  return ifModifiedSince !== undefined && ifModifiedSince === reply.getHeader('Last-Modified');
}
