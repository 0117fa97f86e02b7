import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY, ManualClock, MINUTE } from '#core';
import { RefusedApiTokens } from '#tenants';
import { enrolTotp, stepUp as stepUpBy } from '../../support/factors.js';
import { createApiToken, createServiceAccount, invite, joinTenant } from '../../support/people.js';
import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { signIn } from './people.js';

const clock = new ManualClock();
let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server, 'tokens');
});
afterAll(() => server.close());

const later = (days: number): string => new Date(clock.now() + days * DAY).toISOString();
const create = (body: object, call: object = tenant.owner) =>
  server.post(
    `${tenant.path}/api-tokens`,
    { name: 'nightly', permissions: ['keys:read'], expiresAt: later(30), password: PASSWORD, ...body },
    call,
  );
const listed = async (call: object = tenant.owner): Promise<Shape[]> =>
  (await server.get(`${tenant.path}/api-tokens?limit=200`, call)).body['items'] as unknown as Shape[];

describe('an API token', () => {
  it('an API token is shown once, works in place of a session, and is listed with its last use', async () => {
    const created = await create({ permissions: ['services:read', 'services:write'] });
    expect(created.status).toBe(201);
    const { token, apiToken } = created.body;
    expect(token).toMatch(/^chat_[0-9A-Za-z]{49}$/);
    expect(apiToken).toMatchObject({
      name: 'nightly',
      ownerType: 'user',
      permissions: ['services:read', 'services:write'],
      stepUp: false,
      allowedCidrs: [],
      state: 'active',
      tokenMasked: `chat_••••••••${String(token).slice(-4)}`,
      lastUsedAt: null,
    });
    clock.advance(MINUTE);
    const used = await server.post(`${tenant.path}/services`, { name: 'by a token' }, { token: String(token) });
    expect(used.status).toBe(201);
    const [row] = await listed();
    expect(row).toMatchObject({ id: apiToken!['id'], lastUsedAt: new Date(clock.now()).toISOString() });
    expect(JSON.stringify(await listed())).not.toContain(token);
    const { items } = (await server.get(`${tenant.path}/audit-events?action=service.created&limit=1`, tenant.owner))
      .body;
    expect(items).toMatchObject([{ actor: { type: 'user', name: tenant.owner.email, role: 'owner' } }]);
    const { items: uses } = (
      await server.get(`${tenant.path}/audit-events?credentialId=${apiToken!['id']}`, tenant.owner)
    ).body;
    expect((uses as unknown as Shape[]).map(({ action }) => action)).toContain('service.created');
  });

  it.each([
    [{ permissions: [] }, '/permissions'],
    [{ permissions: ['no:such'] }, '/permissions'],
    [{ permissions: ['keys:read', 'members:write'] }, '/permissions'],
    [{ permissions: ['api-tokens:self'] }, '/permissions'],
    [{ permissions: ['tenants:manage'] }, '/permissions'],
    [{ expiresAt: null }, '/expiresAt'],
    [{ expiresAt: '2025-01-01T00:00:00Z' }, '/expiresAt'],
    [{ expiresAt: '2027-06-01T00:00:00Z' }, '/expiresAt'],
    [{ allowedCidrs: ['10.0.0.0'] }, '/allowedCidrs/0'],
    [{ name: '' }, '/name'],
    [{ role: 'owner' }, '/role'],
  ])('an API token cannot be created with %j', async (body, pointer) => {
    const answer = await create(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
    expect((answer.body['errors'] as unknown as Shape[])[0]!['pointer']).toContain(pointer);
  });

  it('an API token is created with the password of its maker, and at most with the permissions of their role', async () => {
    const auditor = await signIn(server, tenant, 'auditor');
    expect(await create({ password: undefined })).toMatchObject({ status: 401, body: { code: 'PASSWORD_REQUIRED' } });
    expect(await create({ password: 'wrong' })).toMatchObject({ status: 403, body: { code: 'PASSWORD_INVALID' } });
    expect(await create({ permissions: ['keys:write'] }, auditor)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/permissions/0', code: 'BEYOND_ROLE' }] },
    });
    expect((await create({ permissions: ['audit:read'] }, auditor)).status).toBe(201);
  });

  it('an API token is answered again to the request that created it, until it is revoked', async () => {
    const call = { ...tenant.owner, headers: { 'Idempotency-Key': 'a-token' } };
    const body = { name: 'repeated' };
    const first = await create(body, call);
    expect((await create(body, call)).text).toBe(first.text);
    const path = `${tenant.path}/api-tokens/${first.body['apiToken']!['id']}`;
    expect((await server.delete(path, undefined, tenant.owner)).status).toBe(204);
    expect((await create(body, call)).status).toBe(410);
  });

  it('an API token is seen and revoked by its owner and by owners of the tenant, and rejected from then on', async () => {
    const { userId } = await joinTenant(server, tenant, { email: 'two@tokens.test', role: 'full_access' });
    const member = { token: await server.login('two@tokens.test', PASSWORD) };
    const own = await createApiToken(server, tenant, ['keys:read'], { call: member });
    const ofOwner = await createApiToken(server, tenant, ['keys:read']);
    expect((await listed(member)).map(({ id }) => id)).toEqual([own.id]);
    expect((await listed()).map(({ id }) => id)).toEqual(expect.arrayContaining([own.id, ofOwner.id]));
    const revoke = async (id: string, call: object) =>
      (await server.delete(`${tenant.path}/api-tokens/${id}`, undefined, call)).status;
    expect(await revoke(ofOwner.id, member)).toBe(404);
    expect((await server.get(`${tenant.path}/keys`, own)).status).toBe(200);
    expect([await revoke(own.id, tenant.owner), await revoke(own.id, member)]).toEqual([204, 204]);
    expect(await server.get(`${tenant.path}/keys`, own)).toMatchObject({
      status: 401,
      body: { code: 'INVALID_CREDENTIALS' },
    });
    expect((await listed(member))[0]).toMatchObject({ state: 'revoked', ownerId: userId });
  });

  it('an API token is rejected in the request after its member was removed, also once they are a member again', async () => {
    const email = 'three@tokens.test';
    const { userId } = await joinTenant(server, tenant, { email, role: 'auditor' });
    const call = { token: await server.login(email, PASSWORD) };
    const own = await createApiToken(server, tenant, ['keys:read'], { call });
    await server.delete(`${tenant.path}/members/${userId}`, undefined, tenant.owner);
    expect((await server.get(`${tenant.path}/keys`, own)).status).toBe(401);
    expect((await server.get(`${tenant.path}/keys`, call)).status).toBe(401);
    const token = await invite(server, tenant, email, 'auditor');
    await server.post('/v1/invitations/accept', { token }, { token: await server.login(email, PASSWORD) });
    expect((await server.get(`${tenant.path}/keys`, own)).status).toBe(401);
  });

  it('an API token does what asks a person for their password only where it was created for that', async () => {
    const permissions = ['services:read', 'services:write'];
    const without = await createApiToken(server, tenant, permissions);
    const person = { token: await server.login(tenant.owner.email, PASSWORD) };
    const { recoveryCodes, factorId } = await enrolTotp(server, person.token);
    const headers = await stepUpBy(server, person.token, { recoveryCode: recoveryCodes[0] });
    const call = { ...person, headers };
    const stepUp = await createApiToken(server, tenant, permissions, { call, more: { stepUp: true } });
    await server.delete(`/v1/auth/factors/${factorId}`, {}, call);
    const { service } = (await server.post(`${tenant.path}/services`, { name: 'to delete' }, without)).body;
    const path = `${tenant.path}/services/${service!['id']}`;
    expect(await server.delete(path, { password: PASSWORD }, without)).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN' },
    });
    expect((await server.delete(path, {}, stepUp)).status).toBe(204);
  });

  it('an API token is accepted from its networks only', async () => {
    const elsewhere = await createApiToken(server, tenant, ['keys:read'], { more: { allowedCidrs: ['192.0.2.0/24'] } });
    const here = await createApiToken(server, tenant, ['keys:read'], { more: { allowedCidrs: ['127.0.0.0/8'] } });
    expect(await server.get(`${tenant.path}/keys`, elsewhere)).toMatchObject({
      status: 403,
      body: { code: 'API_TOKEN_ADDRESS_NOT_ALLOWED' },
    });
    expect((await server.get(`${tenant.path}/keys`, here)).status).toBe(200);
  });

  it('an API token that leaked is recognised and revoked, in its own tenant only', async () => {
    const { id, token } = await createApiToken(server, tenant, ['keys:read']);
    const other = await createTenant(server, 'other-tokens');
    const check = (within: TestTenant, more: object = {}) =>
      server.post(`${within.path}/leaks`, { secret: ` ${token}`, ...more }, within.owner);
    expect((await check(other, { compromise: true })).body).toEqual({ found: false });
    expect((await check(tenant)).body).toEqual({
      found: true,
      apiToken: { id, name: 'a token', state: 'active', lastUsedAt: null },
    });
    expect((await check(tenant, { compromise: true })).body).toMatchObject({ apiToken: { state: 'revoked' } });
    expect((await server.get(`${tenant.path}/keys`, { token })).status).toBe(401);
  });

  it.each(['chat_', 'chat_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6', 'chat_x.y.z'])(
    'an API token is not %j',
    async (token) => {
      expect(await server.get(`${tenant.path}/keys`, { token })).toMatchObject({
        status: 401,
        body: { code: 'INVALID_CREDENTIALS' },
      });
    },
  );
});

