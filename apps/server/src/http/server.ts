import type { IncomingMessage } from 'node:http';

import type { NestApplicationOptions } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Logger, NestLogger } from '#logging';
import { rejectUndeclaredMethods } from './allowed-methods.js';
import { assertEveryRouteDeclaresAccess } from './auth.guard.js';
import { openToBrowsers } from './browser-access.js';
import { answerConditions } from './conditional-requests.js';
import { limitConnections } from './connection-limit.js';
import type { Drain } from './drain.js';
import { tagResources } from './entity-tag.js';
import { acceptOnlyJson } from './json-body.js';
import { type AnswerTimes, noteAnswer } from './answer-log.js';
import { REFERENCE_PATH, serveDocument } from './openapi.js';
import type { ProblemForms } from './problem-forms.js';
import { answerUnreadable, frameworkErrorHandler, rejectTunnel } from './problem.filter.js';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.js';
import { beginSpan, traceOf, traceRequests } from './request-span.js';
import { REFERENCE_POLICY, protectiveHeaders } from './protective-headers.js';
import { SERVER_LIMITS, type ServerLimits } from './server-limits.js';
import { requireSingleHeaders } from './single-headers.js';
import { acceptForwardedRequests } from './unread-body.js';

export interface HttpOptions {
  readonly logger: Logger;
  /** Networks (CIDR) whose `X-Forwarded-For` is accepted; none by default. */
  readonly trustedProxies: readonly string[];
  /** Where an installation or a test wants other numbers than `SERVER_LIMITS`. */
  readonly limits?: Partial<ServerLimits>;
  /** Begins when the server is told to stop. */
  readonly drain: Drain;
  /** Where the times of answers are counted. */
  readonly times: AnswerTimes;
  /** How protocols have their refusals. */
  readonly forms: ProblemForms;
  /** Version of the product, for the API document. */
  readonly version: string;
}

/** Fastify with every bound set, JSON as its only body, and refusals of its own in the shape of all others. */
export function createAdapter({
  logger,
  trustedProxies,
  drain,
  times,
  forms,
  limits: changed,
}: HttpOptions): FastifyAdapter {
  const limits = { ...SERVER_LIMITS, ...changed };
  const adapter = new FastifyAdapter({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMilliseconds,
    keepAliveTimeout: limits.keepAliveMilliseconds,
    connectionTimeout: limits.idleMilliseconds,
    maxRequestsPerSocket: limits.requestsPerConnection,
    http: {
      headersTimeout: limits.headersMilliseconds,
      connectionsCheckingInterval: limits.checkEveryMilliseconds,
      maxHeaderSize: limits.headerBytes,
      // Rejected by `requireSingleHeaders`: what Node answers is no problem document.
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: limits.pathParameterCharacters },
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    forceCloseConnections: 'idle',
    // Requests that arrive while the server closes are still answered, with `Connection: close`.
    return503OnClosing: false,
    genReqId: (request: IncomingMessage) => {
      beginSpan(request);
      return requestIdOf(request, traceOf(request));
    },
    frameworkErrors: frameworkErrorHandler(logger, drain, times, forms),
    clientErrorHandler: answerUnreadable,
    logger: false,
  });
  const server = adapter.getInstance();
  // An expectation that is not known may be ignored (RFC 9110 §10.1.1); Node would answer 417 without a body.
  server.server.on('checkExpectation', (request, response) => server.server.emit('request', request, response));
  server.server.on('connect', (_request, socket) => rejectTunnel(socket));
  acceptOnlyJson(server);
  acceptForwardedRequests(server);
  drain.closeConnections(server);
  const protective = protectiveHeaders();
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(protective).header(REQUEST_ID_HEADER, request.id);
    const path = request.raw.url ?? '';
    if (path.startsWith('/v1')) reply.header('Cache-Control', 'no-store');
    if (path.startsWith(REFERENCE_PATH)) reply.header('Content-Security-Policy', REFERENCE_POLICY);
    done();
  });
  requireSingleHeaders(server);
  traceRequests(server);
  rejectUndeclaredMethods(server);
  server.addHook('onResponse', (request, reply, done) => {
    noteAnswer(logger, times, request, reply);
    done();
  });
  return adapter;
}

/** The options that `NestFactory.create` needs beside the adapter: the shell reads bodies itself. */
export const applicationOptions = ({ logger }: HttpOptions): NestApplicationOptions => ({
  bodyParser: false,
  logger: new NestLogger(logger),
  abortOnError: false,
});

/**
 * Completes an application that was created with `createAdapter` and `applicationOptions` and imports `HttpModule`.
 *
 * @throws Error if a route declares no access
 */
export async function configureHttp(app: NestFastifyApplication, options: HttpOptions): Promise<void> {
  const { logger, trustedProxies, version } = options;
  const { connections, connectionsPerAddress } = { ...SERVER_LIMITS, ...options.limits };
  limitConnections(
    app.getHttpServer(),
    { total: connections, perAddress: connectionsPerAddress, exempt: trustedProxies },
    logger,
  );
  serveDocument(app, version);
  const server = app.getHttpAdapter().getInstance();
  tagResources(server);
  openToBrowsers(server);
  answerConditions(server);
  assertEveryRouteDeclaresAccess(app);
}
