import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY, ManualClock } from '#core';
import { invite, joinTenant, joinAs, verify } from '../../support/people.js';
import {
  ADMIN,
  type Answer,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

const clock = new ManualClock();
let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server, 'inviting');
});
afterAll(() => server.close());

const accept = (body: object, call: { token?: string } = {}): Promise<Answer> =>
  server.post('/v1/invitations/accept', body, call);
const newcomer = { name: 'Grace', password: PASSWORD };

describe('an invitation', () => {
  it('an invitation is made, listed without its token, accepted once, and gives a membership', async () => {
    const made = await server.post(`${tenant.path}/members`, { email: 'grace@x.test', role: 'auditor' }, tenant.owner);
    expect(made.status).toBe(202);
    expect(made.headers.get('cache-control')).toBe('no-store');
    const { invitation, token } = made.body;
    expect(token).toMatch(/^cinv_[0-9A-Za-z]{49}$/);
    expect(invitation).toEqual({
      id: expect.any(String),
      email: 'grace@x.test',
      role: 'auditor',
      state: 'pending',
      invitedBy: expect.any(String),
      createdAt: expect.any(String),
      expiresAt: new Date(clock.now() + 7 * DAY).toISOString(),
    });
    const listed = await server.get(`${tenant.path}/invitations`, tenant.owner);
    expect(listed.body['items']).toContainEqual(invitation);
    expect(listed.text).not.toContain('cinv_');

    const accepted = await accept({ token, ...newcomer });
    expect(accepted).toMatchObject({
      status: 201,
      body: { email: 'grace@x.test', tenantId: tenant.id, slug: 'inviting', role: 'auditor' },
    });
    expect(await accept({ token, ...newcomer })).toMatchObject({ status: 410, body: { code: 'INVITATION_INVALID' } });
    const self = await server.get('/v1/auth/me', { token: await server.login('grace@x.test', PASSWORD) });
    expect(self.body).toMatchObject({
      user: { name: 'Grace', emailVerified: false },
      memberships: [{ tenantId: tenant.id, role: 'auditor' }],
    });
  });

  it('an invitation is answered in the same way whether the address has an account, verified or not, or none', async () => {
    const other = await createTenant(server, 'elsewhere');
    const verified = await joinTenant(server, other, { email: 'verified@x.test', role: 'auditor' });
    await verify(server, ADMIN.password, verified['userId']!);
    const asked = ['verified@x.test', other.owner.email, ADMIN.email, 'no-account@x.test'];
    const answers = await Promise.all(
      asked.map((email) => server.post(`${tenant.path}/members`, { email, role: 'auditor' }, tenant.owner)),
    );
    const shapes = answers.map(({ status, headers, body }) => [
      status,
      [...headers.keys()],
      Object.keys(body),
      Object.assign({}, body['invitation'], { id: '', email: '' }),
    ]);
    expect(shapes).toEqual(Array(asked.length).fill(shapes[0]));
    // Nor does it tell to a person who uses the token in place of the invited one.
    const tokens = answers.map(({ body }) => body['token']);
    const accepted = await Promise.all(tokens.map((token) => accept({ token, ...newcomer })));
    expect(accepted.map(({ status, body }) => [status, Object.keys(body)])).toEqual(
      asked.map(() => [201, ['userId', 'email', 'tenantId', 'slug', 'role']]),
    );
  });

  it('an invitation is accepted by a user with a verified address, who consents by the session', async () => {
    const other = await createTenant(server, 'first-home');
    const { userId } = await joinTenant(server, other, { email: 'both@x.test', role: 'auditor' });
    await verify(server, ADMIN.password, userId!);
    await joinAs(server, tenant, 'both@x.test', 'limited_access');
    const { memberships } = (await server.get('/v1/auth/me', { token: await server.login('both@x.test', PASSWORD) }))
      .body;
    expect((memberships as unknown as Shape[]).map(({ slug }) => slug).toSorted()).toEqual(['first-home', 'inviting']);
  });

  it('an invitation is rejected with a session of another user, or with a password beside the session', async () => {
    const token = await invite(server, tenant, 'mine@x.test', 'auditor');
    expect(await accept({ token }, tenant.owner)).toMatchObject({
      status: 403,
      body: { code: 'INVITATION_NOT_YOURS' },
    });
    expect(await accept({ token, password: PASSWORD }, tenant.owner)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/password', code: 'NOT_ALLOWED' }] },
    });
    expect(await accept({ token }, { token: 'no session' })).toMatchObject({ status: 401 });
    expect(await accept({ token })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/name' }, { pointer: '/password' }] },
    });
    expect(await accept({ token, name: 'Grace', password: 'short' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/password' }] },
    });
    expect((await accept({ token, ...newcomer })).status).toBe(201);
  });

  it('an invitation is resent and withdrawn; each time the token before is worth nothing', async () => {
    const first = await invite(server, tenant, 'again@x.test', 'auditor');
    const { items } = (await server.get(`${tenant.path}/invitations?limit=1`, tenant.owner)).body;
    const path = `${tenant.path}/invitations/${(items as unknown as Shape[])[0]!['id']}`;
    const resent = await server.post(`${path}/resend`, undefined, tenant.owner);
    expect([resent.status, resent.body['invitation']!['email']]).toEqual([202, 'again@x.test']);
    expect((await accept({ token: first, ...newcomer })).status).toBe(410);
    expect((await server.delete(path, undefined, tenant.owner)).status).toBe(204);
    expect((await accept({ token: resent.body['token'], ...newcomer })).status).toBe(410);
    expect(await server.delete(path, undefined, tenant.owner)).toMatchObject({
      status: 409,
      body: { code: 'WRONG_STATE' },
    });
  });
});