describe('a service account', () => {
  it('a service account works by its tokens within its role, and is named in the history', async () => {
    const id = await createServiceAccount(server, tenant, 'full_access');
    const call = await createApiToken(server, tenant, ['services:write'], { serviceAccountId: id });
    expect((await server.post(`${tenant.path}/services`, { name: 'by automation' }, call)).status).toBe(201);
    const { items } = (await server.get(`${tenant.path}/audit-events?actor=${id}&action=service.created`, tenant.owner))
      .body;
    expect(items).toMatchObject([
      { action: 'service.created', actor: { type: 'service_account', role: 'full_access' } },
    ]);
    const beyond = server.post(
      `${tenant.path}/service-accounts/${id}/api-tokens`,
      { name: 'x', permissions: ['tenant:write'], expiresAt: later(1), password: PASSWORD },
      tenant.owner,
    );
    expect(await beyond).toMatchObject({ status: 400, body: { errors: [{ code: 'BEYOND_ROLE' }] } });
  });

  it('a service account has a name of its own, and is deleted with all that its tokens may do', async () => {
    const account = { name: 'deployment', role: 'auditor' };
    const post = () => server.post(`${tenant.path}/service-accounts`, account, tenant.owner);
    const { id } = (await post()).body;
    expect(await post()).toMatchObject({ status: 409, body: { code: 'SERVICE_ACCOUNT_NAME_TAKEN' } });
    const call = await createApiToken(server, tenant, ['keys:read'], { serviceAccountId: id! });
    expect((await server.get(`${tenant.path}/keys`, call)).status).toBe(200);
    const remove = () => server.delete(`${tenant.path}/service-accounts/${id}`, undefined, tenant.owner);
    expect((await remove()).status).toBe(204);
    expect((await remove()).status).toBe(404);
    expect((await server.get(`${tenant.path}/keys`, call)).status).toBe(401);
    expect((await post()).status).toBe(201);
    const manager = await signIn(server, tenant, 'full_access');
    expect((await server.post(`${tenant.path}/service-accounts`, account, manager)).status).toBe(403);
  });
});

