import { randomBytes } from 'node:crypto';

import { getMetadataArgsStorage } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Database } from '#database';
import { sealedColumnsOf } from '#vault';

import { createMigratedDatabase } from '../../support/database.js';
import { enrolTotp } from '../../support/factors.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createIssuer } from '../signing/issuer.js';
import { createVendor } from '../vendors/vendor.js';
import { pathWith, routesOf } from './routes.js';
import { type Identifiers, fillTenant, identifierOf } from './sample-tenant.js';

const database = await createMigratedDatabase();
const plain = await openPlainDataSource(database.url);
// Of both: tokens name it.
const environment = { CHANCERY_PUBLIC_URL: 'https://chancery.test' };
let server: TestServer;
/** Keeps nothing in its memory that was opened before a row was altered. */
let other: TestServer;
let tenant: TestTenant;

beforeAll(async () => {
  server = await startTestServer({ database, environment });
  other = await startTestServer({ database, environment, clock: server.clock });
  tenant = await createTenant(server);
});
afterAll(async () => {
  await plain.destroy();
  await other.close();
  await server.close();
  await database.drop();
});

/** What somebody can alter who has the database and no key: the version of the key that a value names, or its bytes. */
const alterations = { 'the version of the key': 5, 'the ciphertext': 20 } as const;
type Alteration = keyof typeof alterations;
const all = Object.keys(alterations) as Alteration[];

/** Alters the sealed values of a column in the rows that a condition selects. @returns how many there were */
async function alter(table: string, column: string, condition: string, how: Alteration = all[0]!): Promise<number> {
  const rows = await plain.query<{ id: string; value: Buffer }[]>(
    `SELECT id, ${column} AS value FROM ${table} WHERE ${column} IS NOT NULL AND ${condition}`,
  );
  for (const { id, value } of rows) {
    const altered = Buffer.from(value);
    altered[alterations[how]]! ^= 0x40;
    await plain.query(`UPDATE ${table} SET ${column} = X'${altered.toString('hex')}' WHERE id = '${id}'`);
  }
  return rows.length;
}

describe('a sealed value that was altered', () => {
  it.each(all)(
    'a sealed value that was altered (%s) makes no list fail, and says nothing about the server',
    async (how) => {
      const filled = await createTenant(server);
      const { identifiers, serviceKey } = await fillTenant(server, filled);
      const file = { algorithm: 'HS256', format: 'secret-base64', data: randomBytes(32).toString('base64') } as const;
      const vendor = await createVendor(server, filled, 'telesign-app-verify', file, { issuer: 'CUSTOMER' });
      expect((await vendor.sign({ phoneNumber: '4915112345678', xid: 'altered' })).status).toBe(200);
      const columns = sealedColumnsOf(server.server.app.get(Database).entities).filter(
        ({ ofInstallation }) => !ofInstallation,
      );
      const altered: string[] = [];
      for (const { entity, column } of columns) {
        const { name } = getMetadataArgsStorage().tables.find(({ target }) => target === entity)!;
        if ((await alter(name!, column, `tenantId = '${filled.id}'`, how)) > 0) altered.push(`${name}.${column}`);
      }
      expect(altered.length).toBeGreaterThan(5);
      const valueOf = (path: string) => (name: string) =>
        identifiers[identifierOf(path, name) as keyof Identifiers] ?? '1';
      const lists = routesOf(server.server.app).filter(
        ({ method, path, permission }) =>
          method === 'GET' &&
          permission !== undefined &&
          path.startsWith('/v1/tenants/:tenantId') &&
          !REVEALS.test(path),
      );
      for (const { path } of lists) {
        const { status, body } = await other.get(pathWith(path, valueOf(path)), filled.owner);
        // No checkpoint was made yet: that is no fault.
        if (status >= 500) expect([path, body['code']]).toEqual([path, 'CHECKPOINT_PENDING']);
      }
      expect((await other.get('/v1/whoami', { serviceKey })).status).toBe(200);
      expect((await other.get('/health/ready')).status).toBe(200);
      expect(other.logs.join('')).toContain('A sealed value was altered');
    },
  );
});
/** What is the sealed value itself. */
const REVEALS = /secret|private|export/;

