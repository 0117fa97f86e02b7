import { SignJWT, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ManualClock, MINUTE, SECOND } from '#core';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { type ScriptedProvider, startScriptedProvider } from '../../support/identity-provider.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  type Answer,
  type Call,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { AcmeTestClient, type Binding, prepareAcme } from '../acme/acme-client.js';
import { REACHABLE } from '../admin/company.js';
import { type TestIssuer, createIssuer, createService } from '../signing/issuer.js';
import { ANY_ID, type Workload, exchangeToken, workloadOf } from './workload.js';

const clock = new ManualClock();
let database: TestDatabase;
let server: TestServer;
/** Another instance on the same database. */
let other: TestServer;
let issuer: ScriptedProvider;
let workload: Workload;
let tenant: TestTenant;
let signing: TestIssuer;
beforeAll(async () => {
  database = await createMigratedDatabase();
  issuer = await startScriptedProvider();
  workload = workloadOf(issuer, clock);
  [server, other] = await Promise.all([
    startTestServer({ clock, database, environment: REACHABLE }),
    startTestServer({ clock, database, environment: REACHABLE }),
  ]);
  tenant = await createTenant(server);
  signing = await createIssuer(server, tenant);
});
afterAll(async () => {
  await Promise.all([server.close(), other.close(), issuer.close()]);
  await database.drop();
});

interface TrustingService {
  readonly serviceId: string;
  readonly path: string;
  readonly trustPath: string;
}

/** A service of its own for a test, with a trust. */
async function trusting(more: object = {}, of = tenant): Promise<TrustingService> {
  const { id: serviceId } = await createService(server, of);
  const path = `${of.path}/services/${serviceId}`;
  const created = await server.post(`${path}/trusts`, workload.rules(more), of.owner);
  if (created.status !== 201) throw new Error(`The trust was refused: ${created.text}`);
  return { serviceId, path, trustPath: `${path}/trusts/${created.body['id']}` };
}
const signed = (more: object = {}): Promise<string> => issuer.sign(workload.job(more));
const shown = (token: string, serviceId: string): Call => ({ token, headers: { 'X-Service-Id': serviceId } });
const whoami = (token: string, serviceId: string, at = server): Promise<Answer> =>
  at.get('/v1/whoami', shown(token, serviceId));
const events = async (action: string, serviceId: string, of = tenant): Promise<Shape[]> => {
  const query = `audit-events?action=${action}&actor=${serviceId}&limit=200`;
  return (await server.get(`${of.path}/${query}`, of.owner)).body['items'] as unknown as Shape[];
};
const UNKNOWN = { status: 401, body: { code: 'INVALID_CREDENTIALS' } };

