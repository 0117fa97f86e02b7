import { createRequire } from 'node:module';
import { dirname } from 'node:path';

import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { pathOf } from './problem.js';

/** Of Swagger UI: what the page loads, and nothing else of that package. */
const FILES = [
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'swagger-ui-standalone-preset.js',
  'favicon-32x32.png',
  'favicon-16x16.png',
] as const;
/** Our own, beside them: the policy of the page permits no script in it. */
const SCRIPT = 'swagger-ui-init.js';

const pageAt = (folder: string): string => `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="UTF-8">
    <title>Chancery API</title>
    <link rel="stylesheet" href="${folder}swagger-ui.css">
    <link rel="icon" type="image/png" href="${folder}favicon-32x32.png" sizes="32x32">
    <link rel="icon" type="image/png" href="${folder}favicon-16x16.png" sizes="16x16">
    <style>
      body { margin: 0; background: #fafafa; }
      .swagger-ui .topbar .download-url-wrapper { display: none; }
    </style>
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="${folder}swagger-ui-bundle.js"></script>
    <script src="${folder}swagger-ui-standalone-preset.js"></script>
    <script src="${folder}${SCRIPT}"></script>
  </body>
</html>
`;

/** `validatorUrl`: the page would otherwise show the document to a validator on the internet. */
const scriptFor = (document: string): string => `window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: ${JSON.stringify(document)},
    dom_id: '#swagger-ui',
    deepLinking: true,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl],
    layout: 'StandaloneLayout',
    validatorUrl: null,
    displayRequestDuration: true,
    docExpansion: 'none',
    filter: true,
  });
};
`;

/** The files come with the library that makes the document; finding them loads nothing of it. */
function filesOfSwaggerUi(): string {
  const library = createRequire(import.meta.url).resolve('@nestjs/swagger');
  return dirname(createRequire(library).resolve('swagger-ui-dist/package.json'));
}

/**
 * Serves a page that shows a document, with all it needs from this machine.
 * @param path of the page; its files are below it
 * @param document path of the document
 */
export function serveReferencePage(app: NestFastifyApplication, path: string, document: string): void {
  const server = app.getHttpAdapter().getInstance();
  const folder = `${path.split('/').at(-1)!}/`;
  // Relative, as a proxy may serve all of it below a path of its own.
  const page = pageAt(`./${folder}`);
  const pageOfFolder = pageAt('./');
  const script = scriptFor(document);
  const sendPage = (request: FastifyRequest, reply: FastifyReply) =>
    reply.type('text/html; charset=utf-8').send(pathOf(request.url) === path ? page : pageOfFolder);
  for (const url of [path, `${path}/`, `${path}/index.html`]) server.get(url, sendPage);
  server.get(`${path}/${SCRIPT}`, (_, reply) => reply.type('text/javascript; charset=utf-8').send(script));
  const known = new Set<string>(FILES.map((file) => `/${file}`));
  // Not awaited: that would load what is registered so far, and its routes would not get the error handler that Nest sets later.
  void app.register(fastifyStatic, {
    root: filesOfSwaggerUi(),
    prefix: `${path}/`,
    decorateReply: false,
    allowedPath: (file) => known.has(file),
  });
}
