import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import {
  CLIENT_SECRET,
  type RealProvider,
  type ScriptedProvider,
  redirectUri,
  startRealProvider,
  startScriptedProvider,
} from '../../support/identity-provider.js';
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
import {
  CODE,
  REACHABLE,
  begin,
  callOf,
  complete,
  configuration,
  createProvider,
  eventsOf,
  person,
  signInScripted,
} from './company.js';

let server: TestServer;
let real: RealProvider;
let scripted: ScriptedProvider;
beforeAll(async () => {
  [server, real, scripted] = await Promise.all([
    startTestServer({ clock: systemClock, environment: REACHABLE }),
    startRealProvider(),
    startScriptedProvider(),
  ]);
});
afterAll(async () => {
  await Promise.all([server.close(), real.close(), scripted.close()]);
});

/** A person signs in at the real provider, in a browser of their own. */
async function signIn(providerId: string, who: RealProvider['person'], browser = real.browser()): Promise<Answer> {
  real.person = who;
  const begun = await begin(server, providerId);
  return complete(server, begun['signInToken']!, await browser(begun['authorizationUrl']!));
}

const memberOf = async (tenant: TestTenant, email: string): Promise<Shape | undefined> => {
  const { items } = (await server.get(`${tenant.path}/members`, tenant.owner)).body;
  return (items as unknown as Shape[]).find((member) => member['email'] === email);
};

