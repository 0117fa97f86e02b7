import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Server, createServer } from 'node:tls';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { prepareAcme } from '../../e2e/acme/acme-client.js';
import { type TestDnsServer, startDnsServer } from '../../support/dns-server.js';
import { freePort } from '../../support/gateway.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

// The client of lego, which Traefik and others have, by a program of its library: its command has the SDKs of a hundred clouds.

/** Minutes to fetch and build; continuous integration sets it. */
const isWanted = process.env['ACME_CLIENTS'] === '1' && spawnSync('go', ['version']).status === 0;
const BUILD_TIMEOUT = 600_000;
const RUN_TIMEOUT = 90_000;
const run = promisify(execFile);

const VARIABLES = { LEGO_DISABLE_CNAME_SUPPORT: 'true' };

let folder: string;
let server: TestServer;
let tenant: TestTenant;
let dns: TestDnsServer;
let port: number;
let proxy: Server;

/** lego asks for HTTPS: what is in front of the server in production. */
async function startTls(listen: number, target: number): Promise<Server> {
  const [key, cert] = ['key.pem', 'certificate.pem'].map((name) => join(folder, name)) as [string, string];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2', '-nodes'];
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert, ...subject]);
  const proxying = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
    const behind = connect(target, '127.0.0.1');
    socket.on('error', () => behind.destroy()).pipe(behind);
    behind.on('error', () => socket.destroy()).pipe(socket);
  });
  await new Promise<void>((resolve) => proxying.listen(listen, '127.0.0.1', resolve));
  return proxying;
}

describe.skipIf(!isWanted)('the client of lego', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chancery-lego-'));
    const source = join(import.meta.dirname, 'lego');
    await run('go', ['build', '-C', source, '-o', join(folder, 'lego'), '.'], { timeout: BUILD_TIMEOUT });
    dns = await startDnsServer();
    port = await freePort();
    const tlsPort = await freePort();
    server = await startTestServer({
      clock: systemClock,
      environment: {
        CHANCERY_PUBLIC_URL: `https://localhost:${tlsPort}`,
        CHANCERY_ROLES: 'admin,signing,scheduler',
        CHANCERY_ACME_RESOLVERS: dns.address,
        CHANCERY_ACME_HTTP_PORT: String(port),
        CHANCERY_ACME_NETWORKS: '127.0.0.1',
      },
    });
    proxy = await startTls(tlsPort, Number(new URL(server.url).port));
    tenant = await createTenant(server, 'lego');
  }, BUILD_TIMEOUT);
  afterAll(async () => {
    proxy?.close();
    await server?.close();
    dns?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the program did, line by line. */
  async function lego(
    httpPort: number,
    names: readonly string[],
    service: string,
    environment = {},
  ): Promise<string[]> {
    const { binding } = await prepareAcme(server, tenant, { service, wildcards: true });
    const parameters = [binding.directoryUrl, binding.id, binding.hmacKey, String(httpPort), ...names];
    const { stdout } = await run(join(folder, 'lego'), parameters, {
      timeout: RUN_TIMEOUT,
      env: { ...process.env, ...VARIABLES, LEGO_CA_CERTIFICATES: join(folder, 'certificate.pem'), ...environment },
    });
    return stdout.trim().split('\n');
  }

  const steps = (names: readonly string[]) => [
    'registered',
    expect.stringMatching(new RegExp(`^obtained [0-9a-f]+ \\[${names.join(' ').replaceAll(/[.*]/g, '\\$&')}\\]$`)),
    'renewal window true',
    expect.stringMatching(/^replaced [0-9a-f]+$/),
    expect.stringMatching(/^again [0-9a-f]+$/),
    'renewal window false',
    'revoked twice false',
  ];

  it(
    'the client of lego gets, replaces and revokes a certificate by http-01',
    async () => {
      const names = ['web.lego.internal'];
      dns.addresses.set(names[0]!, '127.0.0.1');
      expect(await lego(port, names, 'web')).toEqual(steps(names));
    },
    RUN_TIMEOUT,
  );

  it(
    'the client of lego gets, replaces and revokes a certificate of a wildcard by dns-01',
    async () => {
      const records = join(folder, 'records');
      const program = join(folder, 'record.sh');
      // Called by the provider exec as: present|cleanup, the name with a dot at its end, the value.
      writeFileSync(program, `#!/bin/sh\n[ "$1" = present ] && echo "$2 $3" >>"${records}"\nexit 0\n`);
      chmodSync(program, 0o755);
      writeFileSync(records, '');
      const name = '_acme-challenge.dns.lego.internal';
      dns.textsOf = (asked) =>
        readFileSync(records, 'utf8')
          .split('\n')
          .filter((line) => asked === name && line.startsWith(`${name}. `))
          .map((line) => line.split(' ')[1]!);
      const names = ['*.dns.lego.internal'];
      expect(await lego(0, names, 'dns', { EXEC_PATH: program })).toEqual(steps(names));
    },
    RUN_TIMEOUT,
  );
});
