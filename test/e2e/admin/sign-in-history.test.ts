import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ManualClock, MINUTE } from '#core';

import { joinAs, verify } from '../../support/people.js';
import {
  ADMIN,
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
let second: TestTenant;
let unrelated: TestTenant;
let auditor: Call;
/** A member of two tenants. */
let email: string;
let userId: string;

beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server);
  second = await createTenant(server);
  unrelated = await createTenant(server);
  auditor = await signIn(server, tenant, 'auditor');
  email = `limited-access@${tenant.slug}.test`;
  ({ userId } = await signIn(server, tenant, 'limited_access'));
  await verify(server, ADMIN.password, userId);
  await joinAs(server, second, email, 'auditor');
});
afterAll(() => server.close());

const eventsOf = async (path: string, call: Call, action: string): Promise<Shape[]> =>
  (await server.get(`${path}/audit-events?action=${action}&limit=200`, call)).body['items'] as unknown as Shape[];
/** Where a user's events are seen: the auditor of a tenant, the owner of another one, and the platform administrator. */
async function seen(action: string, about: (event: Shape) => boolean): Promise<Record<string, Shape[]>> {
  const admin = { token: await server.login() };
  return {
    tenant: (await eventsOf(tenant.path, auditor, action)).filter(about),
    second: (await eventsOf(second.path, second.owner, action)).filter(about),
    unrelated: (await eventsOf(unrelated.path, unrelated.owner, action)).filter(about),
    installation: (await eventsOf('/v1/platform', admin, action)).filter(about),
  };
}
const numbers = (found: Record<string, Shape[]>) =>
  Object.fromEntries(Object.entries(found).map(([where, events]) => [where, events.length]));
const tried = (address: string) => (event: Shape) => event['details']?.['email'] === address;
const attempt = (address: string, password: string) =>
  server.post('/v1/auth/login', { email: address, password }).then(({ body }) => body['code'] ?? 'OK');

describe('the sign-ins of a member', () => {
  it('a sign-in is in the history of each tenant of the user, with the address that was used, and in no other', async () => {
    const before = await seen('session.started', tried(email));
    await server.login(email, PASSWORD);
    const after = await seen('session.started', tried(email));
    for (const where of ['tenant', 'second', 'installation']) {
      expect([where, after[where]!.length]).toEqual([where, before[where]!.length + 1]);
      expect(after[where]![0]).toMatchObject({
        actor: { id: userId, name: email },
        sourceAddress: '127.0.0.1',
        details: { userId, email },
      });
    }
    expect(after['unrelated']).toEqual([]);
  });

  it('a sign-out is in the history of each tenant of the user', async () => {
    const token = await server.login(email, PASSWORD);
    await server.post('/v1/auth/logout', undefined, { token });
    const found = await seen('session.ended', tried(email));
    expect(numbers(found)).toEqual({ tenant: 1, second: 1, unrelated: 0, installation: 1 });
    expect(found['tenant']![0]).toMatchObject({ actor: { id: userId }, sourceAddress: '127.0.0.1' });
  });

  it('a change of the password is in the history of each tenant of the user', async () => {
    const token = await server.login(email, PASSWORD);
    const other = 'a different long password';
    await server.post('/v1/auth/password', { currentPassword: PASSWORD, newPassword: other }, { token });
    await server.post('/v1/auth/password', { currentPassword: other, newPassword: PASSWORD }, { token });
    const found = await seen('user.password_changed', ({ target }) => target!['id'] === userId);
    expect(numbers(found)).toEqual({ tenant: 2, second: 2, unrelated: 0, installation: 2 });
  });
});

describe('rejected sign-ins', () => {
  it('a rejected sign-in of a member is in the history of each tenant, and further ones are counted', async () => {
    // As it was typed: the history names the address by which the account is found.
    expect(await attempt(email.toUpperCase(), 'not the password at all')).toBe('INVALID_CREDENTIALS');
    const found = await seen('session.refused', tried(email));
    expect(numbers(found)).toEqual({ tenant: 1, second: 1, unrelated: 0, installation: 1 });
    expect(found['tenant']![0]).toMatchObject({
      outcome: 'denied',
      target: { type: 'session', id: userId },
      sourceAddress: '127.0.0.1',
      details: { email, reason: 'log-in', code: 'INVALID_CREDENTIALS', count: 1 },
    });
    for (let again = 0; again < 12; again += 1) await attempt(email, 'not the password at all');
    clock.advance(MINUTE);
    await server.runScheduler();
    const later = await seen('session.refused', tried(email));
    const counts = later['tenant']!.map(({ details }) => [details!['code'], details!['count']]);
    // Five attempts are compared, then the account is locked: that is seen, too.
    expect(counts.toSorted()).toEqual([
      ['INVALID_CREDENTIALS', 1],
      ['INVALID_CREDENTIALS', 4],
      ['TOO_MANY_ATTEMPTS', 1],
      ['TOO_MANY_ATTEMPTS', 7],
    ]);
    expect(JSON.stringify(later)).not.toContain('not the password');
  });

  it('a rejected sign-in of an unknown address is in the history of the installation only, and bounded', async () => {
    const addresses = Array.from({ length: 30 }, (_, number) => `nobody-${number}@nowhere.test`);
    for (const address of addresses) expect(await attempt(address, 'any password')).toBe('INVALID_CREDENTIALS');
    const isOfNobody = ({ details }: Shape) => String(details?.['email']).endsWith('@nowhere.test');
    expect(numbers(await seen('session.refused', isOfNobody))).toEqual({
      tenant: 0,
      second: 0,
      unrelated: 0,
      installation: 1,
    });
    clock.advance(MINUTE);
    await server.runScheduler();
    const { installation } = await seen('session.refused', isOfNobody);
    expect(installation!.map(({ details, target }) => [target!['id'], details!['email'], details!['count']])).toEqual([
      ['unknown', addresses.at(-1), 29],
      ['unknown', addresses[0], 1],
    ]);
  });

  it('a rejected confirmation of a password is in the history of the tenants of the user', async () => {
    const change = { currentPassword: 'not the password at all', newPassword: 'a different long password' };
    expect((await server.post('/v1/auth/password', change, auditor)).body['code']).toBe('PASSWORD_INVALID');
    const isConfirmation = ({ details }: Shape) => details?.['reason'] === 'password confirmation';
    const found = await seen('session.refused', isConfirmation);
    expect(numbers(found)).toEqual({ tenant: 1, second: 0, unrelated: 0, installation: 1 });
    const own = `auditor@${tenant.slug}.test`;
    expect(found['tenant']![0]).toMatchObject({ actor: { name: own }, details: { email: own, count: 1 } });
  });
});
