import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { contentTag } from './http/entity-tag.js';
import { pathOf } from './http/problem.js';
import { RateLimits, trackerOf } from './http/rate-limit.js';

const CONSOLE_PATH = '/console';

/** Only scripts, styles and pictures of this server; no inline scripts or styles, and no frame around the page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The names of these files contain a hash of their content (RFC 8246). */
const IMMUTABLE = 'public, max-age=31536000, immutable';
/** The page refers to those files, so caches must revalidate it (RFC 9111 §5.2.2.4). */
const REVALIDATED = 'no-cache';

/** The folder `dist/console`, relative to the sources and to the compiled files. */
async function builtPage(): Promise<{ folder: string; page: Buffer } | undefined> {
  for (const up of ['../../../dist/console/', '../../../console/']) {
    const folder = fileURLToPath(new URL(up, import.meta.url));
    const page = await readFile(`${folder}index.html`).catch(() => undefined);
    if (page !== undefined) return { folder, page };
  }
  return undefined;
}

const isConsole = (path: string): boolean => `${path}/`.startsWith(`${CONSOLE_PATH}/`);

/**
 * Serves the console, and sends browsers there from `/`. Every path below it that is not a file returns the page, which
 * routes by its address. Requests are rate-limited by source address, as on every public route.
 *
 * @returns whether the console has been built
 */
export async function serveConsole(app: NestFastifyApplication): Promise<boolean> {
  const built = await builtPage();
  if (built === undefined) return false;
  const { folder, page } = built;
  const server = app.getHttpAdapter().getInstance();
  const limits = app.get(RateLimits, { strict: false });
  const admit = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    await limits.count('public', trackerOf(request), reply);
    reply.header('Content-Security-Policy', POLICY);
  };
  // Fastify awaits only a returned promise. Every request of the API passes this hook, and needs none.
  server.addHook('onRequest', (request, reply, done) => {
    const path = pathOf(request.url);
    if (isConsole(path)) return admit(request, reply);
    if (path === '/' && request.method === 'GET' && request.headers.accept?.includes('text/html')) {
      return reply.redirect(CONSOLE_PATH);
    }
    return done();
  });
  // Not awaited: awaiting would load the plugins now, and their routes would lack the error handler that Nest sets later.
  void app.register(fastifyStatic, {
    root: `${folder}assets`,
    prefix: `${CONSOLE_PATH}/assets/`,
    decorateReply: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply) => reply.header('Cache-Control', IMMUTABLE),
  });
  const tag = contentTag(page);
  const sendPage = (_: unknown, reply: FastifyReply) =>
    reply.headers({ ETag: tag, 'Cache-Control': REVALIDATED }).type('text/html; charset=utf-8').send(page);
  server.get(CONSOLE_PATH, sendPage);
  server.get(`${CONSOLE_PATH}/*`, sendPage);
  return true;
}
