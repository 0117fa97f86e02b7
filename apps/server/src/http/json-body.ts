import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Json, coreErrors } from '#core';
import { parseStrictJson } from '#crypto';

const JSON_MEDIA_TYPES = /^application\/(?:json|[a-z0-9.!#$&^_-]+\+json)(?:\s*;|$)/i;

/** Reads a body as I-JSON within limits. @throws MALFORMED_JSON */
function parseJsonBody(bytes: Uint8Array): Json {
  const parsed = parseStrictJson(bytes);
  if (parsed.ok) return parsed.value;
  throw coreErrors.MALFORMED_JSON({
    detail: parsed.detail,
    errors: [{ pointer: '', code: parsed.reason, detail: parsed.detail }],
  });
}

/** A body that is no JSON, which the routes under one path read as bytes. */
interface OtherBody {
  readonly mediaType: string;
  readonly under: string;
  readonly maxBytes: number;
}

const OTHER_BODIES: readonly OtherBody[] = [
  // RFC 6960 appendix C.1
  { mediaType: 'application/ocsp-request', under: '/pki/', maxBytes: 4 * 1024 },
  // RFC 8693 §2.1
  { mediaType: 'application/x-www-form-urlencoded', under: '/v1/token-exchange', maxBytes: 32 * 1024 },
];

/** RFC 9110 §15.5.16: no body is decoded here, so that none is larger than it seems. */
function codedBody({ headers }: FastifyRequest): Error | undefined {
  const coding = headers['content-encoding'];
  if (coding === undefined || coding.toLowerCase() === 'identity') return undefined;
  return coreErrors.UNSUPPORTED_MEDIA_TYPE('Bodies are accepted without a Content-Encoding only');
}

/**
 * Makes JSON all that this server reads from a body, but for the bodies of the table; everything else is
 * answered 415. An empty body is no body: calls without input need none, and the others are told which fields they lack.
 */
export function acceptOnlyJson(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  for (const { mediaType, under, maxBytes } of OTHER_BODIES) {
    server.addContentTypeParser(
      mediaType,
      { parseAs: 'buffer', bodyLimit: maxBytes },
      (request, body: Buffer, done) => {
        const wanted = request.routeOptions.url?.startsWith(under) ?? false;
        done(wanted ? (codedBody(request) ?? null) : coreErrors.UNSUPPORTED_MEDIA_TYPE(), body);
      },
    );
  }
  server.addContentTypeParser(JSON_MEDIA_TYPES, { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    request.rawBody = body;
    const coded = codedBody(request);
    if (coded !== undefined) return done(coded);
    try {
      done(null, body.length === 0 ? undefined : parseJsonBody(body));
    } catch (error) {
      done(error as Error);
    }
  });
  // What a gateway forwards for its sender's sake has the type of the sender's body, and no body.
  server.addContentTypeParser('*', (request, _body, done) => {
    if (request.headers['content-length'] === '0') done(null, undefined);
    else done(coreErrors.UNSUPPORTED_MEDIA_TYPE());
  });
}
