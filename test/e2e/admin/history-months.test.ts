import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Checkpoints } from '#audit';

import {
  type Answer,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { joinTenant } from '../../support/people.js';

const FEBRUARY = Date.UTC(2026, 1, 1);
const DAY = 86_400_000;

let server: TestServer;
let tenant: TestTenant;
let other: TestTenant;
let token: string;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'months');
  other = await createTenant(server, 'other-months');
  ({ token } = tenant.owner);
});
afterAll(() => server.close());

const erase = (month: string, body: object = { password: PASSWORD }, query = '', by = token): Promise<Answer> =>
  server.post(`${tenant.path}/history/months/${month}/erase${query}`, body, { token: by });

const events = async (filter: string, of = tenant): Promise<Shape[]> => {
  const bearer = await server.login(of.owner.email, PASSWORD);
  return (await server.get(`${of.path}/audit-events?${filter}`, { token: bearer })).body['items'] as unknown as Shape[];
};

const months = async (): Promise<Shape[]> =>
  (await server.get(`${tenant.path}/history/months`, { token })).body['items'] as unknown as Shape[];

/** Goes to an instant, and signs in anew. */
async function at(instant: number): Promise<void> {
  await server.setTime(instant);
  token = await server.login(tenant.owner.email, PASSWORD);
}

