import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, ManualClock } from '#core';
import { ClockWatch } from '#scheduler';

import { run } from '../../../apps/cli/src/program.js';
import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../../support/database.js';
import { enrolTotp, stepUp } from '../../support/factors.js';
import { joinTenant } from '../../support/people.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  CHEAP_PASSWORDS,
  type TestServer,
  TEST_MASTER_KEY,
  createTenant,
  startTestServer,
} from '../../support/server.js';

const PASSWORD = 'a password of an administrator';

let database: TestDatabase;
let server: TestServer;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chancery-cli-'));
  database = await createMigratedDatabase();
  server = await startTestServer({ database });
  const tenant = await createTenant(server);
  await server.post(`${tenant.path}/keys`, { name: 'tokens', algorithm: 'ES256' }, { token: tenant.owner.token });
});
afterAll(async () => {
  await server.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command line as `main.ts` does. */
async function chancery(
  line: string | readonly string[],
  environment: Record<string, string> = {},
): Promise<{ code: number; output: string; errors: string }> {
  let output = '';
  let errors = '';
  const masterKey = Object.keys(environment).some((name) => name.startsWith('CHANCERY_MASTER_KEY'))
    ? {}
    : { CHANCERY_MASTER_KEY: TEST_MASTER_KEY };
  const code = await run(typeof line !== 'string' ? line : line.split(' '), {
    environment: { DATABASE_URL: database.url, ...masterKey, ...environment },
    write: (text) => {
      output += text;
    },
    fail: (text) => {
      errors += text;
    },
    passwordParameters: CHEAP_PASSWORDS,
  });
  return { code, output, errors };
}

const newKey = (): string => randomBytes(32).toString('base64');

describe('chancery', () => {
  it('chancery explains itself, and rejects what it does not know', async () => {
    expect(await chancery('--help')).toMatchObject({ code: 0, output: expect.stringContaining('doctor') });
    expect(await chancery('frobnicate')).toMatchObject({ code: 1, errors: expect.stringContaining('unknown command') });
  });

  it('chancery migrate works on a database that is in use, and not with another master key', async () => {
    expect(await chancery('migrate')).toMatchObject({ code: 0 });
    const refused = await chancery('migrate', { CHANCERY_MASTER_KEY: newKey() });
    expect(refused).toMatchObject({ code: 1, errors: expect.stringContaining('does not open this database') });
  });

  it('chancery reports everything that is wrong with the configuration', async () => {
    const { code, errors } = await chancery('migrate', { PORT: 'x', WORKERS: '0' });
    expect(code).toBe(1);
    expect(errors).toMatch(/PORT.*\n.*WORKERS/);
  });

  it('chancery admin create makes an administrator who can log in', async () => {
    const line = 'admin create --email second@chancery.test';
    const created = await chancery(line, { CHANCERY_ADMIN_PASSWORD: PASSWORD });
    expect(created).toMatchObject({ code: 0, output: expect.not.stringContaining(PASSWORD) });
    expect(await server.login('second@chancery.test', PASSWORD)).toBeTruthy();
    expect(await chancery(line)).toMatchObject({ code: 1 });
    const shown = await chancery('admin create --email third@chancery.test');
    const password = /Password: (\S+)/.exec(shown.output)?.[1];
    expect(await server.login('third@chancery.test', password)).toBeTruthy();
  });

  it.each([
    [['--email', 'x'], 'email: must be an e-mail address\n'],
    [['--email', 'a@b@chancery.test'], 'email: must be an e-mail address\n'],
    [['--email', 'nameless@chancery.test', '--name', ''], 'name: must have 1 to 200 characters\n'],
    [['--email', 'named@chancery.test', '--name', 'x'.repeat(201)], 'name: must have 1 to 200 characters\n'],
  ])('chancery admin create makes no account that the API would not accept: %#', async (options, errors) => {
    expect(await chancery(['admin', 'create', ...options])).toEqual({ code: 1, output: '', errors });
  });

  it('chancery admin reset sets a new password, ends the sessions of the user and forgets the failed sign-ins', async () => {
    const email = 'forgetful@chancery.test';
    await chancery(`admin create --email ${email}`, { CHANCERY_ADMIN_PASSWORD: PASSWORD });
    const token = await server.login(email, PASSWORD);
    const wrong = () => server.post('/v1/auth/login', { email, password: 'not the password of anyone' });
    for (let failure = 0; failure < 5; failure += 1) await wrong();
    expect((await wrong()).status).toBe(429);
    const reset = await chancery(`admin reset --email ${email.toUpperCase()}`);
    const password = /Password: (\S+)/.exec(reset.output)?.[1];
    expect((await server.get('/v1/auth/me', { token })).status).toBe(401);
    expect((await server.post('/v1/auth/login', { email, password: PASSWORD })).status).toBe(401);
    const again = await server.login(email, password);
    const events = await server.get('/v1/platform/audit-events?action=user.password_reset', { token: again });
    expect(events.body['items']).toHaveLength(1);
    expect(await chancery('admin reset --email nobody@chancery.test')).toMatchObject({ code: 1 });
  });

  it('chancery keys rewrap counts, says what is left, and makes the former key superfluous', async () => {
    const next = newKey();
    const change = { CHANCERY_MASTER_KEY: next, CHANCERY_PREVIOUS_MASTER_KEY: TEST_MASTER_KEY };
    expect(await chancery('keys rewrap', change)).toMatchObject({
      code: 0,
      output: expect.stringContaining('2 data key(s) re-wrapped, 0 left'),
    });
    expect(await chancery('keys rewrap')).toMatchObject({ code: 1 });
    const back = { CHANCERY_MASTER_KEY: TEST_MASTER_KEY, CHANCERY_PREVIOUS_MASTER_KEY: next };
    expect(await chancery('keys rewrap', back)).toMatchObject({ code: 0 });
  });

  it('chancery keys rotate-data-keys lets the server continue, which seals with the new keys', async () => {
    const { code, output } = await chancery('keys rotate-data-keys');
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('kept for now') });
    expect((await chancery('doctor --all')).code).toBe(0);
    expect((await createTenant(server)).id).toBeTruthy();
  });

  it('chancery admin reset takes the account that the named tenant knows', async () => {
    const [one, other] = [await createTenant(server), await createTenant(server)];
    const email = 'twice@chancery.test';
    for (const tenant of [one, other]) await joinTenant(server, tenant, { email, role: 'auditor' });
    const reset = await chancery(`admin reset --email ${email} --tenant ${other.slug}`);
    const password = /Password: (\S+)/.exec(reset.output)?.[1];
    const logIn = async (tenant: string) => (await server.post('/v1/auth/login', { email, password, tenant })).status;
    expect([await logIn(other.slug), await logIn(one.slug)]).toEqual([200, 401]);
    expect(await chancery(`admin reset --email ${email} --tenant none`)).toMatchObject({ code: 1 });
  });

  it('chancery admin reset keeps the second factors of an account, unless it is asked to delete them', async () => {
    const email = 'two-factors@chancery.test';
    await chancery(`admin create --email ${email}`, { CHANCERY_ADMIN_PASSWORD: PASSWORD });
    const token = await server.login(email, PASSWORD);
    await enrolTotp(server, token, await stepUp(server, token, { password: PASSWORD }));
    const logIn = async () => (await server.post('/v1/auth/login', { email, password: PASSWORD })).body;
    const environment = { CHANCERY_ADMIN_PASSWORD: PASSWORD };
    await chancery(`admin reset --email ${email}`, environment);
    expect(await logIn()).toHaveProperty('mfaToken');
    await chancery(`admin reset --email ${email} --clear-factors`, environment);
    expect(await logIn()).toHaveProperty('accessToken');
  });
});