describe('the row of one thing that was altered', () => {
  it('the row of one key version that was altered keeps no other version from verifying and no secret from being imported', async () => {
    const issuer = await createIssuer(server, tenant, { algorithm: 'HS256' });
    const before: string = (await issuer.sign()).body['token']!;
    const rotated = await server.post(
      `${tenant.path}/keys/${issuer.keyId}/rotate`,
      { immediately: true },
      tenant.owner,
    );
    expect(rotated.status).toBe(200);
    const after: string = (await issuer.sign()).body['token']!;
    expect(await alter('key_versions', 'sealedPrivate', `kid = '${issuer.kid}'`)).toBe(1);
    const verify = async (token: string) =>
      (await other.post('/v1/verify', { profile: issuer.profile, token }, { serviceKey: issuer.service.serviceKey }))
        .body;
    expect(await verify(after)).toMatchObject({ valid: true });
    expect(await verify(before)).toMatchObject({ valid: false });
    const file = { name: 'imported', algorithm: 'HS256', format: 'secret', data: randomBytes(32).toString('hex') };
    const imported = await other.post(`${tenant.path}/keys/import`, file, tenant.owner);
    expect(imported.status).toBe(201);
    const [version] = imported.body['versions'] as unknown as Shape[];
    const compromise = `${tenant.path}/keys/${imported.body['id']}/versions/${version!['kid']}/compromise`;
    expect((await other.post(compromise, undefined, tenant.owner)).status).toBe(200);
  });

  it('the row of one second factor that was altered leaves the others of the account', async () => {
    const { token, email } = tenant.owner;
    const first = await enrolTotp(server, token);
    await alter('factors', 'sealedMaterial', `id = '${first.factorId}'`);
    const question = (await other.post('/v1/auth/login', { email, password: PASSWORD })).body;
    const [recoveryCode] = first.recoveryCodes;
    const wrong = { mfaToken: question['mfaToken'], totp: first.code() };
    expect(await other.post('/v1/auth/login/verify', wrong)).toMatchObject({ status: 401 });
    const right = { mfaToken: question['mfaToken'], recoveryCode };
    expect(await other.post('/v1/auth/login/verify', right)).toMatchObject({ status: 200 });
  });

  it('the row of a stored answer that was altered is GONE for a repetition', async () => {
    const own = await createTenant(server);
    const call = { ...own.owner, headers: { 'Idempotency-Key': 'altered' } };
    const request = { name: 'once', algorithm: 'ES256' };
    expect((await server.post(`${own.path}/keys`, request, call)).status).toBe(201);
    expect(await alter('idempotency_records', 'sealedAnswer', `tenantId = '${own.id}'`)).toBe(1);
    expect(await server.post(`${own.path}/keys`, request, call)).toMatchObject({ status: 410, body: { code: 'GONE' } });
  });
});

describe('a secret of the installation that was altered', () => {
  let serviceKey: string;

  beforeAll(async () => {
    ({ serviceKey } = (await createIssuer(server, await createTenant(server))).service);
  });

  /** What each secret is needed for; everything else goes on. */
  const NEEDED_FOR: Readonly<Record<string, (third: TestServer) => Promise<number>>> = {
    canary: async () => 503,
    'history-log-key': async (third) => (await third.get(`${tenant.path}/history/checkpoint`, tenant.owner)).status,
    'service-key-pepper': async (third) => (await third.get('/v1/whoami', { serviceKey })).status,
  };

  it('a secret of the installation that was altered keeps no server from its start, and nothing else from being served', async () => {
    const names = (await plain.query<{ name: string }[]>('SELECT name FROM installation_secrets')).map(
      ({ name }) => name,
    );
    expect(names).toEqual(expect.arrayContaining(Object.keys(NEEDED_FOR)));
    for (const name of names) {
      const column = plain.driver.escape('sealedValue');
      const [{ value }] = (await plain.query(
        `SELECT ${column} AS value FROM installation_secrets WHERE name = '${name}'`,
      )) as [{ value: Buffer }];
      const write = (bytes: Buffer) =>
        plain.query(`UPDATE installation_secrets SET ${column} = X'${bytes.toString('hex')}' WHERE name = '${name}'`);
      const altered = Buffer.from(value);
      altered[alterations['the ciphertext']]! ^= 0x40;
      await write(altered);
      const third = await startTestServer({ database, environment, clock: server.clock });
      try {
        expect([name, (await third.get('/health/ready')).status]).toEqual([name, 200]);
        expect((await third.get(`${tenant.path}/.well-known/jwks.json`)).status).toBe(200);
        await third.runScheduler();
        const { status } = await third.get(tenant.path, tenant.owner);
        // Without its key no session is one.
        expect([name, status]).toEqual([name, name === 'session-signing-key' ? 401 : 200]);
        expect([name, await NEEDED_FOR[name]?.(third)]).toEqual([name, NEEDED_FOR[name] && 503]);
      } finally {
        await third.close();
        await write(value);
      }
    }
  });
});
