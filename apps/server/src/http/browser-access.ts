import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether pages of every origin may read the answers of the route. */
    readonly readableFromBrowsers?: boolean;
  }
}

/** For routes that everybody may read without credentials: pages of every origin may read them, too. */
export const ReadableFromBrowsers = (): MethodDecorator => RouteConfig({ readableFromBrowsers: true });

/** Without credentials there is nothing that one origin may see and another may not (Fetch standard, CORS protocol). */
const READABLE_BY_ALL = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'ETag, Retry-After, X-Request-Id',
  'Cross-Origin-Resource-Policy': 'cross-origin',
} as const;

/** For answers that one origin may read, which a route has decided. */
export const readableByOrigin = (origin: string) => ({
  'Access-Control-Allow-Origin': origin,
  'Access-Control-Expose-Headers': 'Retry-After, X-Request-Id',
});

const PREFLIGHT_MAX_AGE_SECONDS = 86_400;

/** The answer to a preflight: what a page may send to a path with these methods. */
export const preflightOf = (methods: readonly string[]) => ({
  ...READABLE_BY_ALL,
  'Access-Control-Allow-Methods': methods.join(', '),
  'Access-Control-Allow-Headers': '*',
  'Access-Control-Max-Age': String(PREFLIGHT_MAX_AGE_SECONDS),
});

/** Also refusals are readable: a page learns why it got nothing. */
export function openToBrowsers(server: FastifyInstance): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    if (request.routeOptions.config.readableFromBrowsers) reply.headers(READABLE_BY_ALL);
    done(null, payload);
  });
}
