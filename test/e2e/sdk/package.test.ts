// The SDK as others install it: packed, and used by the programs of its README.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SECOND, systemClock } from '#core';

import { COMPILE_CACHE } from '../../support/compile-cache.js';
import { createApiToken } from '../../support/people.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createKey, createProfile, createService, type TestService } from '../signing/issuer.js';

const ROOT = join(import.meta.dirname, '../../..');
const SDK = join(ROOT, 'libs/sdk');
const run = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), 'chancery-sdk-'));
const project = join(folder, 'project');
const examples = [...readFileSync(join(SDK, 'README.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(
  ([, text]) => text!,
);

let server: TestServer;
let tenant: TestTenant;
let service: TestService;
let packed: readonly string[];
const started: ChildProcess[] = [];

/** Compiles and packs a copy: nothing is written beside the sources, which other tests read. */
async function pack(): Promise<void> {
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  cpSync(join(ROOT, 'tsconfig.json'), join(folder, 'tsconfig.json'));
  const copy = join(folder, 'libs/sdk');
  cpSync(SDK, copy, { recursive: true });
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: copy });
  const [{ filename, files }] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [
    { filename: string; files: { path: string }[] },
  ];
  packed = files.map(({ path }) => path).toSorted();
  const installed = join(project, 'node_modules/@chancery/sdk');
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components=1']);
}

/** Compiles the examples by the declarations of the package. */
async function compileExamples(): Promise<void> {
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  const compilerOptions = {
    target: 'ES2024',
    module: 'NodeNext',
    strict: true,
    skipLibCheck: true,
    rootDir: '.',
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  for (const [index, text] of examples.entries()) writeFileSync(join(project, `example-${index}.ts`), text);
  await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project]).catch(
    (error: { stdout: string }) => Promise.reject(new Error(error.stdout)),
  );
}

beforeAll(async () => {
  // The programs go by the real time.
  server = await startTestServer({ clock: systemClock });
  tenant = await createTenant(server, 'readers');
  const { keyId } = await createKey(server, tenant, 'ES256');
  await createProfile(server, tenant, { name: 'partner-api', keyId, audience: ['https://orders.example'] });
  service = await createService(server, tenant);
  await pack();
  await compileExamples();
});
afterAll(async () => {
  for (const child of started) child.kill();
  await server.close();
  rmSync(folder, { recursive: true });
});

const file = (contains: string): string => {
  const index = examples.findIndex((text) => text.includes(contains));
  return join(project, `example-${index}.js`);
};

/** A file as Kubernetes projects it, of an account that the service trusts. */
async function projectToken(): Promise<void> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const [iss, aud, sub] = [
    'https://kubernetes.example.com',
    'https://chancery.example',
    'system:serviceaccount:shop:checkout',
  ];
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'cluster', alg: 'RS256' }] };
  const trust = { name: 'checkout', issuer: iss, audience: aud, subject: sub, jwks };
  const created = await server.post(`${tenant.path}/services/${service.id}/trusts`, trust, tenant.owner);
  expect(created.status).toBe(201);
  const iat = Math.floor(systemClock.now() / SECOND);
  const projected = new SignJWT({ iss, aud: [aud], sub, iat, exp: iat + 600 }).setProtectedHeader({
    alg: 'RS256',
    kid: 'cluster',
  });
  writeFileSync(join(folder, 'token'), `${await projected.sign(privateKey)}\n`);
}

const environment = async (): Promise<NodeJS.ProcessEnv> => ({
  ...COMPILE_CACHE,
  PATH: process.env['PATH'],
  CHANCERY_URL: server.url,
  CHANCERY_TENANT: tenant.slug,
  CHANCERY_ISSUER: `${server.url}${tenant.path}`,
  CHANCERY_SERVICE_KEY: service.serviceKey,
  CHANCERY_TOKEN: (await createApiToken(server, tenant, ['services:read', 'services:write'])).token,
  SERVICE_ID: service.id,
  JWT_SECRET: service.jwtSecret,
  PARTNER_URL: `${server.url}/health/live`,
  TOKEN_FILE: join(folder, 'token'),
});

