import helmet from '@fastify/helmet';
import type { NestApplicationOptions } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SECOND } from '#core';
import { assertEveryRouteDeclaresAccess } from './auth.guard.js';
import { acceptOnlyJson } from './json-body.js';
import { type Logger, NestLogger, logAnswer } from './logging.js';
import { REFERENCE_PATH, serveDocument } from './openapi.js';
import { answerUnreadable, frameworkErrorHandler } from './problem.filter.js';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.js';

/** Bounds on what one request and one connection may take. */
export const SERVER_LIMITS = {
  bodyBytes: 64 * 1024,
  headerBytes: 16 * 1024,
  pathParameterCharacters: 512,
  connections: 4_096,
  requestsPerConnection: 10_000,
  requestMilliseconds: 15 * SECOND,
  headersMilliseconds: 10 * SECOND,
  keepAliveMilliseconds: 5 * SECOND,
} as const;

export interface HttpOptions {
  readonly logger: Logger;
  /** Networks (CIDR) whose `X-Forwarded-For` is believed; nobody's if there is none. */
  readonly trustedProxies: readonly string[];
  /** Version of the product, for the API document. */
  readonly version: string;
}

/** Scripts, styles and images of the API reference come from this server; nothing else may be loaded anywhere. */
const STRICT_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const REFERENCE_POLICY = `${STRICT_POLICY}; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'`;

/** Fastify with every bound set, JSON as its only body, and refusals of its own in the shape of all others. */
export function createAdapter({ logger, trustedProxies }: HttpOptions): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: SERVER_LIMITS.bodyBytes,
    requestTimeout: SERVER_LIMITS.requestMilliseconds,
    keepAliveTimeout: SERVER_LIMITS.keepAliveMilliseconds,
    maxRequestsPerSocket: SERVER_LIMITS.requestsPerConnection,
    http: { headersTimeout: SERVER_LIMITS.headersMilliseconds, maxHeaderSize: SERVER_LIMITS.headerBytes },
    routerOptions: { maxParamLength: SERVER_LIMITS.pathParameterCharacters },
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    forceCloseConnections: 'idle',
    // Requests that arrive while the server drains are still answered, with `Connection: close`.
    return503OnClosing: false,
    genReqId: requestIdOf,
    frameworkErrors: frameworkErrorHandler(logger),
    clientErrorHandler: answerUnreadable,
    logger: false,
  });
  const server = adapter.getInstance();
  acceptOnlyJson(server);
  server.addHook('onRequest', async (request, reply) => {
    reply.header(REQUEST_ID_HEADER, request.id);
    const path = request.raw.url ?? '';
    if (path.startsWith('/v1')) reply.header('Cache-Control', 'no-store');
    if (path.startsWith(REFERENCE_PATH)) reply.header('Content-Security-Policy', REFERENCE_POLICY);
  });
  server.addHook('onResponse', async (request, reply) => logAnswer(logger, request, reply));
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
export async function configureHttp(app: NestFastifyApplication, { version }: HttpOptions): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: directivesOf(STRICT_POLICY) },
  });
  app.getHttpServer().maxConnections = SERVER_LIMITS.connections;
  serveDocument(app, version);
  assertEveryRouteDeclaresAccess(app);
}

const directivesOf = (policy: string): Record<string, string[]> =>
  Object.fromEntries(
    policy.split('; ').map((directive) => {
      const [name, ...values] = directive.split(' ');
      return [name!, values];
    }),
  );