describe('chancery doctor', () => {
  it('chancery doctor finds nothing wrong with an installation that is well', async () => {
    const { code, output } = await chancery('doctor');
    expect(output).toContain('No errors.');
    expect(output).not.toMatch(/^ERROR/m);
    expect(code).toBe(0);
  });

  it.skipIf(testServerUrl === undefined)(
    'chancery doctor says that the database is a cluster, and warns where its reads are not causal',
    async () => {
      const galera = await chancery('doctor', { CHANCERY_DATABASE_CLUSTER: 'galera' });
      expect(galera).toMatchObject({ code: 0, output: expect.stringContaining('is a cluster (galera)') });
      const { output } = await chancery('doctor', { CHANCERY_DATABASE_CLUSTER: 'group-replication' });
      expect(output).toMatch(/^warning +database: .* does not take group_replication_consistency=BEFORE/m);
      expect((await chancery('doctor')).output).not.toContain('cluster');
    },
  );

  it('chancery doctor finds a wrong master key', async () => {
    const { code, output } = await chancery('doctor', { CHANCERY_MASTER_KEY: newKey() });
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('ERROR    master key') });
  });

  it('chancery doctor finds a key file that others may read', async () => {
    const file = join(folder, 'master.key');
    writeFileSync(file, `${TEST_MASTER_KEY}\n`);
    chmodSync(file, 0o644);
    const { code, output } = await chancery('doctor', { CHANCERY_MASTER_KEY_FILE: file });
    expect(code).toBe(1);
    expect(output).toContain(`others may read ${file}; run: chmod 600`);
    chmodSync(file, 0o600);
    expect((await chancery('doctor', { CHANCERY_MASTER_KEY_FILE: file })).code).toBe(0);
  });

  it('chancery doctor finds settings that cannot be used, and unknown ones', async () => {
    expect(await chancery('doctor', { PORT: 'x' })).toMatchObject({ code: 1, output: expect.stringContaining('PORT') });
    const { code, output } = await chancery('doctor', {
      CHANCERY_MASTER_KEY_FIEL: 'x',
      CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
    });
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('CHANCERY_MASTER_KEY_FIEL') });
  });

  it('chancery doctor finds a sealed value that was damaged', async () => {
    const plain = await openPlainDataSource(database.url);
    const [row] = await plain.query<{ id: string; sealedPrivate: Buffer }[]>(
      'SELECT id, sealedPrivate FROM key_versions',
    );
    const store = (blob: Buffer): Promise<unknown> =>
      plain.query('UPDATE key_versions SET sealedPrivate = ? WHERE id = ?', [blob, row!.id]);
    await store(row!.sealedPrivate.subarray(0, -1));
    const { code, output } = await chancery('doctor');
    expect(code).toBe(1);
    expect(output).toContain(`KeyVersion.sealedPrivate of ${row!.id}`);
    await store(row!.sealedPrivate);
    await plain.destroy();
  });
});