describe('sign-in at a real provider', () => {
  it('a person whose group is mapped becomes a member with the highest role, and the groups decide at each sign-in', async () => {
    const tenant = await createTenant(server);
    const roleMappings = [
      { group: 'staff', role: 'limited_access' },
      { group: 'admins', role: 'full_access' },
    ];
    const scopes = ['openid', 'email', 'profile', 'groups'];
    const providerId = await createProvider(server, tenant, real.issuer, { roleMappings, scopes });
    const ada = person({ groups: ['staff', 'admins'] });
    const call = callOf(await signIn(providerId, ada));
    expect((await server.get('/v1/auth/me', call)).body).toMatchObject({
      user: { email: ada.email, name: 'Ada', emailVerified: false },
      memberships: [{ tenantId: tenant.id, role: 'full_access' }],
    });
    expect(await memberOf(tenant, ada.email)).toMatchObject({ role: 'full_access', identityProviderId: providerId });
    expect((await server.get(`${tenant.path}/keys`, call)).status).toBe(200);
    callOf(await signIn(providerId, { ...ada, groups: ['staff'] }));
    expect(await memberOf(tenant, ada.email)).toMatchObject({ role: 'limited_access' });
    expect(await signIn(providerId, { ...ada, groups: [] })).toMatchObject(
      CODE(403, 'IDENTITY_NOT_ADMITTED', 'NOT_A_MEMBER'),
    );
    expect(await memberOf(tenant, ada.email)).toBeUndefined();
    expect((await server.get('/v1/auth/me', call)).status).toBe(401);
    const [linked] = await eventsOf(server, tenant, 'identity_provider.linked');
    expect(linked).toMatchObject({ target: { id: providerId }, details: { email: ada.email, subject: ada.sub } });
    expect((await eventsOf(server, tenant, 'member.changed'))[0]).toMatchObject({ after: { role: 'limited_access' } });
    expect((await eventsOf(server, tenant, 'session.started'))[0]).toMatchObject({
      details: { identityProviderId: providerId },
    });
  });

  it('a person without a mapped group is admitted after an invitation, to the account that the invitation made', async () => {
    const tenant = await createTenant(server);
    const providerId = await createProvider(server, tenant, real.issuer);
    const ada = person();
    expect(await signIn(providerId, ada)).toMatchObject(CODE(403, 'IDENTITY_NOT_ADMITTED', 'NOT_A_MEMBER'));
    const joined = await joinTenant(server, tenant, { email: ada.email, role: 'auditor' });
    const call = callOf(await signIn(providerId, ada));
    const me = (await server.get('/v1/auth/me', call)).body;
    expect(me).toMatchObject({ user: { id: joined['userId'] }, memberships: [{ role: 'auditor' }] });
    // A role that a member gave is not the provider's to change.
    callOf(await signIn(providerId, { ...ada, groups: ['admins'] }));
    expect(await memberOf(tenant, ada.email)).toMatchObject({ role: 'auditor', identityProviderId: null });
    await server.delete(`${tenant.path}/members/${joined['userId']}`, undefined, tenant.owner);
    expect((await server.get('/v1/auth/me', call)).status).toBe(401);
    expect(await signIn(providerId, ada)).toMatchObject(CODE(403, 'IDENTITY_NOT_ADMITTED', 'NOT_A_MEMBER'));
  });

  it('a code that was redeemed is not redeemed again, and a sign-in is completed once', async () => {
    const tenant = await createTenant(server);
    const providerId = await createProvider(server, tenant, real.issuer, {
      roleMappings: [{ group: '*', role: 'auditor' }],
    });
    real.person = person();
    const [first, second] = [await begin(server, providerId), await begin(server, providerId)];
    const answer = await real.browser()(first['authorizationUrl']!);
    expect((await complete(server, first['signInToken']!, answer)).status).toBe(200);
    expect(await complete(server, first['signInToken']!, answer)).toMatchObject(CODE(401, 'SIGN_IN_EXPIRED'));
    // The code of one sign-in in another: the state is wrong, and with the right one the PKCE verifier is.
    expect(await complete(server, second['signInToken']!, answer)).toMatchObject(CODE(401, 'IDENTITY_REJECTED'));
    const third = await begin(server, providerId);
    const state = new URL(third['authorizationUrl']!).searchParams.get('state')!;
    expect(await complete(server, third['signInToken']!, { ...answer, state })).toMatchObject(
      CODE(401, 'IDENTITY_REJECTED'),
    );
  });

  it('a browser of the console keeps its sign-in in a cookie of its own, and gets a session in a cookie', async () => {
    const tenant = await createTenant(server);
    const providerId = await createProvider(server, tenant, real.issuer, {
      roleMappings: [{ group: '*', role: 'auditor' }],
    });
    const ownPage = { Origin: server.url, 'Sec-Fetch-Site': 'same-origin' };
    const path = `/v1/auth/identity-providers/${providerId}/sign-in`;
    expect(await server.post(path, {})).toMatchObject(CODE(403, 'ORIGIN_NOT_ALLOWED'));
    const begun = await server.post(path, {}, { headers: ownPage });
    expect(begun.body['signInToken']).toBeUndefined();
    const cookie = begun.headers.get('set-cookie')!;
    expect(cookie).toMatch(/^chancery-sign-in=cips_[0-9A-Za-z]{49}; Max-Age=600; Path=\/; HttpOnly; SameSite=Strict$/);
    real.person = person();
    const callback = new URL(begun.body['authorizationUrl']!).searchParams.get('redirect_uri')!;
    expect(callback).toBe(`${server.url}/console/sign-in/callback/${providerId}`);
    const answer = { ...(await real.browser()(begun.body['authorizationUrl']!)), session: 'cookie' };
    const completePath = '/v1/auth/identity-providers/complete';
    // Another browser has another sign-in, or none.
    expect(await server.post(completePath, answer, { headers: ownPage })).toMatchObject(CODE(401, 'SIGN_IN_EXPIRED'));
    const headers = { ...ownPage, Cookie: cookie.split(';')[0]! };
    const completed = await server.post(completePath, answer, { headers });
    expect(completed.status).toBe(200);
    expect(completed.body['refreshToken']).toBeUndefined();
    expect(completed.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^chancery-sign-in=; Max-Age=0;/),
      expect.stringMatching(/^chancery-session=crft_/),
    ]);
  });

  it('a person without a password steps up by signing in at the provider again', async () => {
    const tenant = await createTenant(server);
    const providerId = await createProvider(server, tenant, real.issuer, {
      roleMappings: [{ group: '*', role: 'owner' }],
    });
    const [ada, browser] = [person(), real.browser()];
    const call = callOf(await signIn(providerId, ada, browser));
    const stepUp = async (signedInAs: RealProvider['person'], at = browser) => {
      real.person = signedInAs;
      const begun = await server.post(
        '/v1/auth/step-up/identity-provider',
        { redirectUri: redirectUri(providerId) },
        call,
      );
      const { signInToken } = begun.body;
      const answer = await at(begun.body['authorizationUrl']!);
      return server.post('/v1/auth/step-up/identity-provider/complete', { signInToken, ...answer }, call);
    };
    const path = `${tenant.path}/identity-providers/${providerId}`;
    expect(await server.delete(path, undefined, call)).toMatchObject(CODE(401, 'PASSWORD_REQUIRED'));
    const before = real.signIns();
    const stepped = await stepUp(ada);
    // The provider remembers the person, and asks nevertheless.
    expect([stepped.status, real.signIns() - before]).toEqual([200, 1]);
    expect(await stepUp(person(), real.browser())).toMatchObject(CODE(401, 'IDENTITY_REJECTED', 'ANOTHER_PERSON'));
    const headers = { 'X-Step-Up': stepped.body['stepUpToken']! };
    expect((await server.delete(path, undefined, { ...call, headers })).status).toBe(204);
    // With the provider its sessions are gone.
    expect((await server.get('/v1/auth/me', call)).status).toBe(401);
    const ofPassword = await server.post('/v1/auth/step-up/identity-provider', {}, tenant.owner);
    expect(ofPassword.status).toBe(403);
  });
});

