import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiToken, joinTenant } from '../../support/people.js';
import { PASSWORD, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { signIn } from './people.js';

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'members');
});
afterAll(() => server.close());

const invite = (member: object, call: { token?: string | undefined } = tenant.owner) =>
  server.post(`${tenant.path}/members`, member, call);
const ownerId = async (): Promise<string> => (await server.get('/v1/auth/me', tenant.owner)).body['user']!['id']!;

describe('members', () => {
  it('members are invited, listed, given another role, and removed', async () => {
    const { userId } = await joinTenant(server, tenant, {
      email: 'Grace@Members.test',
      role: 'auditor',
      name: 'Grace',
    });
    const path = `${tenant.path}/members/${userId}`;
    const page = await server.get(`${tenant.path}/members`, tenant.owner);
    expect(page.body).toMatchObject({
      items: [
        { role: 'owner' },
        {
          email: 'grace@members.test',
          name: 'Grace',
          role: 'auditor',
          version: 1,
          emailVerified: false,
          admitted: true,
        },
      ],
      nextCursor: null,
    });
    expect(page.text).not.toContain('assword');

    const ifMatch = { ...tenant.owner, headers: { 'If-Match': '"1"' } };
    expect(await server.patch(path, { role: 'full_access' }, ifMatch)).toMatchObject({
      status: 200,
      body: { role: 'full_access', version: 2 },
    });
    expect((await server.patch(path, { role: 'auditor' }, ifMatch)).status).toBe(412);
    expect((await server.delete(path, undefined, ifMatch)).status).toBe(412);
    expect((await server.delete(path, undefined, tenant.owner)).status).toBe(204);
    expect((await server.delete(path, undefined, tenant.owner)).status).toBe(404);
  });

  it.each([
    ['a full-width at sign', 'Ivy\uff20members.test', 'ivy@members.test'],
    ['compatibility letters and blanks', '  \uff2aoe@Members.test ', 'joe@members.test'],
  ])('members whose address is written with %s are invited under its normal form', async (_, email, stored) => {
    expect(await invite({ email, role: 'auditor' })).toMatchObject({
      status: 202,
      body: { invitation: { email: stored } },
    });
  });

  it.each([
    // Normal form NFKC makes them longer, or not an address at all.
    ['has a ligature of 18 letters often enough to pass 254 characters', `${'\ufdfa'.repeat(15)}@members.test`],
    ['becomes two at signs', 'a@b\uff20members.test'],
    ['becomes a blank', 'a\u3000b@members.test'],
    ['looks like another one: it has a space without width', 'ann\u200b@members.test'],
    ['looks like another one: it has a variation selector', 'ann\ufe0f@members.test'],
  ])('members are rejected where the normal form of the address %s', async (_, email) => {
    expect(await invite({ email, role: 'auditor' })).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_ERROR', errors: [{ pointer: '/email' }] },
    });
  });

  it.each(['password', 'name'])('members are invited without a %s: that is theirs to choose', async (field) => {
    expect(await invite({ email: 'own@members.test', role: 'auditor', [field]: 'chosen by the owner' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: `/${field}`, code: 'UNKNOWN_FIELD' }] },
    });
  });

  it('the removal of a member is foreseen with what would end, and changes nothing', async () => {
    const foreseen = async (userId: string, call: { token?: string | undefined } = tenant.owner) =>
      server.delete(`${tenant.path}/members/${userId}?dryRun=true`, undefined, call);
    const { userId } = await joinTenant(server, tenant, { email: 'leaving@members.test', role: 'full_access' });
    const call = { token: await server.login('leaving@members.test', PASSWORD) };
    const { id } = await createApiToken(server, tenant, ['tenant:read'], { call, more: { name: 'nightly' } });
    const impact = {
      apiTokens: [{ id, name: 'nightly', lastUsedAt: null }],
      sessionsEnd: true,
      returnsBySignIn: false,
    };
    expect(await foreseen(String(userId))).toMatchObject({ status: 200, body: { allowed: true, impact } });
    // Their session and their token go on.
    expect((await server.get(`${tenant.path}/members`, call)).status).toBe(200);
    expect((await foreseen(await ownerId())).body).toMatchObject({ allowed: false, code: 'LAST_OWNER' });
    expect((await foreseen(await ownerId(), call)).body).toMatchObject({ allowed: false, code: 'ROLE_NOT_GRANTABLE' });
    expect((await foreseen(tenant.id)).status).toBe(404);

    await server.delete(`${tenant.path}/members/${String(userId)}`, undefined, tenant.owner);
    expect((await server.get(`${tenant.path}/members`, call)).status).toBe(401);
  });

  it('members manage only those below them, and the last owner stays', async () => {
    const manager = await signIn(server, tenant, 'full_access');
    for (const role of ['owner', 'full_access']) {
      const refused = await invite({ email: `${role}2@members.test`, role }, manager);
      expect(refused).toMatchObject({ status: 403, body: { code: 'ROLE_NOT_GRANTABLE' } });
    }
    const path = `${tenant.path}/members/${await ownerId()}`;
    expect(await server.delete(path, undefined, manager)).toMatchObject({ status: 403 });
    const last = { status: 409, body: { code: 'LAST_OWNER' } };
    expect(await server.delete(path, undefined, tenant.owner)).toMatchObject(last);
    expect(await server.patch(path, { role: 'auditor' }, tenant.owner)).toMatchObject(last);
  });

  it('members are not changed by users who may only read', async () => {
    const auditor = await signIn(server, tenant, 'auditor');
    expect((await server.get(`${tenant.path}/members`, auditor)).status).toBe(200);
    expect(await invite({ email: 'x@members.test', role: 'auditor' }, auditor)).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN' },
    });
  });
});
