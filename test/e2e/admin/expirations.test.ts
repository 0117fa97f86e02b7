import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, HOUR, toRfc3339 } from '#core';
import { ExpiryCalendar } from '#scheduler';

import { calendarKinds } from '../../../apps/server/src/admin/expirations.contract.js';
import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createCertificate } from '../certificates/pki.js';
import { signIn } from './people.js';

let server: TestServer;
let tenant: TestTenant;
let credentialId: string;
let keyId: string;
let apiTokenId: string;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'acme');
  const service = await server.post(
    `${tenant.path}/services`,
    { name: 'crm', contacts: ['billing@acme.test'] },
    tenant.owner,
  );
  const serviceId = service.body['service']!['id']!;
  const expiresAt = toRfc3339(server.clock.now() + 10 * DAY);
  const path = `${tenant.path}/services/${serviceId}/credentials`;
  const credential = await server.post(path, { authType: 'jwt', name: 'billing', expiresAt }, tenant.owner);
  credentialId = credential.body['id']!;
  const key = { name: 'signing', algorithm: 'ES256', rotateEverySeconds: (20 * DAY) / 1_000 };
  keyId = (await server.post(`${tenant.path}/keys`, key, tenant.owner)).body['id']!;
  await createCertificate(server, tenant);
  const token = { name: 'nightly', permissions: ['keys:read'], expiresAt, password: PASSWORD };
  apiTokenId = (await server.post(`${tenant.path}/api-tokens`, token, tenant.owner)).body['apiToken']!['id']!;
});
afterAll(() => server.close());

const listed = async (query = '', owner = tenant): Promise<Shape[]> => {
  const answer = await server.get(`${owner.path}/expirations${query}`, owner.owner);
  expect([query, answer.status]).toEqual([query, 200]);
  return answer.body['items'] as unknown as Shape[];
};

