import { METHODS } from 'node:http';

import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the body of a request is left unread. */
    readonly leavesBodyUnread?: boolean;
  }
}

/** For routes that receive the request of somebody else: whatever its body is, only its headers count. */
export const LeavesBodyUnread = (): MethodDecorator => RouteConfig({ leavesBodyUnread: true });

/** What tells Fastify that there is a body to parse. Node itself goes by what it read, and discards the body at the end. */
const OF_THE_BODY = ['content-type', 'content-length', 'transfer-encoding'] as const;

/**
 * Makes routes of all methods know every method that HTTP clients send (REPORT, PURGE, QUERY ...), and leaves bodies
 * unread where a route says so.
 *
 * Must be called before the first route is registered.
 */
export function acceptForwardedRequests(server: FastifyInstance): void {
  // CONNECT asks for a tunnel, and never reaches a route.
  const added = METHODS.filter((method) => method !== 'CONNECT' && !server.supportedMethods.includes(method as never));
  for (const method of added) server.addHttpMethod(method);
  // Fastify refuses a QUERY whose body has no type; no route here reads one.
  server.addHttpMethod('QUERY', { hasBody: false, overrideExisting: true });
  server.addHook('onRequest', ({ raw, routeOptions }, _reply, done) => {
    if (routeOptions.config.leavesBodyUnread) for (const name of OF_THE_BODY) delete raw.headers[name];
    done();
  });
}
