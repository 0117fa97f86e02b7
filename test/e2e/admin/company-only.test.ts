import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { platformScope, systemClock, systemOrigin } from '#core';
import { Tenants } from '#tenants';

import { type ScriptedProvider, redirectUri, startScriptedProvider } from '../../support/identity-provider.js';
import { joinTenant, verify } from '../../support/people.js';
import {
  ADMIN,
  type Answer,
  type Call,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { CODE, REACHABLE, callOf, configuration, createProvider, person, signInScripted } from './company.js';

let server: TestServer;
let scripted: ScriptedProvider;
beforeAll(async () => {
  scripted = await startScriptedProvider();
  server = await startTestServer({ clock: systemClock, environment: REACHABLE });
});
afterAll(async () => {
  await Promise.all([server.close(), scripted.close()]);
});

const exclude = (tenant: TestTenant, call: Call, passwordSignIn = 'none'): Promise<Answer> =>
  server.patch(tenant.path, { settings: { passwordSignIn } }, call);

/** The tenant whose owner works by a password again. */
async function reopened(tenant: TestTenant, owner: Call): Promise<TestTenant> {
  await exclude(tenant, owner, 'all');
  return tenant;
}

/** The session with a fresh sign-in at its provider, as the same person. */
async function steppedUp(call: Call, providerId: string): Promise<Call> {
  const path = '/v1/auth/step-up/identity-provider';
  const { body } = await server.post(path, { redirectUri: redirectUri(providerId) }, call);
  scripted.dishonesty = { claims: { auth_time: Math.floor(server.clock.now() / 1_000) } };
  const answer = scripted.authorize(body['authorizationUrl']!);
  const stepped = await server.post(`${path}/complete`, { signInToken: body['signInToken'], ...answer }, call);
  if (stepped.status !== 200) throw new Error(`The step-up was refused: ${stepped.text}`);
  return { ...call, headers: { 'X-Step-Up': stepped.body['stepUpToken']! } };
}

/** A tenant with a provider that signs in all of its people, and an owner who came by it. */
async function companyTenant() {
  const tenant = await createTenant(server);
  const roleMappings = [{ group: '*', role: 'owner' }];
  const providerId = await createProvider(server, tenant, scripted.issuer, { roleMappings });
  const owner = callOf(await signInScripted(server, scripted, providerId, person()));
  return { tenant, providerId, owner, provider: `${tenant.path}/identity-providers/${providerId}` };
}

describe('a tenant without passwords', () => {
  it('a tenant without passwords is one whose owner signed in without, and it admits no session of a password', async () => {
    const { tenant, owner: call } = await companyTenant();
    expect(await exclude(tenant, tenant.owner)).toMatchObject(CODE(409, 'COMPANY_SIGN_IN_UNPROVEN'));
    await joinTenant(server, tenant, { email: `auditor@${tenant.slug}.test`, role: 'auditor' });
    const auditor = { token: await server.login(`auditor@${tenant.slug}.test`, PASSWORD) };
    expect((await exclude(tenant, tenant.owner, 'owners')).status).toBe(200);
    expect(await server.get(tenant.path, auditor)).toMatchObject(CODE(403, 'COMPANY_SIGN_IN_REQUIRED'));
    expect((await server.get(tenant.path, tenant.owner)).status).toBe(200);
    expect((await exclude(tenant, call)).status).toBe(200);
    expect(await server.get(tenant.path, tenant.owner)).toMatchObject(CODE(403, 'COMPANY_SIGN_IN_REQUIRED'));
    expect((await server.get(tenant.path, call)).status).toBe(200);
    // The last resort, on the command line of the host.
    await server.server.app.get(Tenants).allowPasswords(platformScope(systemOrigin('test')), tenant.slug);
    expect((await server.get(tenant.path, tenant.owner)).status).toBe(200);
  });

  it('a tenant without passwords keeps out no member whom its provider does not sign in', async () => {
    const { tenant, owner } = await companyTenant();
    const email = `verified@${tenant.slug}.test`;
    const { userId } = await joinTenant(server, tenant, { email, role: 'auditor' });
    await verify(server, ADMIN.password, userId!);
    const left = { count: 1, members: [{ userId, email, role: 'auditor' }] };
    const rejected = { status: 409, body: { code: 'MEMBERS_WITHOUT_COMPANY_SIGN_IN', ...left } };
    expect(await exclude(tenant, owner)).toMatchObject(rejected);
    // Nothing of the change is kept.
    expect((await server.get(tenant.path, { token: await server.login(email, PASSWORD) })).status).toBe(200);
    const admin = { token: await server.login() };
    const ofInstallation = { emailDomains: [`${tenant.slug}.test`], password: ADMIN.password };
    const created = await server.post(
      '/v1/platform/identity-providers',
      configuration(scripted.issuer, ofInstallation),
      admin,
    );
    expect((await exclude(tenant, owner)).status).toBe(200);
    await exclude(tenant, owner, 'all');
    const path = `/v1/platform/identity-providers/${created.body['id']}`;
    expect((await server.delete(path, { password: ADMIN.password }, admin)).status).toBe(204);
    expect(await exclude(tenant, owner)).toMatchObject(rejected);
    await server.delete(`${tenant.path}/members/${userId}`, undefined, owner);
    expect((await exclude(tenant, owner)).status).toBe(200);
  });

  it('a tenant without passwords keeps the provider by which its members sign in', async () => {
    const { tenant, owner, provider, providerId } = await companyTenant();
    expect((await exclude(tenant, owner)).status).toBe(200);
    const leftOut = { status: 409, body: { code: 'MEMBERS_WITHOUT_COMPANY_SIGN_IN', count: 2 } };
    await joinTenant(server, await reopened(tenant, owner), { email: `invited@${tenant.slug}.test`, role: 'auditor' });
    await exclude(tenant, owner);
    // Who came by it before is signed in by it whatever its domains are.
    const narrowed = { emailDomains: ['other.test'] };
    expect(await server.patch(provider, narrowed, await steppedUp(owner, providerId))).toMatchObject(leftOut);
    const disabled = { ...leftOut, body: { ...leftOut.body, count: 3 } };
    expect(await server.patch(provider, { enabled: false }, await steppedUp(owner, providerId))).toMatchObject(
      disabled,
    );
    expect(await server.delete(provider, undefined, await steppedUp(owner, providerId))).toMatchObject(disabled);
    expect((await server.patch(provider, { name: 'Renamed' }, await steppedUp(owner, providerId))).status).toBe(200);
    await exclude(tenant, owner, 'all');
    expect((await server.delete(provider, undefined, await steppedUp(owner, providerId))).status).toBe(204);
  });

  it('a provider that is deleted is named by no membership that it made', async () => {
    const { tenant, provider } = await companyTenant();
    const members = async () =>
      ((await server.get(`${tenant.path}/members`, tenant.owner)).body['items'] as unknown as Shape[]).map(
        ({ identityProviderId, version }) => [identityProviderId, version],
      );
    expect(await members()).toEqual([
      [null, 1],
      [provider.split('/').at(-1), 1],
    ]);
    expect((await server.delete(provider, { password: PASSWORD }, tenant.owner)).status).toBe(204);
    expect(await members()).toEqual([
      [null, 1],
      [null, 2],
    ]);
  });
});

describe('an installation without passwords', () => {
  it('an installation without passwords answers every password alike', async () => {
    const strict = await startTestServer({ environment: { CHANCERY_PASSWORD_SIGN_IN: 'false' } });
    for (const email of [ADMIN.email, 'unknown@acme.test']) {
      const answer = await strict.post('/v1/auth/login', { email, password: ADMIN.password });
      expect(answer).toMatchObject(CODE(403, 'PASSWORD_SIGN_IN_OFF'));
    }
    await strict.close();
  });
});
