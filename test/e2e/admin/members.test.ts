import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { signIn } from './people.js';

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'members');
});
afterAll(() => server.close());

const add = (member: object, call: { token?: string | undefined } = tenant.owner) =>
  server.post(`${tenant.path}/members`, { name: 'Grace', password: PASSWORD, ...member }, call);
const ownerId = async (): Promise<string> => (await server.get('/v1/auth/me', tenant.owner)).body['user']!['id']!;

describe('members', () => {
  it('members are added, listed, given another role, and removed', async () => {
    const added = await add({ email: 'Grace@Members.test', role: 'auditor' });
    expect(added).toMatchObject({
      status: 201,
      body: { email: 'grace@members.test', name: 'Grace', role: 'auditor', version: 1 },
    });
    expect(JSON.stringify(added.body)).not.toContain('assword');
    const path = `${tenant.path}/members/${added.body['userId']}`;
    const page = await server.get(`${tenant.path}/members`, tenant.owner);
    expect(page.body).toMatchObject({ items: [{ role: 'owner' }, { role: 'auditor' }], nextCursor: null });

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
  ])('members whose address is written with %s are stored in its normal form', async (_, email, stored) => {
    expect(await add({ email, role: 'auditor' })).toMatchObject({ status: 201, body: { email: stored } });
    expect((await add({ email: stored, role: 'auditor' })).status).toBe(409);
  });

  it.each([
    // Normal form NFKC makes them longer, or not an address at all.
    ['has a ligature of 18 letters often enough to pass 254 characters', `${'\ufdfa'.repeat(15)}@members.test`],
    ['becomes two at signs', 'a@b\uff20members.test'],
    ['becomes a blank', 'a\u3000b@members.test'],
  ])('members are rejected where the normal form of the address %s', async (_, email) => {
    expect(await add({ email, role: 'auditor' })).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_ERROR', errors: [{ pointer: '/email' }] },
    });
  });

  it('members keep their own password in another tenant', async () => {
    const other = await createTenant(server, 'other-members');
    const known = { email: other.owner.email, role: 'auditor' };
    expect(await add(known)).toMatchObject({ status: 409, body: { code: 'USER_EXISTS' } });
    expect((await add({ ...known, password: undefined })).status).toBe(201);
    expect(await add({ ...known, password: undefined })).toMatchObject({ body: { code: 'ALREADY_MEMBER' } });
    expect(await add({ email: 'new@members.test', role: 'auditor', password: undefined })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/password' }] },
    });
  });

  it('members manage only those below them, and the last owner stays', async () => {
    const manager = await signIn(server, tenant, 'full_access');
    for (const role of ['owner', 'full_access']) {
      const refused = await add({ email: `${role}2@members.test`, role }, manager);
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
    expect(await add({ email: 'x@members.test', role: 'auditor' }, auditor)).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN' },
    });
  });
});
