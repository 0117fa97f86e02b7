import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ManualClock, toEpochSeconds } from '#core';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { createApiToken, joinTenant, verify } from '../../support/people.js';
import {
  ADMIN,
  type Call,
  PASSWORD,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { ownToken } from '../callers/own-token.js';
import { createIssuer, createService } from '../signing/issuer.js';

/** What one instance was told holds on the other in the very next request: no instance may decide from memory (rule 9). */
describe('what is changed on instance A holds on instance B in the very next request', () => {
  const clock = new ManualClock();
  let database: TestDatabase;
  let [a, b]: TestServer[] = [];
  let tenant: TestTenant;

  beforeAll(async () => {
    database = await createMigratedDatabase();
    a = await startTestServer({ clock, database });
    b = await startTestServer({ clock, database });
    tenant = await createTenant(a, 'two-instances');
  });
  afterAll(async () => {
    await a!.close();
    await b!.close();
    await database.drop();
  });

  /** A service with a second credential of the type, and how instance B answers to it. */
  async function prepare(authType: string) {
    const service = await createService(a!, tenant);
    const path = `${tenant.path}/services/${service.id}/credentials`;
    const { body } = await a!.post(path, { authType }, tenant.owner);
    const { id, secret }: { id?: string; secret?: string } = body;
    const claims = { iss: service.id, iat: toEpochSeconds(clock.now()) };
    const call: Call =
      authType === 'jwt'
        ? { token: ownToken({ alg: 'HS256', typ: 'JWT' }, claims, { jwtSecret: secret! }) }
        : { serviceKey: secret };
    const onB = async (): Promise<string> => {
      const answer = await b!.get('/v1/whoami', call);
      return answer.status === 200 ? 'accepted' : answer.body['code']!;
    };
    expect(await onB()).toBe('accepted');
    const onA = (action: string) => a!.post(`${path}/${id}/${action}`, undefined, tenant.owner);
    return { service, path: `${path}/${id}`, onA, onB };
  }

  it.each([false, true])(
    'a member who was removed on one instance has no session, refresh or API token on the other (verified: %s)',
    async (isVerified) => {
      const email = `${isVerified ? 'verified' : 'invited'}@two-instances.test`;
      const { userId } = await joinTenant(a!, tenant, { email, role: 'full_access' });
      if (isVerified) await verify(a!, ADMIN.password, userId!);
      const session = (await b!.post('/v1/auth/login', { email, password: PASSWORD })).body;
      const person = { token: session['accessToken']! };
      const automation = await createApiToken(b!, tenant, ['keys:read'], { call: person });
      const keys = async () => [
        (await b!.get(`${tenant.path}/keys`, person)).status,
        (await b!.get(`${tenant.path}/keys`, automation)).status,
        (await b!.post(`${tenant.path}/services`, { name: email }, person)).status,
      ];
      expect(await keys()).toEqual([200, 200, 201]);
      expect((await a!.delete(`${tenant.path}/members/${userId}`, undefined, tenant.owner)).status).toBe(204);
      // A verified account is known beyond the tenant: its session goes on, without a right here.
      expect(await keys()).toEqual(isVerified ? [404, 401, 404] : [401, 401, 401]);
      const { status, body } = await b!.post('/v1/auth/refresh', { refreshToken: session['refreshToken'] });
      expect(status).toBe(isVerified ? 200 : 401);
      if (isVerified) expect((await b!.get(`${tenant.path}/keys`, { token: body['accessToken'] })).status).toBe(404);
    },
  );

  describe.each(['service_key', 'jwt'])('a credential of type %s', (authType) => {
    it(`a credential of type ${authType} discarded, reactivated or compromised on one instance is so on the other in the next request`, async () => {
      const { onA, onB } = await prepare(authType);
      await onA('discard');
      expect(await onB()).toBe('CREDENTIAL_INACTIVE');
      await onA('reactivate');
      expect(await onB()).toBe('accepted');
      await onA('compromise');
      expect(await onB()).toBe('CREDENTIAL_COMPROMISED');
    });

    it(`a credential of type ${authType} deleted on one instance is unknown on the other in the next request`, async () => {
      const { path, onA, onB } = await prepare(authType);
      await onA('discard');
      await a!.delete(path, { password: PASSWORD }, tenant.owner);
      expect(await onB()).toBe('INVALID_CREDENTIALS');
    });

    it(`a credential of type ${authType} given an expiry on one instance expires on the other in the next request`, async () => {
      const { path, onB } = await prepare(authType);
      const expiresAt = '2026-01-01T00:00:00.001Z';
      expect((await a!.patch(path, { expiresAt }, tenant.owner)).status).toBe(200);
      clock.advance(1);
      expect(await onB()).toBe('CREDENTIAL_EXPIRED');
      clock.advance(-1);
    });

    it(`a credential of type ${authType} of a service whose networks were narrowed, or that was deleted, on one instance is rejected on the other in the next request`, async () => {
      const { service, onB } = await prepare(authType);
      const path = `${tenant.path}/services/${service.id}`;
      await a!.patch(path, { allowedCidrs: ['203.0.113.0/24'] }, tenant.owner);
      expect(await onB()).toBe('IP_NOT_ALLOWED');
      await a!.patch(path, { allowedCidrs: [] }, tenant.owner);
      expect(await onB()).toBe('accepted');
      await a!.delete(path, { password: PASSWORD }, tenant.owner);
      expect(await onB()).toBe('INVALID_CREDENTIALS');
    });

    it(`a credential of type ${authType} of a tenant that was suspended and reactivated on one instance is so on the other in the next request`, async () => {
      const { onB } = await prepare(authType);
      const admin = { token: await a!.login() };
      await a!.post(`${tenant.path}/suspend`, undefined, admin);
      expect(await onB()).toBe('TENANT_SUSPENDED');
      await a!.post(`${tenant.path}/reactivate`, undefined, admin);
      expect(await onB()).toBe('accepted');
    });
  });

  it('the grant of a profile that is withdrawn and given back on one instance holds on the other in the next request', async () => {
    const issuer = await createIssuer(a!, tenant);
    const { id, serviceKey } = issuer.service;
    const grant = (profiles: readonly string[]) =>
      a!.patch(`${tenant.path}/services/${id}`, { profiles }, tenant.owner);
    const signOnB = () => b!.post(`/v1/sign/${issuer.profile}`, {}, { serviceKey });
    expect((await signOnB()).status).toBe(200);
    await grant([]);
    expect(await signOnB()).toMatchObject({ status: 403, body: { code: 'PROFILE_NOT_GRANTED' } });
    await grant([issuer.profile]);
    expect((await signOnB()).status).toBe(200);
  });
});
