import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { prepareAcme } from '../../e2e/acme/acme-client.js';
import { caddyProgram } from '../../support/caddy.js';
import { type TestDnsServer, startDnsServer } from '../../support/dns-server.js';
import { freePort, startGateway } from '../../support/gateway.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

// Caddy, which gets its certificates by itself, with the Caddyfile of docs/acme.md.

const isWanted = process.env['ACME_CLIENTS'] === '1' && caddyProgram !== undefined;
const SECONDS = 1_000;
const NAME = 'web.caddy.internal';

let server: TestServer;
let tenant: TestTenant;
let dns: TestDnsServer;
let httpPort: number;

/** The example of the manual, with these values in the place of its own; not as root, and beside others. */
function exampleOf(values: { directoryUrl: string; id: string; hmacKey: string }, httpsPort: number): string {
  const manual = readFileSync(join(import.meta.dirname, '../../../docs/acme.md'), 'utf8');
  const [, example] = /\*\*Caddy\*\*[^`]*```\n([\s\S]*?)```/.exec(manual)!;
  const site = example!
    .replace(/dir \S+/, `dir ${values.directoryUrl}`)
    .replace(/eab \S+ \S+/, `eab ${values.id} ${values.hmacKey}`)
    .replace('web.acme.internal', NAME)
    .replace(/reverse_proxy \S+/, 'respond "served"');
  return `{\n\tadmin off\n\thttp_port ${httpPort}\n\thttps_port ${httpsPort}\n\tdefault_bind 127.0.0.1\n}\n${site}`;
}

/** What the site answers, and which certificate it has. */
function ask(port: number): Promise<{ body: string; certificate: { san: string | undefined; issuer: string } }> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', servername: NAME, headers: { Host: NAME }, rejectUnauthorized: false };
    request(options, (answer) => {
      const { subjectaltname: san, issuer } = (answer.socket as TLSSocket).getPeerCertificate();
      let body = '';
      answer.on('data', (data: Buffer) => (body += data.toString()));
      answer.on('end', () => resolve({ body, certificate: { san, issuer: String(issuer.CN) } }));
    })
      .on('error', reject)
      .end();
  });
}

describe.skipIf(!isWanted)('Caddy', () => {
  beforeAll(async () => {
    dns = await startDnsServer();
    dns.addresses.set(NAME, '127.0.0.1');
    httpPort = await freePort();
    server = await startTestServer({
      clock: systemClock,
      environment: {
        CHANCERY_ROLES: 'admin,signing,scheduler',
        CHANCERY_ACME_RESOLVERS: dns.address,
        CHANCERY_ACME_HTTP_PORT: String(httpPort),
        CHANCERY_ACME_NETWORKS: '127.0.0.1',
      },
    });
    tenant = await createTenant(server, 'caddy');
  });
  afterAll(async () => {
    await server?.close();
    dns?.close();
  });

  it(
    'Caddy serves an internal name with the Caddyfile of the manual, by http-01 and a binding',
    async () => {
      const { binding, serviceId } = await prepareAcme(server, tenant);
      const httpsPort = await freePort();
      const caddyfile = exampleOf(binding, httpsPort);
      const gateway = startGateway(
        caddyProgram!,
        () => caddyfile,
        (_, file) => ['run', '--config', file, '--adapter', 'caddyfile'],
      );
      try {
        await expect
          .poll(() => ask(httpsPort).catch(() => undefined), { timeout: 60 * SECONDS, interval: 500 })
          .toMatchObject({ body: 'served', certificate: { san: `DNS:${NAME}` } });
      } finally {
        await gateway.stop();
      }
      const { items } = (await server.get(`${tenant.path}/certificates?serviceId=${serviceId}`, tenant.owner)).body;
      expect(items).toMatchObject([{ san: [NAME], state: 'active' }]);
    },
    90 * SECONDS,
  );
});
