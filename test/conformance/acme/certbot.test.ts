import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { bind, prepareAcme } from '../../e2e/acme/acme-client.js';
import { type TestDnsServer, startDnsServer } from '../../support/dns-server.js';
import { freePort } from '../../support/gateway.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

// certbot of Debian, as operators use it: an account by external account binding, http-01 by its own web server.

/** Half a minute; continuous integration sets it. */
const isWanted = process.env['ACME_CLIENTS'] === '1';
const program = isWanted
  ? ['certbot', '/usr/bin/certbot'].find((each) => spawnSync(each, ['--version']).status === 0)
  : undefined;
const SECONDS = 1_000;

let server: TestServer;
let tenant: TestTenant;
let dns: TestDnsServer;
let folder: string;
let port: number;

beforeAll(async () => {
  if (program === undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'chancery-certbot-'));
  dns = await startDnsServer();
  port = await freePort();
  server = await startTestServer({
    clock: systemClock,
    environment: {
      CHANCERY_ROLES: 'admin,signing,scheduler',
      CHANCERY_ACME_RESOLVERS: dns.address,
      CHANCERY_ACME_HTTP_PORT: String(port),
      CHANCERY_ACME_NETWORKS: '127.0.0.1',
    },
  });
  tenant = await createTenant(server, 'certbot');
});
afterAll(async () => {
  if (program === undefined) return;
  await server.close();
  dns.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs certbot with its files in a folder of the test. @returns what it wrote; the exit code */
function certbot(...parameters: string[]): Promise<{ code: number | null; output: string }> {
  const folders = ['config', 'work', 'logs'].flatMap((name) => [`--${name}-dir`, join(folder, name)]);
  const child: ChildProcess = spawn(program!, [...parameters, ...folders, '--non-interactive']);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (output += data.toString()));
  return new Promise((resolve) => {
    child.once('close', (code) => {
      const log = join(folder, 'logs', 'letsencrypt.log');
      if (code !== 0 && existsSync(log)) output += readFileSync(log, 'utf8').slice(-4_000);
      resolve({ code, output });
    });
  });
}

const certificateOf = (name: string): X509Certificate =>
  new X509Certificate(readFileSync(join(folder, 'config', 'live', name, 'cert.pem')));

describe.skipIf(program === undefined)('certbot', () => {
  it(
    'certbot gets a certificate by http-01, renews it, and revokes it',
    async () => {
      const { binding, serviceId } = await prepareAcme(server, tenant);
      const names = ['web.certbot.internal', 'api.web.certbot.internal'];
      for (const name of names) dns.addresses.set(name, '127.0.0.1');
      const obtained = await certbot(
        'certonly',
        '--standalone',
        '--http-01-port',
        String(port),
        '--http-01-address',
        '127.0.0.1',
        '--server',
        binding.directoryUrl,
        '--agree-tos',
        '-m',
        'ops@certbot.test',
        '--eab-kid',
        binding.id,
        '--eab-hmac-key',
        binding.hmacKey,
        ...names.flatMap((name) => ['-d', name]),
      );
      expect(obtained).toMatchObject({ code: 0 });
      const first = certificateOf(names[0]!);
      expect(first.subjectAltName!.split(', ').toSorted()).toEqual(names.map((name) => `DNS:${name}`).toSorted());
      const chain = readFileSync(join(folder, 'config', 'live', names[0]!, 'chain.pem'), 'utf8');
      expect(first.checkIssued(new X509Certificate(chain))).toBe(true);

      const renewed = await certbot('renew', '--force-renewal', '--no-random-sleep-on-renew');
      expect(renewed).toMatchObject({ code: 0 });
      const second = certificateOf(names[0]!);
      expect(second.serialNumber).not.toBe(first.serialNumber);

      const live = join(folder, 'config', 'live', names[0]!, 'cert.pem');
      const revoked = await certbot(
        'revoke',

        '--cert-path',
        live,
        '--reason',
        'superseded',
        '--server',
        binding.directoryUrl,
        '--no-delete-after-revoke',
      );
      expect(revoked).toMatchObject({ code: 0 });
      const { items } = (await server.get(`${tenant.path}/certificates?serviceId=${serviceId}`, tenant.owner)).body;
      const states = (items as unknown as { state: string }[]).map(({ state }) => state);
      expect(states.toSorted()).toEqual(['active', 'revoked']);
    },
    120 * SECONDS,
  );

  it(
    'certbot is told why it gets no certificate',
    async () => {
      const { binding, serviceId, caId } = await prepareAcme(server, tenant, { service: 'other' });
      const again = await bind(server, tenant, serviceId, { caId });
      const attempt = (name: string) =>
        certbot(
          'certonly',
          '--standalone',
          '--http-01-port',
          String(port),
          '--http-01-address',
          '127.0.0.1',
          '--server',
          again.directoryUrl,
          '--agree-tos',
          '--register-unsafely-without-email',
          '--eab-kid',
          again.id,
          '--eab-hmac-key',
          again.hmacKey,
          '-d',
          name,
        );
      const rejected = await attempt('web.certbot.internal');
      expect([rejected.code, rejected.output]).toEqual([1, expect.stringContaining('allowedDnsNames')]);
      expect(binding.id).not.toBe(again.id);
    },
    60 * SECONDS,
  );
});