describe('an identity provider of a tenant', () => {
  const everybody = { roleMappings: [{ group: '*', role: 'limited_access' }] };

  it('an identity provider of a tenant reaches no account that counts beyond the tenant', async () => {
    const [tenant, victimTenant] = [await createTenant(server), await createTenant(server)];
    const providerId = await createProvider(server, tenant, scripted.issuer, everybody);
    const email = 'victim@acme.test';
    const { userId } = await joinTenant(server, victimTenant, { email, role: 'full_access' });
    await verify(server, ADMIN.password, userId!);
    // The provider says so, and gets an account of that address that only its tenant knows.
    const call = callOf(await signInScripted(server, scripted, providerId, { ...person(), email }));
    const me = (await server.get('/v1/auth/me', call)).body;
    expect(me).toMatchObject({ user: { email, emailVerified: false }, memberships: [{ tenantId: tenant.id }] });
    expect(me['user']!['id']).not.toBe(userId);
    expect((await server.get(victimTenant.path, call)).status).toBe(404);
    expect(
      await signInScripted(server, scripted, providerId, { ...person(), email: ADMIN.email, email_verified: true }),
    ).toMatchObject({
      status: 200,
    });
    // Where the verified account is a member, two accounts of one address would be one too many.
    const ownProvider = await createProvider(server, victimTenant, scripted.issuer, everybody);
    expect(await signInScripted(server, scripted, ownProvider, { ...person(), email })).toMatchObject(
      CODE(403, 'IDENTITY_NOT_ADMITTED', 'ACCOUNT_NOT_OF_TENANT'),
    );
  });

  it('an identity provider of a tenant loses an account whose address is verified', async () => {
    const tenant = await createTenant(server);
    const providerId = await createProvider(server, tenant, scripted.issuer, everybody);
    const ada = person();
    const call = callOf(await signInScripted(server, scripted, providerId, ada));
    const { id } = (await server.get('/v1/auth/me', call)).body['user']!;
    await verify(server, ADMIN.password, id!);
    expect(await signInScripted(server, scripted, providerId, ada)).toMatchObject(
      CODE(403, 'IDENTITY_NOT_ADMITTED', 'ACCOUNT_NOT_OF_TENANT'),
    );
  });

  it.each([
    ['EMAIL_MISSING', { email: undefined }],
    ['EMAIL_NOT_VERIFIED', { email_verified: false }],
    ['EMAIL_NOT_VERIFIED', { email_verified: undefined }],
    ['EMAIL_DOMAIN_NOT_ACCEPTED', { email: 'ada@acme.test.evil.test' }],
  ])(
    'an identity provider of a tenant admits no person by an address that proves nothing: %s',
    async (reason, change) => {
      const tenant = await createTenant(server);
      const providerId = await createProvider(server, tenant, scripted.issuer, {
        ...everybody,
        emailDomains: ['acme.test'],
      });
      expect(await signInScripted(server, scripted, providerId, person(change))).toMatchObject(
        CODE(403, 'IDENTITY_NOT_ADMITTED', reason),
      );
    },
  );

  it('an identity provider of a tenant that is disabled ends its sessions, and those that wait for a second factor', async () => {
    const tenant = await createTenant(server);
    const providerId = await createProvider(server, tenant, scripted.issuer, everybody);
    const path = `${tenant.path}/identity-providers/${providerId}`;
    const ada = person();
    const call = callOf(await signInScripted(server, scripted, providerId, ada));
    const begun = await begin(server, providerId);
    const change = { enabled: false, password: PASSWORD };
    expect((await server.patch(path, change, tenant.owner)).status).toBe(200);
    expect((await server.get('/v1/auth/me', call)).status).toBe(401);
    expect((await server.get(tenant.path, tenant.owner)).status).toBe(200);
    const answer = scripted.authorize(begun['authorizationUrl']!);
    expect(await complete(server, begun['signInToken']!, answer)).toMatchObject(CODE(404, 'NOT_FOUND'));
    expect((await server.get(`/v1/auth/identity-providers?tenant=${tenant.slug}`)).body['items']).toEqual([]);
    expect((await server.patch(path, { ...change, enabled: true }, tenant.owner)).status).toBe(200);
    expect((await server.get(`/v1/auth/identity-providers?tenant=${tenant.slug}`)).body['items']).toEqual([
      { id: providerId, name: 'Company' },
    ]);
    callOf(await signInScripted(server, scripted, providerId, ada));
  });

  it('an identity provider of a tenant keeps its last owner, whatever the groups say', async () => {
    const tenant = await createTenant(server);
    const roleMappings = [{ group: 'owners', role: 'owner' }];
    const providerId = await createProvider(server, tenant, scripted.issuer, { roleMappings });
    const ada = person({ groups: ['owners'] });
    const call = callOf(await signInScripted(server, scripted, providerId, ada));
    const [first] = (await server.get(`${tenant.path}/members`, call)).body['items'] as unknown as Shape[];
    expect((await server.delete(`${tenant.path}/members/${first!['userId']}`, undefined, call)).status).toBe(204);
    callOf(await signInScripted(server, scripted, providerId, { ...ada, groups: [] }));
    expect((await server.get(`${tenant.path}/members`, call)).body['items']).toMatchObject([{ role: 'owner' }]);
  });

  it('an identity provider of a tenant whose mappings were withdrawn ends the memberships that it gave, but for the last owner', async () => {
    const tenant = await createTenant(server);
    const roleMappings = [
      { group: 'owners', role: 'owner' },
      { group: 'staff', role: 'auditor' },
    ];
    const providerId = await createProvider(server, tenant, scripted.issuer, { roleMappings });
    const [ada, bob] = [person({ groups: ['owners'] }), person({ groups: ['staff'] })];
    const owner = callOf(await signInScripted(server, scripted, providerId, ada));
    callOf(await signInScripted(server, scripted, providerId, bob));
    const change = { roleMappings: [], password: PASSWORD };
    const path = `${tenant.path}/identity-providers/${providerId}`;
    expect((await server.patch(path, change, tenant.owner)).status).toBe(200);
    const [first] = (await server.get(`${tenant.path}/members`, owner)).body['items'] as unknown as Shape[];
    expect((await server.delete(`${tenant.path}/members/${first!['userId']}`, undefined, owner)).status).toBe(204);
    expect(await signInScripted(server, scripted, providerId, bob)).toMatchObject(
      CODE(403, 'IDENTITY_NOT_ADMITTED', 'NOT_A_MEMBER'),
    );
    callOf(await signInScripted(server, scripted, providerId, ada));
    expect((await server.get(`${tenant.path}/members`, owner)).body['items']).toMatchObject([
      { email: ada.email, role: 'owner' },
    ]);
  });

  it('an identity provider of a tenant is configured with the password, and its secret is in no answer', async () => {
    const tenant = await createTenant(server);
    const path = `${tenant.path}/identity-providers`;
    const { password: _, ...unconfirmed } = configuration(scripted.issuer);
    expect(await server.post(path, unconfirmed, tenant.owner)).toMatchObject(CODE(401, 'PASSWORD_REQUIRED'));
    const created = await server.post(path, configuration(scripted.issuer), tenant.owner);
    expect(created.body).toMatchObject({
      hasClientSecret: true,
      enabled: true,
      scopes: ['openid', 'email', 'profile'],
    });
    expect(created.text + JSON.stringify(await eventsOf(server, tenant, 'identity_provider.created'))).not.toContain(
      CLIENT_SECRET,
    );
    const tested = await server.post(`${path}/${created.body['id']}/test`, undefined, tenant.owner);
    expect(tested.body).toEqual({
      issuer: scripted.issuer,
      authorizationEndpoint: `${scripted.issuer}/authorize`,
      tokenEndpoint: `${scripted.issuer}/token`,
      keys: 1,
      namesIssuerInAnswers: true,
      redirectUri: `${server.url}/console/sign-in/callback/${created.body['id']}`,
    });
  });

  it.each([
    ['an address that may not be reached', { issuer: 'https://10.0.0.1' }, '/issuer'],
    ['a query', { issuer: 'https://login.acme.test/?a=b' }, '/issuer'],
    ['no openid among its scopes', { scopes: ['email'] }, '/scopes'],
    [
      'a tenant in a mapping',
      { roleMappings: [{ group: 'a', role: 'auditor', tenantId: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b' }] },
      '/roleMappings/0/tenantId',
    ],
  ])('an identity provider of a tenant with %s is rejected', async (_, change, pointer) => {
    const tenant = await createTenant(server);
    const body = { ...configuration(scripted.issuer), ...change };
    const answer = await server.post(`${tenant.path}/identity-providers`, body, tenant.owner);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
  });

  it.each([
    ['speaks for another issuer', { issuer: 'https://evil.test' }],
    ['keeps its keys where this server may not look', { jwks_uri: 'http://10.0.0.1/jwks' }],
    ['has no keys', { jwks_uri: undefined }],
  ])('an identity provider of a tenant that %s is not used', async (_, metadata) => {
    const dishonest = await startScriptedProvider();
    Object.assign(dishonest.metadata, metadata);
    const tenant = await createTenant(server);
    const providerId = await createProvider(server, tenant, dishonest.issuer);
    const path = `${tenant.path}/identity-providers/${providerId}/test`;
    expect(await server.post(path, undefined, tenant.owner)).toMatchObject(CODE(422, 'ISSUER_UNUSABLE'));
    await dishonest.close();
  });
});

describe('an identity provider of the installation', () => {
  const admin = async () => ({ token: await server.login() });

  it('an identity provider of the installation makes members only of tenants that say so, and signs verified accounts in', async () => {
    const [open, closed] = [await createTenant(server), await createTenant(server)];
    const settings = { settings: { admitProviderGroups: true } };
    expect((await server.patch(open.path, settings, open.owner)).status).toBe(200);
    const path = '/v1/platform/identity-providers';
    const roleMappings = [open, closed].map(({ id: tenantId }) => ({ group: 'staff', role: 'auditor', tenantId }));
    const body = { ...configuration(scripted.issuer), password: ADMIN.password, roleMappings };
    expect(await server.post(path, body, await admin())).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/emailDomains', code: 'DOMAIN_REQUIRED' }] },
    });
    const created = await server.post(path, { ...body, emailDomains: ['acme.test'] }, await admin());
    const providerId: string = created.body['id']!;
    const ada = person({ groups: ['staff'] });
    const call = callOf(await signInScripted(server, scripted, providerId, ada));
    expect((await server.get('/v1/auth/me', call)).body).toMatchObject({
      user: { email: ada.email, emailVerified: true },
      memberships: [{ tenantId: open.id, role: 'auditor' }],
    });
    callOf(await signInScripted(server, scripted, providerId, { ...ada, groups: [] }));
    expect((await server.get('/v1/auth/me', call)).body['memberships']).toEqual([]);
    // An account that only one tenant knows is not touched, and keeps its own password.
    const email = `${person().sub}@acme.test`;
    const { userId } = await joinTenant(server, closed, { email, role: 'auditor' });
    const other = callOf(await signInScripted(server, scripted, providerId, person({ email })));
    expect((await server.get('/v1/auth/me', other)).body['user']!['id']).not.toBe(userId);
    const foreign = person({ email: ADMIN.email });
    expect(await signInScripted(server, scripted, providerId, foreign)).toMatchObject(
      CODE(403, 'IDENTITY_NOT_ADMITTED', 'EMAIL_DOMAIN_NOT_ACCEPTED'),
    );
    const deletion = await server.delete(`${path}/${providerId}`, { password: ADMIN.password }, await admin());
    expect(deletion.status).toBe(204);
    expect((await server.get('/v1/auth/me', call)).status).toBe(401);
  });
});

describe('what an identity provider of the installation may no longer give', () => {
  const SETTING = { settings: { admitProviderGroups: true } };
  const path = '/v1/platform/identity-providers';
  let withdrawn: TestTenant;
  let other: TestTenant;
  let call: Call;
  let providerId: string;
  const ada = person({ groups: ['staff'] });
  const signInAgain = async () => callOf(await signInScripted(server, scripted, providerId, ada));
  const memberships = async () =>
    ((await server.get('/v1/auth/me', call)).body['memberships'] as unknown as Shape[]).map(
      ({ tenantId, role }) => `${tenantId} ${role}`,
    );
  const mappingsOf = (role: string, ...tenants: TestTenant[]) =>
    tenants.map(({ id: tenantId }) => ({ group: 'staff', role, tenantId }));
  const change = async (roleMappings: object[]): Promise<void> => {
    const body = { password: ADMIN.password, roleMappings };
    expect((await server.patch(`${path}/${providerId}`, body, { token: await server.login() })).status).toBe(200);
  };
  beforeAll(async () => {
    [withdrawn, other] = [await createTenant(server), await createTenant(server)];
    for (const tenant of [withdrawn, other]) await server.patch(tenant.path, SETTING, tenant.owner);
    const roleMappings = mappingsOf('auditor', withdrawn, other);
    const body = { ...configuration(scripted.issuer), password: ADMIN.password, roleMappings };
    const more = { emailDomains: ['acme.test'] };
    const created = await server.post(path, { ...body, ...more }, { token: await server.login() });
    providerId = created.body['id']!;
    call = await signInAgain();
  });

  it('a membership of an identity provider of the installation ends where its mapping was withdrawn', async () => {
    expect(await memberships()).toHaveLength(2);
    await change(mappingsOf('auditor', other));
    await signInAgain();
    expect(await memberships()).toEqual([`${other.id} auditor`]);
    expect((await eventsOf(server, withdrawn, 'member.removed'))[0]).toMatchObject({
      before: { role: 'auditor' },
      details: { identityProviderId: providerId },
    });
  });

  it('a membership of an identity provider of the installation ends, and does not become more, where the tenant withdrew its agreement', async () => {
    await server.patch(other.path, { settings: { admitProviderGroups: false } }, other.owner);
    await change(mappingsOf('full_access', other));
    await signInAgain();
    expect(await memberships()).toEqual([]);
    expect(await eventsOf(server, other, 'member.changed')).toEqual([]);
  });
});