describe('a workload that shows the token of its own issuer', () => {
  it('a workload that shows its own token works on the routes of services, and is recorded once with what was accepted', async () => {
    const serviceId = signing.service.id;
    await server.post(`${tenant.path}/services/${serviceId}/trusts`, workload.rules(), tenant.owner);
    const claims = workload.job();
    const token = await issuer.sign(claims);
    const call = shown(token, serviceId);
    for (const at of [server, other, server]) {
      expect((await at.get('/v1/whoami', call)).body).toMatchObject({
        service: { id: serviceId },
        authType: 'workload',
      });
    }
    const [accepted, ...more] = await events('trust.accepted', serviceId);
    expect(more).toEqual([]);
    expect(accepted).toMatchObject({
      outcome: 'success',
      details: {
        serviceId,
        issuer: issuer.issuer,
        claims: { sub: claims['sub'], repository_id: '74' },
        jti: claims['jti'],
        ttlSeconds: 360,
      },
    });
    expect(JSON.stringify(accepted)).not.toContain(token);
    const answer = await server.post(`/v1/sign/${signing.profile}`, {}, call);
    expect(answer.status).toBe(200);
    const batch = { items: [{}, {}] };
    expect((await other.post(`/v1/sign/${signing.profile}/batch`, batch, call)).status).toBe(200);
    const verified = await server.post('/v1/verify', { profile: signing.profile, token: answer.body['token'] }, call);
    expect(verified.body).toMatchObject({ valid: true });
    expect((await events('token.issued', serviceId))[0]).toMatchObject({ credentialId: accepted!['credentialId'] });
    // A page sends an ID token to this route; who names a service is none.
    expect(await server.get('/v1/auth/token', call)).not.toMatchObject({ status: 401 });
  });

  it('a workload that shows its own token names the service, and no other credential needs it', async () => {
    const { serviceId } = await trusting();
    const elsewhere = await trusting({}, await createTenant(server));
    const token = await signed();
    expect(await server.get('/v1/whoami', { token })).toMatchObject(UNKNOWN);
    for (const wrong of [signing.service.id.replace(/.$/, (last) => (last === 'f' ? 'e' : 'f')), ANY_ID, 'no id', '']) {
      expect(await whoami(token, wrong)).toMatchObject(UNKNOWN);
    }
    // Each service by itself decides whom it trusts.
    for (const id of [serviceId, elsewhere.serviceId]) {
      expect((await whoami(token, id)).body).toMatchObject({ service: { id } });
    }
    const headers = { 'X-Service-Id': serviceId };
    const { serviceKey } = signing.service;
    expect((await server.get('/v1/whoami', { serviceKey, headers })).body).toMatchObject({
      service: { id: signing.service.id },
    });
  });

  it.each<[string, string, () => Promise<string>]>([
    ['of another issuer', 'UNTRUSTED_ISSUER', () => signed({ iss: 'https://evil.test' })],
    ['for another audience', 'AUDIENCE_NOT_TRUSTED', () => signed({ aud: 'https://other.test' })],
    ['of another subject', 'SUBJECT_NOT_TRUSTED', () => signed({ sub: 'repo:acme/shop:pull_request' })],
    ['of another repository', 'CLAIM_NOT_TRUSTED', () => signed({ repository_id: '75' })],
    ['that has expired', 'EXPIRED_TOKEN', () => signed({ iat: workload.now() - 400, exp: workload.now() - 60 })],
    ['of long ago', 'TOKEN_TOO_OLD', () => signed({ iat: workload.now() - 3_660, exp: workload.now() + 3_600 })],
    [
      'signed with a shared secret',
      'INVALID_SIGNATURE',
      () => new SignJWT(workload.job()).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32, 1)),
    ],
    [
      'signed with another key',
      'INVALID_SIGNATURE',
      async () => {
        const { privateKey } = await generateKeyPair('ES256');
        return new SignJWT(workload.job()).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
      },
    ],
  ])('a workload that shows a token %s is rejected, and the history says why: %s', async (_, reason, token) => {
    const { serviceId } = await trusting();
    expect(await whoami(await token(), serviceId)).toMatchObject(UNKNOWN);
    expect(await events('trust.refused', serviceId)).toMatchObject([{ outcome: 'denied', details: { reason } }]);
  });

  it('a workload whose token was accepted opens nothing for one that was changed', async () => {
    const { serviceId } = await trusting();
    const token = await signed();
    expect((await whoami(token, serviceId)).status).toBe(200);
    const [header, claims, signature] = token.split('.');
    const admin = Buffer.from(JSON.stringify(workload.job({ admin: true }))).toString('base64url');
    for (const changed of [`${header}.${admin}.${signature}`, `${header}.${claims}.`, `${header}.${claims}.AAAA`]) {
      expect(await whoami(changed, serviceId)).toMatchObject(UNKNOWN);
    }
    // Other ways to write the same bytes would each cost a verification and a row.
    expect(await whoami(`${token}==`, serviceId)).toMatchObject(UNKNOWN);
  });

  it('a workload that shows its own token is rejected in the next request of each instance once its trust is deleted', async () => {
    const { serviceId, path, trustPath } = await trusting();
    const token = await signed();
    for (const at of [server, other]) expect((await whoami(token, serviceId, at)).status).toBe(200);
    await server.patch(path, { allowedCidrs: ['203.0.113.0/24'] }, tenant.owner);
    const outside = { status: 403, body: { code: 'IP_NOT_ALLOWED' } };
    for (const proven of [token, await signed()]) expect(await whoami(proven, serviceId, other)).toMatchObject(outside);
    await server.patch(path, { allowedCidrs: [] }, tenant.owner);
    const admin = { token: await server.login() };
    await server.post(`${tenant.path}/suspend`, undefined, admin);
    const suspended = { status: 403, body: { code: 'TENANT_SUSPENDED' } };
    for (const proven of [token, await signed()])
      expect(await whoami(proven, serviceId, other)).toMatchObject(suspended);
    await server.post(`${tenant.path}/reactivate`, undefined, admin);
    expect((await whoami(token, serviceId, other)).status).toBe(200);
    await server.delete(trustPath, undefined, tenant.owner);
    for (const at of [other, server]) {
      expect(await whoami(token, serviceId, at)).toMatchObject(UNKNOWN);
      expect(await whoami(await signed(), serviceId, at)).toMatchObject(UNKNOWN);
    }
  });

  it('a workload that shows its own token is rejected from the end of the token on, with a minute for clocks', async () => {
    const { serviceId } = await trusting({ ttlSeconds: 60 });
    const token = await signed({ exp: workload.now() + 200 });
    const end = (workload.now() + 200) * SECOND + MINUTE;
    expect((await whoami(token, serviceId)).status).toBe(200);
    await server.setTime(end - 1);
    expect((await whoami(token, serviceId, other)).status).toBe(200);
    await server.setTime(end);
    const expired = { status: 401, body: { code: 'CREDENTIAL_EXPIRED' } };
    for (const at of [server, other]) expect(await whoami(token, serviceId, at)).toMatchObject(expired);
    await server.runScheduler();
    for (const at of [server, other]) expect((await whoami(token, serviceId, at)).status).toBe(401);
  });

  it('a workload that shows a token which its trust accepts once makes one request with it, or one exchange', async () => {
    const { serviceId } = await trusting({ singleUse: true });
    const token = await signed();
    const together = await Promise.all([server, other, server].map((at) => whoami(token, serviceId, at)));
    expect(together.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
    expect(await whoami(token, serviceId)).toMatchObject(UNKNOWN);
    expect((await exchangeToken(server, serviceId, token)).status).toBe(400);
    const exchanged = await signed();
    expect((await exchangeToken(server, serviceId, exchanged)).status).toBe(200);
    expect(await whoami(exchanged, serviceId)).toMatchObject(UNKNOWN);
    expect(await events('trust.refused', serviceId)).toMatchObject([{ details: { reason: 'DUPLICATE_JTI' } }]);
  });

  it('a workload whose first requests come together on several instances is accepted in each of them', async () => {
    const { serviceId } = await trusting();
    const token = await signed();
    const together = await Promise.all([server, other, server, other].map((at) => whoami(token, serviceId, at)));
    expect(together.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await events('trust.accepted', serviceId)).toHaveLength(1);
    expect(await events('trust.refused', serviceId)).toEqual([]);
  });

  it('a workload that shows its own token costs its issuer nothing once it was accepted', async () => {
    const { serviceId } = await trusting();
    const token = await signed();
    await whoami(token, serviceId);
    const reads = issuer.keyReads();
    await issuer.rotate();
    await server.setTime(clock.now() + 10 * SECOND);
    for (let request = 0; request < 3; request += 1) expect((await whoami(token, serviceId)).status).toBe(200);
    expect(issuer.keyReads()).toBe(reads);
    // The key that signs now is found by the first token of it.
    expect((await whoami(await signed(), serviceId)).status).toBe(200);
  });

  it('a workload of before a restoration proves its token again', async () => {
    const { serviceId } = await trusting();
    const token = await signed();
    await whoami(token, serviceId);
    const plain = await openPlainDataSource(database.url);
    const columns = 'id, takenAt, restoredAt, backupSha256, completedAt';
    const row = [ANY_ID, clock.now(), clock.now(), 'a'.repeat(64), clock.now()];
    await plain.query(`INSERT INTO restorations (${columns}) VALUES (?, ?, ?, ?, ?)`, row);
    const restored = await startTestServer({ clock, database, environment: REACHABLE });
    expect((await whoami(token, serviceId, restored)).status).toBe(200);
    expect(await events('trust.accepted', serviceId)).toHaveLength(2);
    await restored.close();
    await plain.query('DELETE FROM restorations');
    await plain.destroy();
  });
});