describe('chancery scheduler', () => {
  it('chancery scheduler shows that a clock jumped, and confirms it for every process', async () => {
    const other = await createMigratedDatabase();
    const clock = new ManualClock(Date.now());
    const running = await startTestServer({ database: other, clock });
    const watch = running.server.app.get(ClockWatch);
    const environment = { DATABASE_URL: other.url };
    expect(await chancery('scheduler status', environment)).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^Not paused\.\nThis host's clock: .* \(steady\)\n/),
    });
    expect(await chancery('scheduler confirm', environment)).toMatchObject({
      code: 0,
      output: expect.stringContaining('nothing to confirm'),
    });

    clock.jump(400 * DAY);
    await running.runScheduler();
    clock.jump(-400 * DAY);
    expect(await chancery('scheduler status', environment)).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^Paused since 20.*Z: a clock showed 20.*Z instead of 20.*Z\./),
    });
    expect(await chancery('doctor', environment)).toMatchObject({
      code: 1,
      output: expect.stringContaining('ERROR    clock: jumped; run: chancery scheduler status'),
    });
    await running.runScheduler();
    expect(watch.paused).toBe(true);

    expect(await chancery('scheduler confirm', environment)).toMatchObject({
      code: 0,
      output: expect.stringContaining('The clock is confirmed'),
    });
    await running.runScheduler();
    expect(watch.paused).toBe(false);
    expect(await chancery('scheduler status', environment)).toMatchObject({
      code: 0,
      output: expect.stringContaining('Last confirmed at:'),
    });
    await running.close();
    await other.drop();
  });
});
