import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY, ManualClock, toRfc3339 } from '#core';
import {
  type Call,
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
let number = 0;
/** A fresh service for each test: the path of its credentials, and its first service key. */
let path: string;
let first: Shape;

beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server, 'credentials');
});
afterAll(() => server.close());
beforeEach(async () => {
  const { body } = await server.post(`${tenant.path}/services`, { name: `service ${++number}` }, tenant.owner);
  path = `${tenant.path}/services/${body['service']!['id']}/credentials`;
  first = body['serviceKey']!;
});

const act = (credential: Shape, action: string, body?: unknown, call: Call = tenant.owner) =>
  server.post(`${path}/${credential['id']}/${action}`, body, call);
const read = (credential: Shape) => server.get(`${path}/${credential['id']}`, tenant.owner);
const remove = (credential: Shape, body?: unknown, query = '') =>
  server.delete(`${path}/${credential['id']}${query}`, body, tenant.owner);
const create = async (body: object = { authType: 'service_key' }): Promise<Shape> =>
  (await server.post(path, body, tenant.owner)).body;
const statusWith = async (secret: string): Promise<number> =>
  (await server.get('/v1/whoami', { serviceKey: secret })).status;
const refusal = (status: number, code: string) => ({ status, body: { code } });

describe('credentials', () => {
  it('credentials are listed masked, by type and state, with what may be done', async () => {
    const all = await server.get(path, tenant.owner);
    expect(all.body['items']).toHaveLength(2);
    const { items } = (await server.get(`${path}?authType=service_key&state=active`, tenant.owner)).body;
    expect(items).toEqual([
      {
        id: first['id'],
        serviceId: expect.any(String),
        authType: 'service_key',
        state: 'active',
        name: null,
        secretMasked: expect.stringMatching(/^csk_/),
        fingerprint: expect.any(String),
        replaces: null,
        replacedBy: null,
        version: 1,
        createdAt: '2026-01-01T00:00:00.000Z',
        updatedAt: '2026-01-01T00:00:00.000Z',
        expiresAt: null,
        overlapEndsAt: null,
        lastUsedAt: null,
        lastRefusedAt: null,
        refusedUses: 0,
        revealedAt: null,
        discardedAt: null,
        compromisedAt: null,
        deletedAt: null,
        allowedActions: ['reveal', 'regenerate', 'compromise', 'update'],
        blockedActions: { discard: 'LAST_ACTIVE_CREDENTIAL', reactivate: 'WRONG_STATE', delete: 'WRONG_STATE' },
      },
    ]);
    expect((await server.get(`${path}?state=inactive`, tenant.owner)).body['items']).toEqual([]);
    expect((await server.get(`${path}?authType=password`, tenant.owner)).status).toBe(400);
  });

  it.each([
    ['full_access', 200, 200, ['reveal', 'regenerate', 'compromise', 'update']],
    ['limited_access', 200, 403, ['reveal']],
    ['auditor', 403, 403, []],
  ])('credentials offer to the role %s what it permits', async (role, reveals, discards, allowedActions) => {
    const own = await createTenant(server, `roles-${role.replace('_', '-')}`);
    const created = await server.post(`${own.path}/services`, { name: 'billing' }, own.owner);
    const credentials = `${own.path}/services/${created.body['service']!['id']}/credentials`;
    const { id } = created.body['serviceKey']!;
    const call = await signIn(server, own, role);
    const shown = await server.get(`${credentials}/${id}`, call);
    expect(shown.body['allowedActions']).toEqual(allowedActions);
    if (discards === 403) expect(shown.body['blockedActions']).toMatchObject({ discard: 'FORBIDDEN' });
    expect((await server.post(`${credentials}/${id}/reveal`, undefined, call)).status).toBe(reveals);
    expect((await server.post(`${credentials}/${id}/discard?dryRun=true`, undefined, call)).status).toBe(discards);
  });

  it('credentials are created up to the limit, with an expiry in the future', async () => {
    const expiresAt = toRfc3339(clock.now() + DAY);
    const created = await create({ authType: 'service_key', name: 'second', expiresAt });
    expect(created).toMatchObject({
      state: 'active',
      name: 'second',
      expiresAt,
      secret: expect.stringMatching(/^csk_/),
    });
    expect(await statusWith(created['secret']!)).toBe(200);
    expect(await server.post(path, { authType: 'service_key' }, tenant.owner)).toMatchObject(
      refusal(409, 'CREDENTIAL_LIMIT_REACHED'),
    );
    for (const wrong of [0, '2025-01-01T00:00:00Z', 'tomorrow', toRfc3339(clock.now())]) {
      const answer = await server.post(path, { authType: 'jwt', expiresAt: wrong }, tenant.owner);
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/expiresAt' }] } });
    }
    expect((await server.post(path, { authType: 'jwt', expiresAt: null }, tenant.owner)).status).toBe(201);
  });

  it('credentials are revealed, unless the tenant says otherwise', async () => {
    const revealed = await act(first, 'reveal');
    expect(revealed).toMatchObject({ status: 200, body: { secret: first['secret'] } });
    expect(revealed.headers.get('cache-control')).toBe('no-store');
    await server.patch(tenant.path, { settings: { reveal: 'once' } }, tenant.owner);
    expect(await act(first, 'reveal')).toMatchObject(refusal(409, 'NOT_REVEALABLE'));
    await server.patch(tenant.path, { settings: { reveal: 'allowed' } }, tenant.owner);
  });

  it('credentials are discarded, reactivated and deleted; the last active one stays', async () => {
    expect(await act(first, 'discard')).toMatchObject(refusal(409, 'LAST_ACTIVE_CREDENTIAL'));
    const second = await create();
    expect(await remove(second, { password: PASSWORD })).toMatchObject(refusal(409, 'WRONG_STATE'));
    expect(await act(second, 'discard')).toMatchObject({ status: 200, body: { state: 'inactive', version: 2 } });
    expect(await statusWith(second['secret']!)).toBe(401);
    expect(await act(second, 'reactivate')).toMatchObject({
      status: 200,
      body: { state: 'active', discardedAt: null },
    });
    expect(await statusWith(second['secret']!)).toBe(200);
    await act(second, 'discard');
    expect(await remove(second)).toMatchObject(refusal(401, 'PASSWORD_REQUIRED'));
    expect(await remove(second, { password: 'wrong' })).toMatchObject(refusal(403, 'PASSWORD_INVALID'));
    expect((await remove(second, { password: PASSWORD })).status).toBe(204);
    expect((await read(second)).body).toMatchObject({ state: 'deleted', allowedActions: [] });
  });

  it('a dry run of discard, delete and compromise changes no credential', async () => {
    expect(await act(first, 'discard?dryRun=true')).toMatchObject({
      status: 200,
      body: { allowed: false, code: 'LAST_ACTIVE_CREDENTIAL', impact: { state: 'active', activeAfter: 1 } },
    });
    expect(await act(first, 'compromise?dryRun=true')).toMatchObject({
      status: 200,
      body: { allowed: true, impact: { state: 'compromised', activeAfter: 1, successor: true } },
    });
    expect(await remove(first, undefined, '?dryRun=true')).toMatchObject({
      status: 200,
      body: { allowed: false, code: 'WRONG_STATE' },
    });
    expect((await read(first)).body).toMatchObject({ state: 'active', version: 1 });
  });

  it('credentials are regenerated with an overlap that ends by itself', async () => {
    const regenerated = await act(first, 'regenerate', { overlapSeconds: 60 });
    const overlapEndsAt = toRfc3339(clock.now() + 60_000);
    expect(regenerated).toMatchObject({
      status: 201,
      body: { state: 'active', replaces: first['id'], overlapEndsAt, secret: expect.stringMatching(/^csk_/) },
    });
    expect((await read(first)).body).toMatchObject({
      state: 'active',
      replacedBy: regenerated.body['id'],
      overlapEndsAt,
    });
    clock.advance(60_000);
    expect((await read(first)).body['state']).toBe('inactive');
    expect(await statusWith(first['secret']!)).toBe(401);
    expect(await statusWith(regenerated.body['secret']!)).toBe(200);
    expect((await act(first, 'regenerate', { overlapSeconds: 30 * 86_400 + 1 })).status).toBe(400);
  });

  it('a compromised credential stays compromised; the last active one gets a successor in the same transaction', async () => {
    const compromised = await act(first, 'compromise', { reason: 'Found in a public repository' });
    expect(compromised).toMatchObject({
      status: 200,
      body: { state: 'compromised', successor: { state: 'active', replaces: first['id'] } },
    });
    expect(await statusWith(first['secret']!)).toBe(401);
    expect(await statusWith(compromised.body['successor']!['secret']!)).toBe(200);
    expect(await act(first, 'reactivate')).toMatchObject(refusal(409, 'WRONG_STATE'));
    const spare = await create();
    const second = await act(spare, 'compromise');
    expect([second.status, second.body['successor']]).toEqual([200, undefined]);
  });

  it('credentials change on the version that was read', async () => {
    const patch = (body: unknown, etag?: string) =>
      server.patch(`${path}/${first['id']}`, body, {
        ...tenant.owner,
        headers: etag === undefined ? {} : { 'If-Match': etag },
      });
    const expiresAt = toRfc3339(clock.now() + DAY);
    const changed = await patch({ name: 'autumn', expiresAt }, '"1"');
    expect(changed).toMatchObject({ status: 200, body: { name: 'autumn', expiresAt, version: 2 } });
    expect(changed.headers.get('etag')).toBe('"2"');
    expect(await patch({ name: null, expiresAt: null })).toMatchObject({ body: { name: null, expiresAt: null } });
    expect((await patch({ expiresAt: toRfc3339(clock.now() - 1) })).status).toBe(400);
    expect((await patch({ state: 'active' })).status).toBe(400);

    const stale = { ...tenant.owner, headers: { 'If-Match': '"1"' } };
    expect((await patch({ name: 'x' }, '"1"')).status).toBe(412);
    for (const action of ['regenerate', 'compromise']) expect((await act(first, action, {}, stale)).status).toBe(412);
    const second = await create();
    await patch({ name: 'x' });
    expect((await act(first, 'discard', undefined, stale)).status).toBe(412);
    await act(second, 'discard');
    expect((await act(second, 'reactivate', undefined, stale)).status).toBe(412);
    const url = `${path}/${second['id']}`;
    expect((await server.delete(url, { password: PASSWORD }, stale)).status).toBe(412);
  });

  it('credentials of one service or tenant do not exist for another', async () => {
    const sibling = await server.post(`${tenant.path}/services`, { name: 'sibling' }, tenant.owner);
    const other = await createTenant(server, 'other-credentials');
    const foreign = await server.post(`${other.path}/services`, { name: 'foreign' }, other.owner);
    const { id } = first;
    const bases: [string, Call][] = [
      [`${tenant.path}/services/${sibling.body['service']!['id']}/credentials`, tenant.owner],
      [`${other.path}/services/${foreign.body['service']!['id']}/credentials`, other.owner],
      [path.replace(tenant.path, other.path), other.owner],
      [path, other.owner],
    ];
    for (const [base, call] of bases) {
      const answers = [
        await server.get(`${base}/${id}`, call),
        await server.patch(`${base}/${id}`, { name: 'x' }, call),
        await server.delete(`${base}/${id}`, { password: PASSWORD }, call),
        await server.delete(`${base}/${id}?dryRun=true`, undefined, call),
      ];
      for (const action of ['reveal', 'discard', 'reactivate', 'regenerate', 'compromise']) {
        answers.push(await server.post(`${base}/${id}/${action}`, {}, call));
      }
      expect(answers.map(({ status, body }) => `${status} ${body['code']}`)).toEqual(
        answers.map(() => '404 NOT_FOUND'),
      );
    }
  });
});
