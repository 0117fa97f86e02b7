import { randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Checkpoints, ErasedMonths } from '#audit';
import { MINUTE, ManualClock, systemClock } from '#core';

import { run } from '../../../apps/cli/src/program.js';
import { temporaryFolder } from '../../../scripts/memory-folder.mjs';
import { type TestDatabase, createTestDatabase, testServerUrl } from '../../support/database.js';
import { type Application, enrolTotp } from '../../support/factors.js';
import { whileStatementFails } from '../../support/failing-statement.js';
import { joinTenant } from '../../support/people.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { PASSWORD, type TestTenant, TEST_MASTER_KEY, createTenant, startTestServer } from '../../support/server.js';
import { createAuthority } from '../certificates/pki.js';
import { type TestIssuer, createIssuer } from '../signing/issuer.js';

const folder = mkdtempSync(join(temporaryFolder(), 'chancery-backup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
/** What tokens and logs are named after: the same where the installation goes on. */
const PUBLIC = { CHANCERY_PUBLIC_URL: 'https://keys.example.com' };
let files = 0;
const freshPath = (name: string): string => join(folder, `${name}-${++files}`);

type Kind = 'the embedded database' | 'a server';
const createDatabase = async (kind: Kind): Promise<TestDatabase> =>
  kind === 'a server' ? createTestDatabase() : { url: `sqlite:${freshPath('db')}/c.db`, drop: async () => undefined };

/** From where to where: with a server also across, as from a trial to production. */
const WAYS: readonly (readonly [Kind, Kind])[] =
  testServerUrl === undefined
    ? [['the embedded database', 'the embedded database']]
    : [
        ['a server', 'a server'],
        ['the embedded database', 'a server'],
        ['a server', 'the embedded database'],
      ];

async function chancery(url: string, checkpoints: string, ...parameters: string[]) {
  const told: string[] = [];
  const code = await run(parameters, {
    environment: {
      DATABASE_URL: url,
      CHANCERY_DATABASE_TLS: 'off',
      CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
      CHANCERY_CHECKPOINT_FILE: checkpoints,
      ...PUBLIC,
    },
    write: (text) => told.push(text),
    fail: (text) => told.push(text),
  });
  return { code, told: told.join('') };
}

const MEMBER = 'member@restored.test';
/** Months of before the backup: one whose erasure the file has, one whose an export has, and one that is kept. */
const MONTHS = ['2025-01', '2025-02', '2025-03'] as const;

/** As if the history of a tenant had begun then. */
async function addMonths(url: string, tenantId: string): Promise<void> {
  const plain = await openPlainDataSource(url);
  for (const [place, month] of MONTHS.entries()) {
    await plain.query(
      `INSERT INTO history_months (id, tenantId, month, endsAt, sealedKey, createdAt) SELECT '${randomUUID()}', tenantId, '${month}', ${Date.UTC(2025, place + 1)}, sealedKey, createdAt FROM history_months WHERE tenantId = '${tenantId}' LIMIT 1`,
    );
  }
  await plain.destroy();
}

describe.each(WAYS)('a backup of %s, restored into %s', (from, to) => {
  let source: TestDatabase;
  let target: TestDatabase;
  let checkpoints: string;
  let backup: string;
  let identityFile: string;
  let newerExport: string;
  let tenant: TestTenant;
  /** Its history had events, and no checkpoint, when the backup was made. */
  let young: TestTenant;
  let issuer: TestIssuer;
  let tokens: { usedBefore: string; unused: string; usedAfter: string };
  let caId: string;
  let lastNumber: number;
  let discarded: string;
  let phone: Application;
  let webhookId: string;
  let jwks: string;

  beforeAll(async () => {
    [source, target] = [await createDatabase(from), await createDatabase(to)];
    checkpoints = freshPath('checkpoints');
    const server = await startTestServer({
      clock: systemClock,
      database: source,
      environment: { CHANCERY_CHECKPOINT_FILE: checkpoints, ...PUBLIC },
    });
    tenant = await createTenant(server);
    issuer = await createIssuer(server, tenant);
    await joinTenant(server, tenant, { email: MEMBER, role: 'auditor' });
    phone = await enrolTotp(server, await server.login(MEMBER, PASSWORD));
    const webhook = { url: 'https://localhost/', actions: ['key.*'] };
    webhookId = (await server.post(`${tenant.path}/webhooks`, webhook, tenant.owner)).body['webhook']!['id']!;
    caId = (await createAuthority(server, tenant))['id']!;
    const token = async (): Promise<string> => (await issuer.sign()).body['token']!;
    tokens = { usedBefore: await token(), unused: await token(), usedAfter: await token() };
    const use = (used: string) =>
      server.post('/v1/verify', { profile: issuer.profile, token: used, consume: true }, issuer.service);
    await use(tokens.usedBefore);
    await server.get(`/pki/${caId}/crl`);
    jwks = (await server.get(`${tenant.path}/.well-known/jwks.json`)).text;
    await server.server.app.get(Checkpoints).publishDue();
    young = await createTenant(server);
    await addMonths(source.url, tenant.id);
    const identity = await generateX25519Identity();
    identityFile = freshPath('identity');
    writeFileSync(identityFile, `# a comment\n${identity}\n`);
    backup = freshPath('backup');
    // Others go on while the backup is made.
    const [made] = await Promise.all([
      chancery(source.url, checkpoints, 'backup', '--to', backup, '--recipient', await identityToRecipient(identity)),
      ...Array.from({ length: 20 }, token),
    ]);
    expect(made).toMatchObject({ code: 0 });
    // All of this is lost.
    await use(tokens.usedAfter);
    await createIssuer(server, young);
    const services = `${tenant.path}/services/${issuer.service.id}/credentials`;
    const request = { authType: 'service_key' };
    discarded = (await server.post(services, request, tenant.owner)).body['id']!;
    await server.post(`${services}/${discarded}/discard`, {}, tenant.owner);
    await server.delete(`${tenant.path}/webhooks/${webhookId}`, undefined, tenant.owner);
    const erase = async (month: string): Promise<number> => {
      const path = `${tenant.path}/history/months/${month}/erase`;
      return (await server.post(path, { password: PASSWORD }, tenant.owner)).status;
    };
    expect(await erase(MONTHS[1])).toBe(200);
    await server.server.app.get(Checkpoints).publishDue();
    newerExport = freshPath('export');
    const exported = ['audit', 'export', '--tenant', tenant.id, '--out', newerExport];
    expect(await chancery(source.url, checkpoints, ...exported)).toMatchObject({ code: 0 });
    expect(await erase(MONTHS[0])).toBe(200);
    await server.server.app.get(ErasedMonths).keepErased();
    // What the export has is not to be known from the file.
    const lines = readFileSync(checkpoints, 'utf8').split('\n');
    writeFileSync(checkpoints, lines.filter((line) => !line.includes(MONTHS[1])).join('\n'));
    lastNumber = Date.now();
    await server.close();
  });
  afterAll(async () => {
    await source.drop();
    await target.drop();
  });

  it('a backup is readable by its owner only, and names its schema, its rows and its hash', () => {
    const manifest = JSON.parse(readFileSync(join(backup, 'manifest.json'), 'utf8')) as Record<string, unknown>;
    const { bytes, file } = manifest['content'] as { bytes: number; file: string };
    expect(file).toBe('rows.ndjson.gz.age');
    expect(statSync(join(backup, file)).size).toBe(bytes);
    expect(manifest['tables']).toMatchObject({ tenants: 2, services: 1, token_profiles: 1 });
    const modes = [backup, join(backup, 'manifest.json'), join(backup, file)].map(
      (path) => statSync(path).mode & 0o777,
    );
    expect(modes).toEqual([0o700, 0o600, 0o600]);
  });

  it('a backup that fails leaves nothing behind, and one into a folder that exists changes nothing there', async () => {
    const failed = freshPath('failed');
    const made = await chancery(source.url, checkpoints, 'backup', '--to', failed, '--recipient', 'age1nobody');
    expect(made).toMatchObject({ code: 1, told: expect.stringContaining('age1nobody is no recipient of age') });
    expect(existsSync(failed)).toBe(false);
    const event = { event: 'INSERT ON audit_events', condition: "NEW.action = 'backup.made'" };
    const unrecorded = await whileStatementFails(source.url, event, () =>
      chancery(source.url, checkpoints, 'backup', '--to', failed),
    );
    expect([unrecorded.code, existsSync(failed)]).toEqual([1, false]);
    const before = readdirSync(backup);
    const again = await chancery(source.url, checkpoints, 'backup', '--to', backup);
    expect(again).toMatchObject({ code: 1, told: expect.stringContaining(`${backup} exists already`) });
    expect(readdirSync(backup)).toEqual(before);
    const nowhere = join(identityFile, 'backup');
    const impossible = await chancery(source.url, checkpoints, 'backup', '--to', nowhere);
    expect(impossible).toMatchObject({
      code: 1,
      told: expect.stringContaining(`${nowhere} cannot be created: ENOTDIR`),
    });
  });

  it('a backup that was changed, cut off, or is opened with another identity is rejected, and writes nothing', async () => {
    const restoring = (path: string, identity = identityFile) =>
      chancery(target.url, checkpoints, 'restore', '--from', path, '--identity', identity);
    const content = readFileSync(join(backup, 'rows.ndjson.gz.age'));
    const copied = (bytes: Buffer): string => {
      const path = freshPath('damaged');
      mkdirSync(path);
      copyFileSync(join(backup, 'manifest.json'), join(path, 'manifest.json'));
      writeFileSync(join(path, 'rows.ndjson.gz.age'), bytes);
      return path;
    };
    const flipped = Buffer.from(content);
    flipped[500]! ^= 1;
    const other = freshPath('other');
    writeFileSync(other, await generateX25519Identity());
    expect(await restoring(copied(flipped))).toMatchObject({ code: 1, told: expect.stringContaining('another hash') });
    expect(await restoring(copied(content.subarray(0, -10)))).toMatchObject({
      code: 1,
      told: expect.stringContaining('bytes instead of'),
    });
    expect(await restoring(backup, other)).toMatchObject({
      code: 1,
      told: expect.stringContaining('another identity'),
    });
    expect(await restoring(freshPath('missing'))).toMatchObject({
      code: 1,
      told: expect.stringContaining('is not there'),
    });
  });

  it('a restored database works with its master key, and what was used, signed or revoked later is not taken back', async () => {
    const parameters = ['restore', '--from', backup, '--identity', identityFile, '--newer-export', newerExport];
    const restored = await chancery(target.url, checkpoints, ...parameters);
    expect(restored).toMatchObject({ code: 0 });
    expect(restored.told).toContain(`credential.discarded ${discarded}`);
    expect(restored.told).toContain(`webhook.deleted ${webhookId}`);
    const erasures = restored.told.match(/ERASED AGAIN .*/g);
    expect(erasures?.toSorted()).toEqual(
      MONTHS.slice(0, 2).map((month) => `ERASED AGAIN ${month} of the history ${tenant.id}`),
    );
    expect(restored.told).toMatch(/\d+ events of 4 histories are those that were signed/);
    const logs = [tenant.id, young.id].map((id) => `keys.example.com/${id}`);
    for (const log of logs) expect(restored.told).toContain(`ENDED the log ${log} of `);

    const again = await chancery(target.url, checkpoints, ...parameters);
    expect(again).toMatchObject({ code: 1, told: expect.stringContaining('is not empty') });

    // Beyond the tolerance for clocks that differ.
    const clock = new ManualClock(Date.now() + 2 * MINUTE);
    const server = await startTestServer({
      clock,
      database: target,
      environment: { CHANCERY_CHECKPOINT_FILE: checkpoints, ...PUBLIC },
    });
    expect((await server.get(tenant.path, tenant.owner)).status).toBe(401);
    const token = await server.login(tenant.owner.email, PASSWORD);
    expect((await server.get(`${tenant.path}/.well-known/jwks.json`)).text).toBe(jwks);

    const asked = (await server.post('/v1/auth/login', { email: MEMBER, password: PASSWORD })).body;
    const prove = async (proof: object): Promise<number> =>
      (await server.post('/v1/auth/login/verify', { mfaToken: asked['mfaToken'], ...proof })).status;
    expect([
      await prove({ recoveryCode: phone.recoveryCodes[0] }),
      await prove({ totp: phone.code(clock.now()) }),
    ]).toEqual([401, 200]);

    const use = async (used: string, consume = true): Promise<unknown> => {
      const body = { profile: issuer.profile, token: used, consume };
      return (await server.post('/v1/verify', body, issuer.service)).body['code'];
    };
    const fresh = (await server.post(`/v1/sign/${issuer.profile}`, {}, issuer.service)).body['token']!;
    expect([await use(tokens.usedBefore), await use(tokens.unused), await use(tokens.usedAfter)]).toEqual(
      Array.from({ length: 3 }, () => 'DUPLICATE_JTI'),
    );
    expect([await use(tokens.usedAfter, false), await use(fresh), await use(fresh)]).toEqual([
      'OK',
      'OK',
      'DUPLICATE_JTI',
    ]);

    expect((await server.get(`/pki/${caId}/crl`)).status).toBe(200);
    const plain = await openPlainDataSource(target.url);
    const kept = await plain.query<{ month: string }[]>(
      `SELECT month FROM history_months WHERE tenantId = '${tenant.id}' AND sealedKey IS NOT NULL AND month < '2026' ORDER BY month`,
    );
    expect(kept.map(({ month }) => month)).toEqual(MONTHS.slice(2));
    const [crl] = await plain.query<{ number: number | string }[]>('SELECT number FROM crls');
    expect(Number(crl!.number)).toBeGreaterThan(lastNumber);
    await plain.destroy();

    const events = await server.get(`${tenant.path}/audit-events?action=history.month_erased`, { token });
    const causes = (events.body['items'] as unknown as { details: object }[]).map(({ details }) => details);
    expect(causes).toHaveLength(2);
    for (const month of MONTHS.slice(0, 2)) expect(causes).toContainEqual({ month, cause: 'restoration' });
    // The history lacks what was signed later, so that it continues as another log, and is signed.
    await server.server.app.get(Checkpoints).publishDue();
    for (const { id, path, owner } of [tenant, young]) {
      const session = { token: await server.login(owner.email, PASSWORD) };
      const checkpoint = (await server.get(`${path}/history/checkpoint`, session)).text;
      const [name] = checkpoint.split('\n');
      expect(name).toMatch(new RegExp(`/restored-\\d+/${id}$`));
      const ended = await server.get(`${path}/audit-events?action=history.log_ended`, session);
      expect(ended.body['items']).toMatchObject([
        { details: { log: `keys.example.com/${id}`, continuesAs: name }, target: { id } },
      ]);
    }
    const doctor = await chancery(target.url, checkpoints, 'doctor');
    expect(doctor.told).toContain(`keys.example.com/${young.id} ended when the database was restored`);
    expect(doctor.told).not.toContain('was the database rolled back');
    expect(doctor.told).toContain('the personal fields of 2 months of histories are erased, the last of them at ');
    expect(server.logs.join('')).not.toContain('was it rolled back');
    await server.close();
  });
});
