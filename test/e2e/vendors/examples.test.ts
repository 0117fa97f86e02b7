import { execFileSync, spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { GOLDEN } from '../../support/golden.js';
import { PASSWORD, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createAuthority } from '../certificates/pki.js';
import { createService } from '../signing/issuer.js';
import { createVendor } from './vendor.js';

/** Whether a command is on this machine; without it its example cannot be run here. */
function has(command: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The first Python that has what an example imports: the machine's own, or the one that Debian's packages are for. */
const pythonWith = (imports: string): string | undefined =>
  ['python3', '/usr/bin/python3'].find((python) => has(python, '-c', `import ${imports}`));
const XIMA_PYTHON = pythonWith('cryptography, requests');

const example = (name: string): string => resolve('examples', name);
const PASSPHRASE = 'a passphrase of its own';
const folder = mkdtempSync(join(tmpdir(), 'chancery-examples-'));

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  // The clients go by the real time.
  server = await startTestServer({ clock: systemClock });
  tenant = await createTenant(server, 'examples');
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a client beside this process's own server. */
function run(command: string, file: string, environment: Readonly<Record<string, string>>): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, [example(file)], {
      env: { ...process.env, CHANCERY_URL: server.url, ...environment },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('close', (code) => resolve({ code, output }));
  });
}