describe('a repeated request for an invitation', () => {
  const once = (call: { token: string }, key: string) => ({ ...call, headers: { 'Idempotency-Key': key } });
  const repeated = async (): Promise<number> => {
    const path = `${tenant.path}/audit-events?action=invitation.repeated`;
    return ((await server.get(path, tenant.owner)).body['items'] as unknown as Shape[]).length;
  };

  it('a repeated request for an invitation gets the same token, with an event, until the token is accepted or replaced', async () => {
    const invited = { email: 'repeated@x.test', role: 'auditor' };
    const create = () => server.post(`${tenant.path}/members`, invited, once(tenant.owner, 'invite'));
    const before = await repeated();
    const [first, second] = [await create(), await create()];
    expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
    expect(second.body).toEqual(first.body);
    expect(await repeated()).toBe(before + 1);

    const path = `${tenant.path}/invitations/${first.body['invitation']!['id']}/resend`;
    const resend = () => server.post(path, undefined, once(tenant.owner, 'resend'));
    const [third, fourth] = [await resend(), await resend()];
    expect(fourth.body).toEqual(third.body);
    expect(await create()).toMatchObject({ status: 410, body: { code: 'GONE' } });
    expect((await accept({ token: fourth.body['token'], ...newcomer })).status).toBe(201);
    expect(await resend()).toMatchObject({ status: 410, body: { code: 'GONE' } });
  });

  it('a repeated request for the invitation of an owner gets the same token', async () => {
    const admin = { token: await server.login() };
    await server.post('/v1/tenants', { slug: 'repeated', name: 'R' }, admin);
    const request = () =>
      server.post('/v1/tenants/repeated/owner-invitation', { email: 'r@x.test' }, once(admin, 'owner'));
    const [first, second] = [await request(), await request()];
    expect([first.status, second.status, second.body]).toEqual([202, 202, first.body]);
    expect((await accept({ token: second.body['token'], ...newcomer })).status).toBe(201);
  });
});

describe('a tenant without an owner', () => {
  it('a tenant without an owner gets one whom the platform administrator invites', async () => {
    const admin = { token: await server.login() };
    const { id } = (await server.post('/v1/tenants', { slug: 'ownerless', name: 'O' }, admin)).body;
    const invited = await server.post(`/v1/tenants/ownerless/owner-invitation`, { email: 'o@x.test' }, admin);
    expect(invited).toMatchObject({ status: 202, body: { invitation: { role: 'owner' } } });
    expect((await accept({ token: invited.body['token'], ...newcomer })).status).toBe(201);
    const owner = { token: await server.login('o@x.test', PASSWORD) };
    expect((await server.get(`/v1/tenants/${id}/members`, owner)).body['items']).toHaveLength(1);
    expect(await server.post(`/v1/tenants/${id}/owner-invitation`, { email: 'p@x.test' }, admin)).toMatchObject({
      status: 409,
      body: { code: 'TENANT_HAS_OWNER' },
    });
  });
});
