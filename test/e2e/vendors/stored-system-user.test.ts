import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MINUTE } from '#core';

import { GOLDEN } from '../../support/golden.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { dumpDatabase } from '../server/database-dump.js';
import { createService } from '../signing/issuer.js';
import { type Vendor, createVendor, manualClock } from './vendor.js';

const TOKEN = 'Application Name-pzqc70604i';
const KEY = { algorithm: 'RS256', format: 'pem', data: GOLDEN.privateKeyPem } as const;

let database: TestDatabase;
let server: TestServer;
let tenant: TestTenant;
let vendor: Vendor;
let path: string;
beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database });
  tenant = await createTenant(server, 'stored-system-user');
  vendor = await createVendor(server, tenant, 'superoffice-system-user', KEY);
  path = `${tenant.path}/token-profiles/${vendor.profile}`;
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

const store = (systemUserToken: unknown, at = path) =>
  server.request('PUT', `${at}/system-user-token`, { systemUserToken }, tenant.owner);
const current = (query = '') => server.get(`/v1/system-user-token${query}`, { serviceKey: vendor.serviceKey });

describe('a stored system user token', () => {
  it('without a stored system user token a service has to send it', async () => {
    const refused = {
      status: 400,
      body: { code: 'VALIDATION_ERROR', errors: [{ pointer: '/systemUserToken', code: 'REQUIRED' }] },
    };
    expect(await vendor.sign({})).toMatchObject(refused);
    expect(await current()).toMatchObject(refused);
    expect((await server.get(path, tenant.owner)).body['hasSystemUserToken']).toBe(false);
  });

  it('a stored system user token is signed where a service sends none, and another one where it sends one', async () => {
    expect((await store(TOKEN)).body).toMatchObject({ hasSystemUserToken: true, revision: 2 });
    const { body } = await vendor.sign({});
    expect(body['token']).toMatch(new RegExp(`^${TOKEN}\\.\\d{12}\\.`));
    expect((await vendor.verify(body['token']!)).body).toMatchObject({ valid: true, vendorResult: 'NoError' });
    expect((await vendor.sign({ systemUserToken: 'Other' })).body['token']).toMatch(/^Other\./);
  });

  it('GET /v1/system-user-token answers the signed token with its minute, the same within the minute', async () => {
    const first = await current();
    expect(first.status).toBe(200);
    expect(first.headers.get('cache-control')).toBe('no-store');
    const { token, timestamp, issuedAt } = first.body as Readonly<Record<string, string>>;
    expect(token!.startsWith(`${TOKEN}.${timestamp}.`)).toBe(true);
    expect(`${issuedAt}`.replaceAll(/\D/g, '').slice(0, 12)).toBe(timestamp);
    expect((await current(`?profile=${vendor.profile}`)).body['token']).toBe(token);
    manualClock(server).advance(MINUTE);
    expect((await current()).body['timestamp']).not.toBe(timestamp);
  });

  it('GET /v1/system-user-token is for services that were granted the profile', async () => {
    const none = await createService(server, tenant, []);
    expect(await server.get('/v1/system-user-token', { serviceKey: none.serviceKey })).toMatchObject({
      status: 403,
      body: { code: 'PROFILE_NOT_GRANTED' },
    });
    expect((await server.get('/v1/system-user-token')).status).toBe(401);
  });

  it('a stored system user token is nowhere in clear, and is shown to no caller', async () => {
    expect(JSON.stringify(await dumpDatabase(database.url))).not.toContain('pzqc70604i');
    expect(server.logs.join('')).not.toContain('pzqc70604i');
    const history = await server.get(`${tenant.path}/audit-events`, tenant.owner);
    expect(history.text).toContain('token_profile.system_user_stored');
    for (const text of [history.text, (await server.get(path, tenant.owner)).text])
      expect(text).not.toContain('pzqc70604i');
  });

  it.each(['', 'a\nb', 'x'.repeat(256), 5, null])('a system user token cannot be %j', async (value) => {
    expect(await store(value)).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
  });

  it('a stored system user token belongs to profiles of the format only, and can be removed', async () => {
    const { profile } = await createVendor(server, tenant, 'jwt', KEY);
    expect(await store(TOKEN, `${tenant.path}/token-profiles/${profile}`)).toMatchObject({
      status: 409,
      body: { code: 'WRONG_STATE' },
    });
    expect((await server.delete(`${path}/system-user-token`, undefined, tenant.owner)).status).toBe(204);
    expect((await vendor.sign({})).status).toBe(400);
    const { body } = await server.get(
      `${tenant.path}/audit-events?action=token_profile.system_user_removed`,
      tenant.owner,
    );
    expect(body['items']).toHaveLength(1);
  });
});
