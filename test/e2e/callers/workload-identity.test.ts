import { createHash } from 'node:crypto';

import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { HOUR, ManualClock, MINUTE, SECOND, canonicalJson } from '#core';
import { RefusedUses } from '#service-keys';
import { permissionRow } from '#tenants';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { type ScriptedProvider, startScriptedProvider } from '../../support/identity-provider.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  type Answer,
  type Call,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { REACHABLE } from '../admin/company.js';
import { nameOf, pathWith, routesOf } from '../server/routes.js';
import { type TestIssuer, createIssuer, createService } from '../signing/issuer.js';
import { ANY_ID, AUDIENCE, GRANT, JWT, type Workload, exchangeToken, postExchange, workloadOf } from './workload.js';

/** Nothing is sent in these tests. */
const MAIL = {
  CHANCERY_SMTP_URL: 'smtp://127.0.0.1:1',
  CHANCERY_MAIL_FROM: 'chancery@example.com',
  CHANCERY_PUBLIC_URL: AUDIENCE,
};

const clock = new ManualClock();
let database: TestDatabase;
let server: TestServer;
/** Another instance on the same database, with e-mail. */
let other: TestServer;
let issuer: ScriptedProvider;
let workload: Workload;
let tenant: TestTenant;
let signing: TestIssuer;
beforeAll(async () => {
  database = await createMigratedDatabase();
  issuer = await startScriptedProvider();
  workload = workloadOf(issuer, clock);
  server = await startTestServer({ clock, database, environment: REACHABLE });
  other = await startTestServer({ clock, database, environment: { ...REACHABLE, ...MAIL } });
  tenant = await createTenant(server);
  signing = await createIssuer(server, tenant);
});
afterAll(async () => {
  await Promise.all([server.close(), other.close(), issuer.close()]);
  await database.drop();
});

const now = () => workload.now();
const job = (more?: object) => workload.job(more);
const rules = (more?: object) => workload.rules(more);

/** A service of its own for a test, with a trust. */
async function trusting(more: object = {}): Promise<{ serviceId: string; path: string; trustId: string }> {
  const { id: serviceId } = await createService(server, tenant);
  const path = `${tenant.path}/services/${serviceId}/trusts`;
  const created = await server.post(path, rules(more), tenant.owner);
  if (created.status !== 201) throw new Error(`The trust was refused: ${created.text}`);
  return { serviceId, path, trustId: created.body['id']! };
}

const post = (form: Record<string, string> | string): Promise<Answer> => postExchange(server, form);
const exchange = (serviceId: string, token: string | Promise<string>, at = server): Promise<Answer> =>
  exchangeToken(at, serviceId, token);

/** The credential of a job that is accepted. */
async function obtain(serviceId: string, more: object = {}): Promise<string> {
  const { status, body, text } = await exchange(serviceId, issuer.sign(job(more)));
  if (status !== 200) throw new Error(`The exchange was refused: ${text}`);
  return body['access_token']!;
}
const lastEvent = async (action: string): Promise<Shape> => {
  const { items } = (await server.get(`${tenant.path}/audit-events?action=${action}`, tenant.owner)).body;
  return (items as unknown as Shape[])[0]!;
};
/** The order of the group of P-256. */
const P256_ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
/** The same token of ES256 with a signature that also verifies. */
function writtenOtherwise(token: string): string[] {
  const signatureAt = token.lastIndexOf('.') + 1;
  const signed = token.slice(0, signatureAt);
  const bytes = Buffer.from(token.slice(signatureAt), 'base64url');
  const s = P256_ORDER - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const mirrored = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
  return [`${token}==`, `${token} `, `${signed}${mirrored.toString('base64url')}`];
}
const REJECTED = { status: 400, body: { error: 'invalid_request', error_description: expect.any(String) } };