describe('the months of a history', () => {
  it('the months of a history are listed, and a running one is not erased', async () => {
    expect(await months()).toEqual([
      {
        id: expect.any(String) as string,
        month: '2026-01',
        state: 'running',
        erasableAt: '2026-03-03T00:00:00.000Z',
        erasedAt: null,
      },
    ]);
    expect(await erase('2026-01', {}, '?dryRun=true')).toMatchObject({
      status: 200,
      body: { allowed: false, code: 'MONTH_NOT_ERASABLE', impact: { month: '2026-01', state: 'running' } },
    });
    expect(await erase('2026-01')).toMatchObject({ status: 409, body: { code: 'MONTH_NOT_ERASABLE' } });
    for (const month of ['2025-12', '2026-13', 'x']) expect((await erase(month)).status).toBe(404);
  });

  it('the months of a history are erased by owners only, who prove who they are', async () => {
    const email = 'manager@months.test';
    await joinTenant(server, { ...tenant, owner: { ...tenant.owner, token } }, { email, role: 'full_access' });
    await at(FEBRUARY + 40 * DAY);
    const signedIn = await server.login(email, PASSWORD);
    expect(await erase('2026-01', { password: PASSWORD }, '', signedIn)).toMatchObject({ status: 403 });
    expect(await erase('2026-01', {})).toMatchObject({ status: 401, body: { code: 'PASSWORD_REQUIRED' } });
    expect(await erase('2026-01', { password: `${PASSWORD}x` })).toMatchObject({ body: { code: 'PASSWORD_INVALID' } });
    expect(await erase('2026-01', {}, '?dryRun=true')).toMatchObject({ body: { allowed: true } });
    expect((await months()).find(({ month }) => String(month) === '2026-01')).toMatchObject({ state: 'kept' });
  });

  it('an erased month shows its events without personal fields, to every reader, and every proof stays valid', async () => {
    const before = await server.get(`${tenant.path}/audit-events/0`, { token });
    expect(before.body).toMatchObject({ actor: { name: 'admin@chancery.test' }, sourceAddress: '127.0.0.1' });
    const [added] = await events('action=member.added&order=asc');
    expect(added).toMatchObject({ after: { email: tenant.owner.email } });
    await server.server.app.get(Checkpoints).publishDue();
    const proof = await server.get(`${tenant.path}/audit-events/0/proof`, { token });
    const asBytes = { token, headers: { Accept: 'application/octet-stream' } };
    const bytes = await server.get(`${tenant.path}/audit-events/0`, asBytes);

    expect(await erase('2026-01')).toMatchObject({ status: 200, body: { month: '2026-01', state: 'erased' } });
    expect(await erase('2026-01')).toMatchObject({ status: 200, body: { state: 'erased' } });
    expect(await events('action=history.month_erased')).toMatchObject([
      { details: { month: '2026-01', cause: 'request' }, actor: { name: tenant.owner.email } },
    ]);

    const after = await server.get(`${tenant.path}/audit-events/0`, { token });
    expect(after.body).toMatchObject({ erased: true, actor: { type: 'user', name: null }, sourceAddress: null });
    expect(after.body['leafHash']).toBe(before.body['leafHash']);
    expect((await server.get(`${tenant.path}/audit-events/0`, asBytes)).text).toBe(bytes.text);
    expect((await server.get(`${tenant.path}/audit-events/0/proof`, { token })).text).toBe(proof.text);
    expect((await events('action=member.added&order=asc'))[0]).toMatchObject({ after: { email: null, role: 'owner' } });
    const found = await events(`actorEmail=${encodeURIComponent(tenant.owner.email)}&to=2026-02-01`);
    expect(found).toEqual([]);
    for (const format of ['ndjson', 'csv']) {
      const { text } = await server.get(`${tenant.path}/audit-events/export?to=2026-02-01&format=${format}`, { token });
      expect(text).not.toMatch(/@months\.test|@chancery\.test|127\.0\.0\.1[^:]/);
    }
    const members = await server.get(`${tenant.path}/as-of?kind=members`, { token });
    const ofOwner = (members.body['members']!['items'] as unknown as Shape[])[0];
    expect(ofOwner).toMatchObject({ email: null, role: 'owner', isComplete: false, missing: ['erased'] });
    expect((await events('order=asc', other))[0]).toMatchObject({ actor: { name: 'admin@chancery.test' } });
  });

  it('the scheduler erases what the tenant keeps no longer, and nothing of tenants that keep everything', async () => {
    const keep = (months: number, password?: string) => ({
      settings: { personalDataRetentionMonths: months },
      password,
    });
    const owner = { token: await ownerOf(other) };
    expect(await server.patch(other.path, keep(3, PASSWORD), owner)).toMatchObject({ status: 200 });
    // Later, or never, takes no proof; earlier does.
    const statuses: number[] = [];
    for (const months of [4, 0, 4, 3]) statuses.push((await server.patch(other.path, keep(months), owner)).status);
    expect(statuses).toEqual([200, 200, 401, 401]);
    expect(await server.patch(other.path, keep(3, PASSWORD), owner)).toMatchObject({ status: 200 });
    await at(Date.UTC(2026, 4, 1) - DAY);
    await server.runScheduler();
    expect(await events('action=history.month_erased', other)).toEqual([]);
    await at(Date.UTC(2026, 4, 1));
    await server.runScheduler();
    expect(await events('action=history.month_erased', other)).toMatchObject([
      { details: { month: '2026-01', cause: 'retention' }, actor: { type: 'system' } },
    ]);
    const ours = await months();
    expect(ours.filter(({ state }) => String(state) === 'erased').map(({ month }) => month)).toEqual(['2026-01']);
  });

  it('an API token, which cannot erase a month, cannot have months erased earlier by a setting', async () => {
    const owner = { token: await ownerOf(other) };
    const expiresAt = '2026-06-01T00:00:00Z';
    const body = { name: 'settings', permissions: ['tenant:write'], expiresAt, password: PASSWORD };
    const { body: made } = await server.post(`${other.path}/api-tokens`, body, owner);
    const api = { token: made['token'] as unknown as string };
    const keep = (months: number) => ({ settings: { personalDataRetentionMonths: months } });
    expect(await server.patch(other.path, keep(2), api)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(await server.patch(other.path, keep(4), api)).toMatchObject({ status: 200 });
  });

  it("the months of the installation's own history are erased by its administrators", async () => {
    const admin = { token: await server.login() };
    const path = '/v1/platform/history/months';
    const listed = (await server.get(path, admin)).body['items'] as unknown as Shape[];
    expect(listed.at(-1)).toMatchObject({ month: '2026-01', state: 'kept' });
    const { text } = await server.get('/v1/platform/audit-events?limit=200', admin);
    expect(text).not.toContain('"altered"');
    const body = { password: 'correct horse battery staple' };
    expect(await server.post(`${path}/2026-01/erase`, body, admin)).toMatchObject({ status: 200 });
    const { body: event } = await server.get('/v1/platform/audit-events?order=asc&action=session.started', admin);
    expect((event['items'] as unknown as Shape[])[0]).toMatchObject({ erased: true, details: { email: null } });
  });
});

const ownerOf = (of: TestTenant): Promise<string> => server.login(of.owner.email, PASSWORD);
