import { createServer } from 'node:http';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { type TestService, createService } from '../../e2e/signing/issuer.js';
import { type Gateway, freePort, listen } from '../../support/gateway.js';
import { nginxProgram, startNginx } from '../../support/nginx.js';
import { type TestServer, createTenant, startTestServer } from '../../support/server.js';

// Continuous integration installs nginx; elsewhere these tests are skipped.
/** A gateway as Envoy is: it appends the path of the request, and sends its method and its body along. */
describe.skipIf(nginxProgram === undefined)('a gateway that forwards whole requests', () => {
  let server: TestServer;
  let service: TestService;
  let nginx: Gateway;
  let address: string;
  const api = createServer((request, reply) => request.resume().on('end', () => reply.end('hello')));

  beforeAll(async () => {
    server = await startTestServer();
    service = await createService(server, await createTenant(server, 'forwarded-requests'));
    const [port, apiPort] = [await freePort(), await listen(api)];
    address = `http://127.0.0.1:${port}`;
    nginx = startNginx(
      nginxProgram!,
      `server {
        listen 127.0.0.1:${port};
        location / { auth_request /_chancery; proxy_pass http://127.0.0.1:${apiPort}; }
        location = /_chancery {
          internal;
          proxy_method $request_method;
          proxy_pass ${server.url}/v1/forward-auth$request_uri;
        }
      }`,
    );
    await vi.waitFor(() => fetch(address), { timeout: 30_000 });
  });
  afterAll(async () => {
    await nginx.stop();
    api.closeAllConnections();
    api.close();
    await server.close();
  });

  it.each<[string, string, string | undefined, string | undefined]>([
    ['GET', '/orders/1?key=x', undefined, undefined],
    ['POST', '/orders', 'a=b', 'application/x-www-form-urlencoded'],
    ['POST', '/orders', '{{{', 'application/json'],
    ['PUT', '/files/a%2Fb', '<a/>', 'text/xml'],
    ['DELETE', '/orders/1', 'x', 'text/plain'],
    ['PROPFIND', '/files', '<propfind/>', 'application/xml'],
    ['REPORT', '/calendar', '<report/>', 'application/xml'],
    ['PURGE', '/cache/1', undefined, undefined],
  ])('a gateway that forwards whole requests lets a %s of %s in by its key alone', async (method, path, body, type) => {
    const call = async (serviceKey: string) => {
      const headers = { 'X-Service-Key': serviceKey, ...(type === undefined ? {} : { 'Content-Type': type }) };
      const answer = await fetch(address + path, { method, headers, ...(body === undefined ? {} : { body }) });
      return [answer.status, await answer.text()];
    };
    expect(await call(service.serviceKey)).toEqual([200, 'hello']);
    expect((await call('csk_wrong'))[0]).toBe(401);
  });
});
