import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether pages of every origin may read the responses of the route. */
    readonly readableFromBrowsers?: boolean;
  }
}

/** Marks routes without credentials, whose responses pages of every origin may read. */
export const ReadableFromBrowsers = (): MethodDecorator => RouteConfig({ readableFromBrowsers: true });

/** Without credentials, every origin may see the same (Fetch standard, CORS protocol). */
const READABLE_BY_ALL = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'ETag, Retry-After, X-Request-Id',
  'Cross-Origin-Resource-Policy': 'cross-origin',
} as const;

/** Headers for a response that one origin may read, as a route decided. */
export const readableByOrigin = (origin: string) => ({
  'Access-Control-Allow-Origin': origin,
  'Access-Control-Expose-Headers': 'Retry-After, X-Request-Id',
});

const PREFLIGHT_MAX_AGE_SECONDS = 86_400;

/** The response to a preflight of a path with these methods. */
export const preflightOf = (methods: readonly string[]) => ({
  ...READABLE_BY_ALL,
  'Access-Control-Allow-Methods': methods.join(', '),
  'Access-Control-Allow-Headers': '*',
  'Access-Control-Max-Age': String(PREFLIGHT_MAX_AGE_SECONDS),
});

/** Errors are readable too, so that a page learns the reason. */
export function openToBrowsers(server: FastifyInstance): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    if (request.routeOptions.config.readableFromBrowsers) reply.headers(READABLE_BY_ALL);
    done(null, payload);
  });
}
