import type { FastifyInstance } from 'fastify';
import findMyWay, { type HTTPMethod } from 'find-my-way';
import { coreErrors } from '#core';

/**
 * Answers 405 with `Allow` (RFC 9110 §15.5.6) where the path of a request is declared for other methods only. Fastify
 * itself answers 404 there. The second router is asked only for requests that matched no route.
 *
 * Must be called before the first route is registered.
 */
export function rejectUndeclaredMethods(server: FastifyInstance): void {
  const router = findMyWay();
  const declared = new Set<string>();
  const methods = new Set<HTTPMethod>();
  server.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat() as HTTPMethod[]) {
      const route = `${each} ${url}`;
      if (declared.has(route)) continue;
      declared.add(route);
      methods.add(each);
      router.on(each, url, () => undefined);
    }
  });
  server.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const [path = ''] = request.url.split('?', 1);
    const allowed = [...methods].filter((method) => router.find(method, path) !== null);
    if (allowed.length === 0) return;
    reply.header('Allow', allowed.toSorted().join(', '));
    throw coreErrors.METHOD_NOT_ALLOWED(
      `${request.method} is not allowed here; allowed: ${allowed.toSorted().join(', ')}`,
    );
  });
}