describe('the expiry calendar', () => {
  it('the kinds of the calendar in the API document are those that the scheduler plans with', () => {
    expect([...calendarKinds]).toEqual(server.server.app.get(ExpiryCalendar).nouns);
  });

  it('the expiry calendar is read from an instant on, page by page', async () => {
    const [first, second] = (await listed('?before=2100-01-01')).map(({ dueAt }) => dueAt!);
    const from = async (instant: string) => listed(`?before=2100-01-01&from=${instant}`);
    const all = await from(first!);
    expect(all[0]!['dueAt']).toBe(first);
    const due = Date.parse(first!) + 1;
    const later = await from(toRfc3339(due));
    expect(later).toEqual(all.filter(({ dueAt }) => Date.parse(dueAt!) >= due));
    expect([first! <= second!, later.length > 0, later.length < all.length]).toEqual([true, true, true]);
    const query = `from=${toRfc3339(due)}&before=2100-01-01&limit=1`;
    const page = await server.get(`${tenant.path}/expirations?${query}`, tenant.owner);
    const next = `${query}&cursor=${page.body['nextCursor']}`;
    const following = await server.get(`${tenant.path}/expirations?${next}`, tenant.owner);
    expect([page, following].flatMap(({ body }) => body['items'])).toEqual(later.slice(0, 2));
  });

  it('the expiry calendar shows what happens in the next 30 days, soonest first', async () => {
    const items = await listed();
    const dues = items.map(({ dueAt }) => dueAt!);
    expect(dues).toEqual(dues.toSorted());
    expect(items).toContainEqual({
      kind: 'credential',
      id: credentialId,
      name: 'billing',
      dueAt: toRfc3339(server.clock.now() + 10 * DAY),
      happens: 'expires',
      contacts: ['billing@acme.test'],
      announcements: [],
      nextAnnouncementAt: toRfc3339(server.clock.now() + 3 * DAY),
    });
    expect(items.find(({ id }) => id === keyId)).toMatchObject({ kind: 'key rotation', happens: 'is rotated' });
  });

  it('the expiry calendar shows every kind that people plan with, as far ahead as it is asked', async () => {
    const before = encodeURIComponent(toRfc3339(server.clock.now() + 4_000 * DAY));
    const kinds = new Set((await listed(`?before=${before}&limit=200`)).map(({ kind }) => kind));
    for (const kind of ['credential', 'key rotation', 'certificate', 'certificate authority'])
      expect(kinds).toContain(kind);
    expect((await listed(`?before=${before}&kind=certificate`)).map(({ kind }) => kind)).toEqual(['certificate']);
    const soon = encodeURIComponent(toRfc3339(server.clock.now() + 9 * DAY));
    expect((await listed(`?before=${soon}&kind=credential`)).length).toBe(0);
  });

  it('the expiry calendar shows API tokens until they are revoked', async () => {
    expect(await listed('?kind=API%20token')).toMatchObject([{ id: apiTokenId, name: 'nightly', happens: 'expires' }]);
    const { status } = await server.delete(`${tenant.path}/api-tokens/${apiTokenId}`, undefined, tenant.owner);
    expect(status).toBe(204);
    expect(await listed('?kind=API%20token')).toEqual([]);
  });

  it('the expiry calendar continues where a page ended', async () => {
    const before = encodeURIComponent(toRfc3339(server.clock.now() + 4_000 * DAY));
    const seen: Shape[] = [];
    let cursor = '';
    do {
      const page = await server.get(`${tenant.path}/expirations?before=${before}&limit=1${cursor}`, tenant.owner);
      seen.push(...(page.body['items'] as unknown as Shape[]));
      const next = page.body['nextCursor'] as unknown;
      cursor = next === null ? '' : `&cursor=${String(next)}`;
    } while (cursor !== '');
    expect(seen).toEqual(await listed(`?before=${before}&limit=200`));
    expect(seen.length).toBeGreaterThan(3);
  });

  it('the expiry calendar is for every member, of their own tenant, and knows its kinds', async () => {
    const auditor = await signIn(server, tenant, 'auditor');
    expect((await server.get(`${tenant.path}/expirations`, auditor)).status).toBe(200);
    const other = await createTenant(server, 'other');
    expect((await listed('?limit=200', other)).map(({ id }) => id)).not.toContain(credentialId);
    for (const query of ['kind=nonsense', 'before=soon', 'cursor=x']) {
      const answer = await server.get(`${tenant.path}/expirations?${query}`, tenant.owner);
      expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
    }
  });

  it('the expiry calendar shows what was announced and when, and when it is announced next, as the tenant has set it', async () => {
    const credential = async () => (await listed('?kind=credential')).find(({ id }) => id === credentialId);
    const dueAt = server.clock.now() + 10 * DAY;
    await server.runScheduler();
    const announcedAt = toRfc3339(server.clock.now());
    expect(await credential()).toMatchObject({
      announcements: [{ daysAhead: 14, announcedAt }],
      nextAnnouncementAt: toRfc3339(dueAt - 7 * DAY),
    });
    const settings = { announcementDays: [12, 2] };
    expect((await server.patch(tenant.path, { settings }, tenant.owner)).status).toBe(200);
    await server.runScheduler();
    await server.runScheduler();
    expect(await credential()).toMatchObject({
      announcements: [{ daysAhead: 14 }, { daysAhead: 12 }],
      nextAnnouncementAt: toRfc3339(dueAt - 2 * DAY),
    });
    const events = await server.get(`${tenant.path}/audit-events?credentialId=${credentialId}`, tenant.owner);
    const announced = (events.body['items'] as unknown as Shape[]).filter(
      ({ action }) => String(action) === 'expiration.announced',
    );
    expect(announced.map(({ details }) => details)).toEqual(
      [12, 14].map((daysAhead) => ({
        kind: 'credential',
        happens: 'expires',
        dueAt: toRfc3339(dueAt),
        daysAhead,
        name: 'billing',
      })),
    );
  });

  it('the expiry calendar announces nothing that the server does again and again by itself', async () => {
    const crls = await listed(`?kind=CRL&before=${encodeURIComponent(toRfc3339(server.clock.now() + 90 * DAY))}`);
    expect(crls).toMatchObject([{ happens: 'is signed anew', announcements: [], nextAnnouncementAt: null }]);
  });

  it('the expiry calendar no longer shows what has happened', async () => {
    await server.setTime(server.clock.now() + 10 * DAY + HOUR);
    await server.runScheduler();
    const later = { ...tenant, owner: { ...tenant.owner, token: await server.login(tenant.owner.email, PASSWORD) } };
    expect((await listed('?kind=credential', later)).map(({ id }) => id)).not.toContain(credentialId);
  });
});
