import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { type ServerOfSdk, worksWithTheSdk } from '../e2e/sdk/compatibility.js';
import { serverOfSdk } from '../e2e/sdk/compatible-tenant.js';
import { type TestIssuer, createIssuer } from '../e2e/signing/issuer.js';
import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../support/database.js';
import { openPlainDataSource } from '../support/plain-data-source.js';
import { TEST_MASTER_KEY, type TestTenant, createTenant, startTestServer } from '../support/server.js';
import { type ServerProcess, build, request, startProcess } from './server-process.js';

// The release before, as it was, on a database that this one has migrated: instances are replaced one by one, so that the two work
// beside each other for a while. The file names the release; it is changed when the next one is made.

const ROOT = join(import.meta.dirname, '../..');
const { commit, newestMigration } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'previous-release.json'), 'utf8'),
) as { readonly commit: string; readonly newestMigration: string };
const isThere = spawnSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: ROOT }).status === 0;
/** Why it does not run; `undefined` where it does. It installs and builds a second tree. */
const whyNot =
  process.env['PREVIOUS_RELEASE'] !== '1'
    ? 'only with PREVIOUS_RELEASE=1'
    : isThere
      ? undefined
      : `the history of this clone has no ${commit}`;

describe.skipIf(whyNot !== undefined)(`the release before${whyNot === undefined ? '' : ` (${whyNot})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-previous-'));
  let database: TestDatabase;
  let tenant: TestTenant;
  let issuer: TestIssuer;
  let sdk: ServerOfSdk;
  let previous: ServerProcess;
  /** Beside it on a database server; an embedded database has one process at a time. */
  let present: ServerProcess | undefined;

  /** Builds what the commit says with the packages that its lockfile says. */
  function buildPrevious(): string {
    const archive = execFileSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: 2 ** 28 });
    execFileSync('tar', ['-x', '-C', folder], { input: archive });
    const lockfile = 'package-lock.json';
    const isSame = readFileSync(join(folder, lockfile), 'utf8') === readFileSync(join(ROOT, lockfile), 'utf8');
    if (isSame) symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    else execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'pipe' });
    const compiler = join(folder, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: folder, stdio: 'pipe' });
    return join(folder, 'dist/apps/server/src/main.js');
  }

  beforeAll(async () => {
    build();
    const main = buildPrevious();
    expect(existsSync(main)).toBe(true);
    database = await createMigratedDatabase();
    const setUp = await startTestServer({ database, clock: systemClock });
    tenant = await createTenant(setUp);
    issuer = await createIssuer(setUp, tenant, { algorithm: 'HS256' });
    sdk = await serverOfSdk(setUp, tenant);
    await setUp.close();
    const environment = {
      DATABASE_URL: database.url,
      CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
      CHANCERY_CHECKPOINT_FILE: 'off',
    };
    previous = await startProcess(environment, ':', main);
    if (testServerUrl !== undefined) present = await startProcess(environment);
  }, 900_000);
  afterAll(async () => {
    for (const server of [previous, present]) await server?.stop();
    await database?.drop();
    rmSync(folder, { recursive: true });
  });

  const sign = (at: ServerProcess) =>
    request(at, 'POST', `/v1/sign/${issuer.profile}`, {
      body: {},
      headers: { 'X-Service-Key': issuer.service.serviceKey },
    });
  const verify = (at: ServerProcess, token: string) =>
    request(at, 'POST', '/v1/verify', {
      body: { profile: issuer.profile, token },
      headers: { 'X-Service-Key': issuer.service.serviceKey },
    });

  it('the release before starts on the new schema and is ready', async () => {
    expect((await request(previous, 'GET', '/health/ready')).status).toBe(200);
  });

  it('the release before takes no migration back and makes none', async () => {
    const plain = await openPlainDataSource(database.url);
    const rows = await plain.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY timestamp DESC LIMIT 1');
    await plain.destroy();
    const numberOf = (name: string): number => Number(/\d+$/.exec(name)?.[0]);
    expect(numberOf(rows[0]!.name)).toBeGreaterThan(numberOf(newestMigration));
  });

  it('the release before signs and verifies with what this one has made', async () => {
    const signed = await sign(previous);
    expect(signed.status).toBe(200);
    expect((await verify(previous, signed.body['token']!)).status).toBe(200);
  });

  it('the release before creates, changes and lists what this one has added columns to', async () => {
    const { token } = tenant.owner;
    const { path } = tenant;
    const service = await request(previous, 'POST', `${path}/services`, { token, body: { name: 'of-before' } });
    expect([service.status, service.body['code']]).toEqual([201, undefined]);
    const key = await request(previous, 'POST', `${path}/keys`, {
      token,
      body: { name: 'before', algorithm: 'ES256' },
    });
    expect([key.status, key.body['code']]).toEqual([201, undefined]);
    const rotated = await request(previous, 'POST', `${path}/keys/${key.body['id']}/rotate`, { token, body: {} });
    expect(rotated.status).toBeLessThan(300);
    const listed = await request(previous, 'GET', `${path}/services`, { token });
    expect((listed.body['items'] as unknown as { name: string }[]).map(({ name }) => name)).toContain('of-before');
    const events = await request(previous, 'GET', `${path}/audit-events`, { token });
    expect(events.status).toBe(200);
  });

  // Clients are updated before the server, too.
  worksWithTheSdk('the release before', () => ({ ...sdk, url: previous.address }));

  it.skipIf(testServerUrl === undefined)(
    'this release works beside the one before, with what that one makes',
    async () => {
      const signed = await sign(previous);
      expect((await verify(present!, signed.body['token']!)).status).toBe(200);
      const listed = await request(present!, 'GET', `${tenant.path}/services`, { token: tenant.owner.token });
      expect((listed.body['items'] as unknown as { name: string }[]).map(({ name }) => name)).toContain('of-before');
      expect((await sign(present!)).status).toBe(200);
    },
  );
});
