import type { IncomingMessage } from 'node:http';

import type { FastifyInstance } from 'fastify';
import { type DomainError, coreErrors } from '#core';

/** Node gives the first of several, and a proxy or an application behind a gateway may read the last. */
const ONCE: ReadonlySet<string> = new Set(['host', 'authorization']);

const rejection = (pointer: string, code: string, detail: string): DomainError =>
  coreErrors.VALIDATION_ERROR({ detail: `${pointer} ${detail}`, errors: [{ pointer, code, detail }] });

/** What is wrong with the headers that a request has exactly once, or at most once (RFC 9110 §5.3, RFC 9112 §3.2). */
export function singleHeaderFault({
  rawHeaders,
  headers,
  httpVersion,
}: Pick<IncomingMessage, 'rawHeaders' | 'headers' | 'httpVersion'>): DomainError | undefined {
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    if (!ONCE.has(name)) continue;
    if (seen.has(name)) return rejection(rawHeaders[index]!, 'REPEATED', 'must be sent once');
    seen.add(name);
  }
  const lacksHost = httpVersion === '1.1' && headers.host === undefined;
  return lacksHost ? rejection('Host', 'REQUIRED', 'is required') : undefined;
}

/** Rejects requests that two readers could understand differently. Must be called before hooks that read the headers. */
export function requireSingleHeaders(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => done(singleHeaderFault(request.raw)));
}