describe('a gateway that is shown the token of a workload', () => {
  const verdict = async (token: string, serviceId: string | undefined, serviceKey: string): Promise<Shape> => {
    const asked = { authorization: `Bearer ${token}`, sourceAddress: '203.0.113.7', ...(serviceId && { serviceId }) };
    return (await server.post('/v1/authenticate', asked, { serviceKey })).body;
  };

  it('a gateway that is shown the token of a workload learns the service, by the body and by the forwarded request', async () => {
    const { serviceId, path } = await trusting();
    const token = await signed();
    const { serviceKey } = signing.service;
    expect(await verdict(token, undefined, serviceKey)).toEqual({ active: false, code: 'INVALID_CREDENTIALS' });
    for (let request = 0; request < 2; request += 1) {
      expect(await verdict(token, serviceId, serviceKey)).toMatchObject({
        active: true,
        service: { id: serviceId },
        authType: 'workload',
      });
    }
    expect(await events('trust.accepted', serviceId)).toMatchObject([{ sourceAddress: '203.0.113.7' }]);
    const forwarded = await other.get('/v1/forward-auth', shown(await signed(), serviceId));
    expect(forwarded.headers.get('x-chancery-service')).toBe(serviceId);
    await server.patch(path, { allowedCidrs: ['198.51.100.0/24'] }, tenant.owner);
    expect(await verdict(await signed(), serviceId, serviceKey)).toMatchObject({ code: 'IP_NOT_ALLOWED' });
  });

  it('a gateway that is shown a token accepted once lets one request in', async () => {
    const { serviceId } = await trusting({ singleUse: true });
    const token = await signed();
    const { serviceKey } = signing.service;
    expect(await verdict(token, serviceId, serviceKey)).toMatchObject({ active: true });
    expect(await verdict(token, serviceId, serviceKey)).toEqual({ active: false, code: 'INVALID_CREDENTIALS' });
  });

  it('a gateway knows no workload of another tenant, and writes nothing into its history', async () => {
    const elsewhere = await createTenant(server);
    const { serviceId } = await trusting({}, elsewhere);
    const { serviceKey } = signing.service;
    expect(await verdict(await signed(), serviceId, serviceKey)).toEqual({
      active: false,
      code: 'INVALID_CREDENTIALS',
    });
    expect(await events('trust.accepted', serviceId, elsewhere)).toEqual([]);
    expect(await events('trust.refused', serviceId, elsewhere)).toEqual([]);
  });
});