const cases: readonly (readonly [name: string, runs: boolean, expectShown: () => Promise<void>])[] = [
  [
    'xima-ccaas.py',
    XIMA_PYTHON !== undefined,
    async () => {
      await createAuthority(server, tenant);
      const { serviceKey } = await createService(server, tenant);
      const { code, output } = await run(XIMA_PYTHON!, 'xima-ccaas.py', { SERVICE_KEY: serviceKey });
      expect({ code, output }).toMatchObject({
        code: 0,
        output: expect.stringContaining('Status Code: 200') as string,
      });
      expect(output).toContain('Error likely related to DUPLICATE_JTI');
    },
  ],
  [
    'superoffice.mjs',
    true,
    async () => {
      const vendor = await createVendor(server, tenant, 'superoffice-system-user', {
        algorithm: 'RS256',
        format: 'pem',
        data: GOLDEN.privateKeyPem,
        exportable: true,
      });
      const { versions } = (await server.get(`${tenant.path}/keys/${vendor.keyId}`, tenant.owner)).body;
      const { kid } = (versions as unknown as { kid: string }[])[0]!;
      const exported = await server.post(
        `${tenant.path}/keys/${vendor.keyId}/versions/${kid}/export`,
        { format: 'pem', password: PASSWORD, passphrase: PASSPHRASE },
        tenant.owner,
      );
      expect(exported.status).toBe(200);
      const key = createPrivateKey({ key: exported.body['data']!, passphrase: PASSPHRASE });
      writeFileSync(join(folder, 'private.pem'), key.export({ type: 'pkcs8', format: 'pem' }));
      const token = 'Application Name-pzqc70604i';
      const signed = (await vendor.sign({ systemUserToken: token })).body['token']!;
      const [, stamp] = /\.(\d{12})\./.exec(signed)!;
      const environment = { PRIVATE_KEY: join(folder, 'private.pem'), SYSTEM_USER_TOKEN: token, MINUTE: stamp! };
      expect(await run(process.execPath, 'superoffice.mjs', environment)).toEqual({ code: 0, output: `${signed}\n` });
    },
  ],
  [
    'superoffice.sh',
    has('curl', '--version'),
    async () => {
      writeFileSync(join(folder, 'private.xml'), keyAsXml());
      const { serviceKey } = await createService(server, tenant, ['*']);
      const { code, output } = await run('sh', 'superoffice.sh', {
        TENANT: tenant.slug,
        ACCESS_TOKEN: tenant.owner.token,
        SERVICE_KEY: serviceKey,
        PRIVATE_XML: join(folder, 'private.xml'),
        SYSTEM_USER_TOKEN: 'YOUR_APP-2d2D5KmBji',
      });
      expect({ code, output }).toMatchObject({ code: 0 });
      expect(output).toMatch(/^YOUR_APP-2d2D5KmBji\.\d{12}\.[A-Za-z0-9+/]+=*\n?$/);
      const verified = await server.post(
        '/v1/verify',
        { profile: 'superoffice', token: output.trim() },
        { serviceKey },
      );
      expect(verified.body).toMatchObject({ valid: true, vendorResult: 'NoError' });
    },
  ],
  [
    'ccai-token-server.mjs',
    true,
    async () => {
      const secret = {
        algorithm: 'HS256',
        format: 'secret',
        data: 'a company secret of the portal, long enough',
      } as const;
      const vendor = await createVendor(server, tenant, 'ccai-user', secret, { issuer: 'AMCE' });
      const environment = { ...process.env, CHANCERY_URL: server.url, SERVICE_KEY: vendor.serviceKey, PORT: '0' };
      const child = spawn(process.execPath, [example('ccai-token-server.mjs')], { env: environment });
      try {
        const url = await new Promise<string>((resolve) =>
          child.stdout.once('data', (line: Buffer) => resolve(String(line).trim())),
        );
        const ask = async (headers: Record<string, string>) =>
          (await (await fetch(url, { headers })).json()) as { token: string };
        const known = await vendor.verify((await ask({ Cookie: 'session=ada' })).token);
        expect(known.body).toMatchObject({
          valid: true,
          claims: { iss: 'AMCE', identifier: 'user-42', name: 'Ada Lovelace' },
        });
        const anonymous = await vendor.verify((await ask({})).token);
        expect(anonymous.body['claims']!['identifier']).toMatch(/^anon_/);
      } finally {
        child.kill();
      }
    },
  ],
  [
    'webex-connect.sh',
    has('curl', '--version') && has('openssl', 'version'),
    async () => {
      const service = await createService(server, tenant);
      const environment = { SERVICE_ID: service.id, SERVICE_SECRET: service.jwtSecret };
      const { code, output } = await run('sh', 'webex-connect.sh', environment);
      expect({ code, output }).toMatchObject({ code: 0 });
      expect(JSON.parse(output)).toMatchObject({ service: { id: service.id }, authType: 'jwt' });
    },
  ],
  [
    'telesign.py',
    has('python3', '--version'),
    async () => {
      const key = { algorithm: 'HS256', format: 'secret-base64', data: GOLDEN.secretBase64 } as const;
      const { serviceKey, verify } = await createVendor(server, tenant, 'telesign-app-verify', key, {
        issuer: 'CUSTOMER',
      });
      const environment = { SERVICE_KEY: serviceKey, PHONE: '+4915112345678', XID: 'example-1' };
      const { code, output } = await run('python3', 'telesign.py', environment);
      expect({ code, output }).toMatchObject({ code: 0 });
      expect((await verify(output.trim())).body).toMatchObject({ valid: true, claims: { xid: 'example-1' } });
    },
  ],
];

describe('the examples', () => {
  it.each(cases.filter(([, runs]) => runs))(
    'the example %s does what its document shows',
    async (_name, _runs, expectShown) => expectShown(),
  );

  it('the examples run at least where Node does', () => {
    expect(cases.filter(([, runs]) => runs).length).toBeGreaterThanOrEqual(2);
  });
});

/** The key of the golden vectors as .NET writes it. */
function keyAsXml(): string {
  const jwk = createPrivateKey(GOLDEN.privateKeyPem).export({ format: 'jwk' });
  const members = {
    Modulus: jwk.n,
    Exponent: jwk.e,
    P: jwk.p,
    Q: jwk.q,
    DP: jwk.dp,
    DQ: jwk.dq,
    InverseQ: jwk.qi,
    D: jwk.d,
  };
  const elements = Object.entries(members).map(
    ([name, value]) => `  <${name}>${Buffer.from(value!, 'base64url').toString('base64')}</${name}>\n`,
  );
  return `<RSAKeyValue>\n${elements.join('')}</RSAKeyValue>\n`;
}