describe('a workload', () => {
  it('a workload gets a credential of the service for its own token, and signs with it', async () => {
    const serviceId = signing.service.id;
    const path = `${tenant.path}/services/${serviceId}/trusts`;
    await server.post(path, rules({ ttlSeconds: 600 }), tenant.owner);
    const claims = job();
    const answer = await exchange(serviceId, issuer.sign(claims));
    expect(answer).toMatchObject({
      status: 200,
      body: {
        access_token: expect.stringMatching(/^cwc_[0-9A-Za-z]{49}$/),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 600,
      },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('ratelimit-policy'), 'not counted by address, as no call of a service is').toBeNull();
    const secret: string = answer.body['access_token']!;
    const event = await lastEvent('trust.exchanged');
    expect(event).toMatchObject({
      actor: { type: 'service', id: serviceId },
      details: {
        issuer: issuer.issuer,
        claims: { aud: AUDIENCE, sub: claims.sub, repository_id: '74' },
        jti: claims.jti,
      },
    });
    // Wherever a service key is accepted, in both headers and on each instance.
    for (const at of [server, other]) {
      for (const call of [{ token: secret }, { serviceKey: secret }]) {
        expect((await at.get('/v1/whoami', call)).body).toMatchObject({
          service: { id: serviceId },
          authType: 'workload',
        });
      }
    }
    const signed = await server.post(`/v1/sign/${signing.profile}`, {}, { token: secret });
    expect(signed.status).toBe(200);
    expect(await lastEvent('token.issued')).toMatchObject({
      actor: { id: serviceId },
      credentialId: event['credentialId'],
    });
    const asked = { authorization: `Bearer ${secret}` };
    const verdict = await server.post('/v1/authenticate', asked, { serviceKey: signing.service.serviceKey });
    expect(verdict.body).toMatchObject({ active: true, authType: 'workload', service: { id: serviceId } });
    expect(JSON.stringify(event)).not.toContain(secret);
  });

  it('a workload has no permission but those of services', async () => {
    const { serviceId } = await trusting();
    const shown: Call[] = [
      { token: await obtain(serviceId) },
      { token: await issuer.sign(job()), headers: { 'X-Service-Id': serviceId } },
    ];
    const beyond = routesOf(server.server.app).filter(
      ({ permission, method }) =>
        permission !== undefined && method !== 'HEAD' && permissionRow(permission).audience !== 'service',
    );
    expect(beyond.length).toBeGreaterThan(100);
    for (const route of beyond) {
      const path = pathWith(route.path, (name) => (name === 'tenantId' ? tenant.id : ANY_ID)).replace('*', '0/000.p/1');
      for (const call of shown) {
        const { status } = await server.request(route.method, path, route.method === 'GET' ? undefined : {}, call);
        expect([nameOf(route), status]).toEqual([nameOf(route), 401]);
      }
    }
    for (const call of shown) expect((await server.get('/v1/whoami', call)).status).toBe(200);
  });

  it('a workload loses its credential with the trust, and with the service, in the next request of each instance', async () => {
    const [first, second] = [await trusting(), await trusting()];
    const tokens = [await obtain(first.serviceId), await obtain(second.serviceId)];
    const statuses = async () =>
      Promise.all(tokens.map(async (token) => (await other.get('/v1/whoami', { token })).status));
    expect(await statuses()).toEqual([200, 200]);
    expect((await server.delete(`${first.path}/${first.trustId}`, undefined, tenant.owner)).status).toBe(204);
    expect(await statuses()).toEqual([401, 200]);
    expect(await exchange(first.serviceId, issuer.sign(job()))).toMatchObject(REJECTED);
    const change = { allowedCidrs: ['203.0.113.0/24'] };
    const service = `${tenant.path}/services/${second.serviceId}`;
    expect((await server.patch(service, change, tenant.owner)).status).toBe(200);
    expect(await statuses()).toEqual([401, 403]);
    expect(await exchange(second.serviceId, issuer.sign(job()))).toMatchObject(REJECTED);
  });

  it('a workload has its credential for as long as the trust says, and not a moment longer', async () => {
    const { serviceId } = await trusting({ ttlSeconds: 60 });
    const token = await obtain(serviceId);
    await server.setTime(clock.now() + MINUTE - 1);
    expect((await other.get('/v1/whoami', { token })).status).toBe(200);
    await server.setTime(clock.now() + 1);
    for (const at of [server, other]) {
      expect(await at.get('/v1/whoami', { token })).toMatchObject({
        status: 401,
        body: { code: 'CREDENTIAL_EXPIRED' },
      });
    }
  });

  it('a workload that continues with a credential that ended leaves events, also where e-mail is configured', async () => {
    const [expired, untrusted] = [await trusting({ ttlSeconds: 60 }), await trusting()];
    const tokens = [await obtain(expired.serviceId), await obtain(untrusted.serviceId)];
    await server.delete(`${untrusted.path}/${untrusted.trustId}`, undefined, tenant.owner);
    await server.setTime(clock.now() + MINUTE);
    for (const token of tokens) expect((await other.get('/v1/whoami', { token })).status).toBe(401);
    const refused = async () => {
      const query = 'action=credential.use_refused&limit=200';
      const { items } = (await server.get(`${tenant.path}/audit-events?${query}`, tenant.owner)).body;
      const ofThem = [expired, untrusted].map(({ serviceId }) =>
        (items as unknown as Shape[]).filter(({ actor }) => actor!['id'] === serviceId),
      );
      return ofThem.map((events) => events.map(({ details }) => [details!['code'], details!['count']]));
    };
    const once = [[['CREDENTIAL_EXPIRED', 1]], [['CREDENTIAL_DELETED', 1]]];
    expect(await refused()).toEqual(once);
    await other.server.app.get(RefusedUses).flush();
    await server.setTime(clock.now() + MINUTE);
    await server.runScheduler();
    expect(await refused()).toEqual(once);
    expect(other.logs.join('')).not.toContain('could not be recorded');
  });

  it('a workload whose credential leaked is found by the string, and loses it in the next request of each instance', async () => {
    const { serviceId } = await trusting({ singleUse: true });
    const subjectToken = await issuer.sign(job());
    const token: string = (await exchange(serviceId, subjectToken)).body['access_token']!;
    const leaked = (more: object = {}, { path, owner } = tenant) =>
      server.post(`${path}/leaks`, { secret: ` ${token}`, ...more }, owner);
    const elsewhere = await createTenant(server);
    expect((await leaked({ compromise: true }, elsewhere)).body).toEqual({ found: false });
    const credential = { serviceId, authType: 'workload', lastUsedAt: null };
    expect((await leaked()).body).toMatchObject({ found: true, credential: { ...credential, state: 'active' } });
    expect((await other.get('/v1/whoami', { token })).status).toBe(200);
    const { body } = await leaked({ compromise: true });
    expect(body).toMatchObject({ found: true, credential: { ...credential, state: 'expired' } });
    for (const at of [other, server]) expect((await at.get('/v1/whoami', { token })).status).toBe(401);
    expect(await exchange(serviceId, subjectToken)).toMatchObject(REJECTED);
    expect(await lastEvent('credential.compromised')).toMatchObject({
      target: { id: body['credential']!['id'] },
      details: { serviceId, reason: 'leaked' },
    });
    expect((await leaked({ compromise: true })).body).toMatchObject({ found: true, credential: { state: 'expired' } });
  });

  it('a workload of a suspended tenant is rejected', async () => {
    const admin = { token: await server.login() };
    const { serviceId } = await trusting();
    const token = await obtain(serviceId);
    await server.post(`${tenant.path}/suspend`, undefined, admin);
    expect(await other.get('/v1/whoami', { token })).toMatchObject({ status: 403, body: { code: 'TENANT_SUSPENDED' } });
    expect(await exchange(serviceId, issuer.sign(job()))).toMatchObject({ status: 403 });
    await server.post(`${tenant.path}/reactivate`, undefined, admin);
    expect((await other.get('/v1/whoami', { token })).status).toBe(200);
  });
});

describe('the token of a workload', () => {
  let serviceId: string;
  beforeAll(async () => {
    ({ serviceId } = await trusting());
  });

  it.each<[string, string, () => Promise<string>]>([
    ['of another issuer', 'UNTRUSTED_ISSUER', () => issuer.sign(job({ iss: 'https://evil.test' }))],
    ['for another audience', 'AUDIENCE_NOT_TRUSTED', () => issuer.sign(job({ aud: 'https://other.test' }))],
    ['for two audiences', 'AUDIENCE_NOT_TRUSTED', () => issuer.sign(job({ aud: [AUDIENCE, 'https://other.test'] }))],
    ['of another subject', 'SUBJECT_NOT_TRUSTED', () => issuer.sign(job({ sub: 'repo:acme/shop:pull_request' }))],
    ['of a longer subject', 'SUBJECT_NOT_TRUSTED', () => issuer.sign(job({ sub: 'repo:acme/shop:environment:a:b' }))],
    ['of a renamed repository', 'CLAIM_NOT_TRUSTED', () => issuer.sign(job({ repository_id: '75' }))],
    ['that has expired', 'EXPIRED_TOKEN', () => issuer.sign(job({ iat: now() - 400, exp: now() - 60 }))],
    ['that is not valid yet', 'TOKEN_NOT_YET_VALID', () => issuer.sign(job({ nbf: now() + 120 }))],
    ['of long ago', 'TOKEN_TOO_OLD', () => issuer.sign(job({ iat: now() - 3_660, exp: now() + 3_600 }))],
    ['that does not expire', 'INVALID_CLAIMS', () => issuer.sign(job({ exp: undefined }))],
    [
      'without a signature',
      'INVALID_SIGNATURE',
      async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await issuer.sign(job())).split('.')[1]}.`,
    ],
    [
      'signed with a shared secret',
      'INVALID_SIGNATURE',
      () => new SignJWT(job()).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32, 1)),
    ],
    [
      'signed with another key',
      'INVALID_SIGNATURE',
      async () =>
        new SignJWT(job()).setProtectedHeader({ alg: 'ES256' }).sign((await generateKeyPair('ES256')).privateKey),
    ],
    [
      'whose claims were changed',
      'INVALID_SIGNATURE',
      async () => {
        const [header, , signature] = (await issuer.sign(job({ sub: 'other' }))).split('.');
        return `${header}.${Buffer.from(JSON.stringify(job())).toString('base64url')}.${signature}`;
      },
    ],
    ['that is none', 'MALFORMED_TOKEN', async () => 'not a token'],
  ])('the token of a workload is rejected %s: %s', async (_, reason, token) => {
    expect(await exchange(serviceId, token())).toMatchObject(REJECTED);
    expect(await lastEvent('trust.refused')).toMatchObject({
      outcome: 'denied',
      target: { id: serviceId },
      details: { reason },
    });
  });

  it('the token of a workload for a service that does not exist is answered like one that is not accepted', async () => {
    const token = await issuer.sign(job({ sub: 'other' }));
    const answers = [await exchange(serviceId, token), await exchange(ANY_ID, token), await exchange('no id', token)];
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  });

  it('the token of a workload is accepted after a rotation of the key, and unknown keys do not flood the issuer', async () => {
    await obtain(serviceId);
    await issuer.rotate();
    const before = issuer.keyReads();
    await server.setTime(clock.now() + 10 * SECOND);
    await obtain(serviceId);
    expect(issuer.keyReads() - before).toBe(1);
    for (let unknown = 0; unknown < 5; unknown += 1) {
      expect((await exchange(serviceId, issuer.sign(job(), { kid: `unknown-${unknown}` }))).status).toBe(400);
    }
    expect(issuer.keyReads() - before).toBe(1);
  });

  it('the token of a workload is exchanged again unless the trust accepts it once', async () => {
    const again = await issuer.sign(job());
    expect([(await exchange(serviceId, again)).status, (await exchange(serviceId, again)).status]).toEqual([200, 200]);
    const { serviceId: strict } = await trusting({ singleUse: true });
    const once = await issuer.sign(job());
    const together = await Promise.all(Array.from({ length: 4 }, () => exchange(strict, once)));
    expect(together.map(({ status }) => status).toSorted()).toEqual([200, 400, 400, 400]);
    expect(await lastEvent('trust.refused')).toMatchObject({ details: { reason: 'DUPLICATE_JTI' } });
    // Removed with the credential only when the token cannot come again.
    await server.setTime(clock.now() + 200 * SECOND);
    await server.runScheduler();
    expect((await exchange(strict, once)).status).toBe(400);
  });

  it('the token of a workload without an id is accepted once by what it signs, however its signature is written', async () => {
    const { serviceId: strict } = await trusting({ singleUse: true });
    const once = await issuer.sign(job({ jti: undefined }));
    expect((await exchange(strict, once)).status).toBe(200);
    for (const again of writtenOtherwise(once)) {
      expect(await exchange(strict, again)).toMatchObject(REJECTED);
    }
    // Each of them has a valid signature.
    for (const again of writtenOtherwise(once)) expect((await exchange(serviceId, again)).status).toBe(200);
  });

  it('the token of a workload is remembered for as long as it could come again, not for as long as its issuer writes', async () => {
    const { serviceId: strict } = await trusting({ singleUse: true });
    const plain = await openPlainDataSource(database.url);
    const keptFor = async (id: string): Promise<number> => {
      await obtain(id, { iat: now() + 0.1234567, exp: now() + 1e12 });
      const select = 'SELECT keptUntil FROM workload_credentials WHERE serviceId = ? ORDER BY id DESC LIMIT 1';
      const rows = await plain.query<{ keptUntil: number | string }[]>(select, [id]);
      return Number(rows[0]!.keptUntil) - now() * SECOND;
    };
    expect(await keptFor(strict)).toBe(HOUR + 2 * MINUTE + 124);
    expect(await keptFor(serviceId)).toBe(15 * MINUTE + clock.now() - now() * SECOND);
    await plain.destroy();
  });

  it('the token of a workload has its id in the history, as far as it is text', async () => {
    await obtain(serviceId, { jti: `${'a'.repeat(127)}\u{1f600}` });
    expect(await lastEvent('trust.exchanged')).toMatchObject({ details: { jti: `${'a'.repeat(127)}\ufffd` } });
  });

  it('the token of a workload from before a restoration counts as used where the trust accepts it once', async () => {
    const { serviceId: strict } = await trusting({ singleUse: true });
    const [before, after] = [await issuer.sign(job({ iat: now() - 61 })), await issuer.sign(job({ iat: now() + 60 }))];
    const plain = await openPlainDataSource(database.url);
    const columns = 'id, takenAt, restoredAt, backupSha256, completedAt';
    const row = [ANY_ID, clock.now(), clock.now(), 'a'.repeat(64), clock.now()];
    await plain.query(`INSERT INTO restorations (${columns}) VALUES (?, ?, ?, ?, ?)`, row);
    const restored = await startTestServer({ clock, database, environment: REACHABLE });
    expect((await exchange(serviceId, before, restored)).status).toBe(200);
    expect((await exchange(strict, before, restored)).status).toBe(400);
    expect((await exchange(strict, after, restored)).status).toBe(200);
    await restored.close();
    await plain.query('DELETE FROM restorations');
    await plain.destroy();
  });

  it('the token of an issuer that cannot be reached is verified with the keys of the trust', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'cluster', alg: 'RS256' }] };
    const cluster = 'https://kubernetes.default.svc.cluster.local';
    const sub = 'system:serviceaccount:shop:checkout';
    const account = { '/kubernetes.io/serviceaccount/uid': '14ee3fa4-a7e2-420f-9f9a-dbc4507c3798' };
    const { serviceId: pod } = await trusting({ issuer: cluster, subject: sub, claims: account, jwks });
    const inside = {
      namespace: 'shop',
      serviceaccount: { name: 'checkout', uid: account['/kubernetes.io/serviceaccount/uid'] },
    };
    const token = new SignJWT(job({ iss: cluster, aud: [AUDIENCE], sub, 'kubernetes.io': inside }))
      .setProtectedHeader({ alg: 'RS256', kid: 'cluster' })
      .sign(privateKey);
    expect((await exchange(pod, token)).status).toBe(200);
    const jwksSha256 = createHash('sha256').update(canonicalJson(jwks)).digest('hex');
    expect(await lastEvent('trust.created')).toMatchObject({ after: { issuer: cluster, jwksSha256 } });
    // The list of the operator holds for it, too: for a new trust, and for one that was created before.
    const environment = { ...REACHABLE, CHANCERY_ISSUERS: issuer.issuer };
    const listing = await startTestServer({ clock, database, environment });
    onTestFinished(listing.close);
    expect((await exchange(pod, token, listing)).status).toBe(400);
    expect(await lastEvent('trust.refused')).toMatchObject({ details: { reason: 'ISSUER_UNUSABLE' } });
    const path = `${tenant.path}/services/${pod}/trusts`;
    const unlisted = rules({ issuer: cluster, subject: sub, claims: account, jwks });
    expect(await listing.post(path, unlisted, tenant.owner)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/issuer', code: 'ISSUER_NOT_LISTED' }] },
    });
    expect((await listing.post(path, rules({ jwks }), tenant.owner)).status).toBe(201);
  });
});

describe('a request for an exchange', () => {
  const form = { grant_type: GRANT, subject_token: 'a.b.c', subject_token_type: JWT, audience: ANY_ID };

  it.each<[string, string, string]>([
    ['another grant', 'unsupported_grant_type', String(new URLSearchParams({ ...form, grant_type: 'password' }))],
    ['another type', 'invalid_request', String(new URLSearchParams({ ...form, subject_token_type: 'urn:x' }))],
    ['no token', 'invalid_request', String(new URLSearchParams({ ...form, subject_token: '' }))],
    ['a parameter twice', 'invalid_request', `${new URLSearchParams(form)}&audience=${ANY_ID}`],
    ['nothing', 'invalid_request', ''],
  ])('a request for an exchange with %s is answered as OAuth does: %s', async (_, error, body) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 400, body: { error } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  });

  it('a request for an exchange is a form, and forms are read nowhere else', async () => {
    expect((await server.post('/v1/token-exchange', form)).status).toBe(400);
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    expect((await server.request('POST', '/v1/auth/login', 'email=a', { headers })).status).toBe(415);
  });
});

describe('a trust', () => {
  it.each([
    ['a pattern of everything', { subject: '*' }, '/subject'],
    ['neither subject nor an exact claim', { subject: undefined, claims: { a: 'b*' } }, '/subject'],
    ['a claim that is no text', { claims: { a: 1 } }, '/claims'],
    ['no id of GitHub', { issuer: 'https://token.actions.githubusercontent.com', claims: {} }, '/claims'],
    ['an address that may not be reached', { issuer: 'https://10.0.0.1' }, '/issuer'],
    ['a private key', { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' }] } }, '/jwks'],
    ['a private key of ML-DSA', { jwks: { keys: [{ kty: 'AKP', alg: 'ML-DSA-44', pub: 'x', priv: 'x' }] } }, '/jwks'],
    ['keys that are no Unicode', { jwks: { keys: [{ kty: 'EC', kid: '\ud800' }] } }, ''],
    ['a longer life than an hour', { ttlSeconds: 3_601 }, '/ttlSeconds'],
  ])('a trust with %s is rejected', async (_, more, pointer) => {
    const path = `${tenant.path}/services/${signing.service.id}/trusts`;
    const answer = await server.post(path, rules(more), tenant.owner);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
  });
});