describe('an ACME binding of a workload', () => {
  it('an ACME binding of a workload and its account end with the trust, also where the credential was exchanged', async () => {
    const { serviceId, caId } = await prepareAcme(server, tenant);
    const path = `${tenant.path}/services/${serviceId}/trusts`;
    const trust = (await server.post(path, workload.rules(), tenant.owner)).body['id'];
    const exchanged = (await exchangeToken(server, serviceId, signed())).body['access_token']!;
    const calls = [{ token: exchanged }, shown(await signed(), serviceId)];
    const clients: { readonly registered: AcmeTestClient; readonly unused: Binding }[] = [];
    for (const call of calls) {
      const made = async (): Promise<Binding> =>
        (await server.post('/v1/acme-bindings', { caId }, call)).body as unknown as Binding;
      const binding = await made();
      const registered = new AcmeTestClient(server, binding.directoryUrl);
      expect((await registered.register(binding)).status).toBe(201);
      clients.push({ registered, unused: await made() });
    }
    await server.setTime(clock.now() + 30 * MINUTE);
    const names = [`web.${tenant.slug}.internal`];
    expect((await clients[0]!.registered.order(names)).status).toBe(201);
    const login = await server.login(tenant.owner.email, PASSWORD);
    expect((await server.delete(`${path}/${trust}`, undefined, { token: login })).status).toBe(204);
    for (const { registered, unused } of clients) {
      expect((await registered.order(names)).status).toBe(403);
      expect((await new AcmeTestClient(server, unused.directoryUrl).register(unused)).status).toBe(403);
    }
  });
});
