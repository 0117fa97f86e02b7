import type { FastifyInstance } from 'fastify';
import findMyWay, { type HTTPMethod } from 'find-my-way';
import { coreErrors } from '#core';

import { preflightOf } from './browser-access.js';

/** Facts about a route besides its method and path. */
interface DeclaredRoute {
  readonly readableFromBrowsers: boolean;
}

/**
 * Answers 405 with `Allow` (RFC 9110 §15.5.6) where the path of a request is declared for other methods only. Fastify
 * itself answers 404 there. `OPTIONS` of a path that browsers may read returns the allowed methods (RFC 9110 §9.3.7),
 * also for preflights. The second router runs only for requests that matched no route.
 *
 * Must be called before the first route is registered.
 */
export function rejectUndeclaredMethods(server: FastifyInstance): void {
  const router = findMyWay();
  const declared = new Set<string>();
  const methods = new Set<HTTPMethod>();
  server.addHook('onRoute', ({ method, url, config }) => {
    const route: DeclaredRoute = { readableFromBrowsers: config?.readableFromBrowsers ?? false };
    for (const each of [method].flat() as HTTPMethod[]) {
      const name = `${each} ${url}`;
      if (declared.has(name)) continue;
      declared.add(name);
      methods.add(each);
      router.on(each, url, () => undefined, route);
    }
  });
  server.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const [path = ''] = request.url.split('?', 1);
    const found = [...methods].toSorted().flatMap((method) => {
      const route = router.find(method, path)?.store as DeclaredRoute | undefined;
      return route ? [{ method, ...route }] : [];
    });
    if (found.length === 0) return done();
    const isReadable = request.method === 'OPTIONS' && found.some(({ readableFromBrowsers }) => readableFromBrowsers);
    const allowed = [...found.map(({ method }) => method as string), ...(isReadable ? ['OPTIONS'] : [])];
    reply.header('Allow', allowed.join(', '));
    if (isReadable) reply.status(204).headers(preflightOf(allowed)).send();
    else done(coreErrors.METHOD_NOT_ALLOWED(`${request.method} is not allowed here; allowed: ${allowed.join(', ')}`));
  });
}