describe('an API token that is rejected', () => {
  const refusals = async (id: string): Promise<unknown[]> => {
    const path = `${tenant.path}/audit-events?action=api_token.use_refused&credentialId=${id}&order=asc`;
    const { items } = (await server.get(path, tenant.owner)).body;
    return (items as unknown as Shape[]).map(({ details }) => [details!['code'], details!['count']]);
  };
  const rowOf = async (id: string): Promise<Shape> => (await listed()).find((row) => String(row['id']) === id)!;
  const freshOwner = async (): Promise<void> => {
    const token = await server.login(tenant.owner.email, PASSWORD);
    tenant = { ...tenant, owner: { ...tenant.owner, token } };
  };

  it.each<[string, string, object, (id: string) => Promise<unknown>]>([
    [
      'that was revoked',
      'API_TOKEN_REVOKED',
      {},
      (id) => server.delete(`${tenant.path}/api-tokens/${id}`, undefined, tenant.owner),
    ],
    [
      'that has expired',
      'API_TOKEN_EXPIRED',
      { expiresAt: later(1) },
      async () => {
        clock.advance(2 * DAY);
        await freshOwner();
      },
    ],
    [
      'that is used from a wrong address',
      'API_TOKEN_ADDRESS_NOT_ALLOWED',
      { allowedCidrs: ['198.51.100.0/24'] },
      async () => undefined,
    ],
  ])(
    'an API token %s is an event immediately and then with a count, and is counted by the token',
    async (_, code, body, reject) => {
      await freshOwner();
      const { apiToken, token } = (await create({ expiresAt: later(30), ...body })).body;
      const id: string = apiToken!['id']!;
      await reject(id);
      const use = () => server.get(`${tenant.path}/keys`, { token: String(token) });
      expect([401, 403]).toContain((await use()).status);
      expect(await refusals(id)).toEqual([[code, 1]]);
      expect(await rowOf(id)).toMatchObject({ refusedUses: 1, lastRefusedAt: new Date(clock.now()).toISOString() });
      for (let again = 0; again < 3; again += 1) await use();
      await server.server.app.get(RefusedApiTokens).flush();
      clock.advance(2 * MINUTE);
      await server.runScheduler();
      expect(await refusals(id)).toEqual([
        [code, 1],
        [code, 3],
      ]);
      expect(await rowOf(id)).toMatchObject({ refusedUses: 4 });
    },
  );

  it('an API token that does not exist leaves nothing in a history', async () => {
    const before = (await server.get(`${tenant.path}/audit-events?limit=1`, tenant.owner)).body['items'];
    expect((await server.get(`${tenant.path}/keys`, { token: `chat_${'a'.repeat(49)}` })).status).toBe(401);
    expect((await server.get(`${tenant.path}/audit-events?limit=1`, tenant.owner)).body['items']).toEqual(before);
  });
});