/** Runs an example that ends. @returns what it printed */
const program = async (contains: string, ...parameters: string[]): Promise<string> =>
  (await run(process.execPath, [file(contains), ...parameters], { env: await environment() })).stdout.trim();

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

/** Starts an example that listens. @returns its address */
async function application(contains: string): Promise<string> {
  const port = await freePort();
  const env = { ...(await environment()), PORT: String(port) };
  started.push(spawn(process.execPath, [file(contains)], { env, stdio: 'ignore' }));
  const url = `http://127.0.0.1:${port}`;
  await expect
    .poll(() =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  return url;
}

const token = () => program('serviceKey(process.env').then((printed) => printed.split(' ')[0]!);

describe('the package of the SDK', () => {
  it('the package has what its exports name, its licence and its README, and no source or test', () => {
    const { exports } = JSON.parse(readFileSync(join(SDK, 'package.json'), 'utf8')) as {
      exports: Record<string, string | Record<string, string>>;
    };
    const named = Object.values(exports).flatMap((target) =>
      typeof target === 'string' ? target : Object.values(target),
    );
    expect(packed).toEqual(expect.arrayContaining(['LICENSE', 'README.md', ...named.map((path) => path.slice(2))]));
    const others = packed.filter((path) => !/^dist\/([\w-]+\/)?[\w-]+(\.(guard|module))?\.(js|d\.ts)$/.test(path));
    expect(others).toEqual(['LICENSE', 'README.md', 'package.json']);
    expect(readFileSync(join(SDK, 'LICENSE'), 'utf8')).toBe(readFileSync(join(ROOT, 'LICENSE'), 'utf8'));
  });

  it('the client loads neither Nest nor Express nor what only verifiers need', async () => {
    const script = `
      import { registerHooks } from 'node:module';
      registerHooks({ resolve: (name, context, next) => {
        if (/nest|express|jose/.test(name)) throw new Error(name + ' is loaded');
        return next(name, context);
      } });
      const { createClient } = await import('@chancery/sdk');
      console.log(typeof createClient);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: project });
    expect(stdout.trim()).toBe('function');
  });
});

describe('the examples of the README of the SDK', () => {
  it('a service gets a token, and a verifier accepts it and no other', async () => {
    const obtained = await token();
    expect(await program('process.argv[2]', obtained)).toMatch(/^order-4711 \d+$/);
    expect(await program('process.argv[2]', `${obtained}x`)).toBe('INVALID_SIGNATURE');
  });

  it('a service calls its partner with a token that is kept', async () => {
    expect(await program('cachedToken(')).toBe('200');
  });

  it('a workload acts as the service by the token of its platform', async () => {
    await projectToken();
    expect(await program('tokenFile(')).toBe(`${service.id} workload`);
  });

  it('automation creates a service, and sees that it exists the second time', async () => {
    expect(await program('SERVICE_NAME_TAKEN')).toMatch(/^created [\w-]{36}$/);
    expect(await program('SERVICE_NAME_TAKEN')).toBe('it is there already');
  });

  it.each([
    ['Express', "from 'express'", { for: 'order-4711' }],
    ['Nest', 'NestFactory', { for: 'order-4711', by: expect.stringMatching(/^service-/) as string }],
  ])('an application of %s accepts the tokens of the tenant only', async (_, contains, body) => {
    const url = await application(contains);
    const accepted = await fetch(`${url}/orders`, { headers: { Authorization: `Bearer ${await token()}` } });
    expect([accepted.status, await accepted.json()]).toEqual([200, body]);
    const refused = await fetch(`${url}/orders`, { headers: { Authorization: 'Bearer nothing' } });
    expect([refused.status, refused.headers.get('WWW-Authenticate')]).toEqual([
      401,
      expect.stringMatching(/^Bearer error="invalid_token"/),
    ]);
  });

  it('every example of the README has a test', () => {
    const tested = [
      'serviceKey(process.env',
      'process.argv[2]',
      'cachedToken(',
      'tokenFile(',
      'SERVICE_NAME_TAKEN',
      "from 'express'",
      'NestFactory',
    ];
    expect(new Set(tested.map(file)).size).toBe(examples.length);
  });
});
