import type { IncomingMessage } from 'node:http';

import type { FastifyInstance } from 'fastify';

import { type Span, beginRequest, within } from '#tracing';

import { traceIdOf } from './request-id.js';

/** From this status on the fault is the server's. */
const SERVER_FAULT = 500;
const spans = new WeakMap<IncomingMessage, Span>();

/** The id of the trace that a request is part of: that of its span, else the one that it names. */
export const traceOf = (request: IncomingMessage): string | undefined =>
  spans.get(request)?.traceId ?? traceIdOf(request);

/** Begins the span of a request, where anything is traced: first of all, because its id can be that of the trace. */
export function beginSpan(request: IncomingMessage): void {
  const isTrace = traceIdOf(request) !== undefined;
  const span = beginRequest(isTrace ? String(request.headers['traceparent']) : undefined);
  if (span) spans.set(request, span);
}

/** Lets what answers a request be part of its span. */
export function traceRequests(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _, done) => {
    const span = spans.get(request.raw);
    if (span) within(span, done);
    else done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const route = request.routeOptions?.url;
    spans.get(request.raw)?.end({
      name: route === undefined ? method : `${method} ${route}`,
      attributes: {
        'http.request.method': method,
        ...(route === undefined ? {} : { 'http.route': route }),
        'http.response.status_code': reply.statusCode,
        'chancery.request_id': request.id,
      },
      ...(reply.statusCode >= SERVER_FAULT ? { errorCode: String(reply.statusCode) } : {}),
    });
    done();
  });
}
