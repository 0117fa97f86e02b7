import { X509Certificate, hash } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, ManualClock, toRfc3339 } from '#core';
import { toPem } from '#asn1';
import { authorityProfile } from '#pki';

import { keys, makeBelow, makeRoot } from '../../conformance/certificates/pure-samples.js';
import { type Shape, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { signIn } from '../admin/people.js';
import { createService } from '../signing/issuer.js';
import { createAuthority, csrPem, issue, publicKeyHash } from './pki.js';

const clock = new ManualClock();
let server: TestServer;
let tenant: TestTenant;

beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server);
});
afterAll(() => server.close());

const refusalOf = ({ status, body }: { status: number; body: Shape }) => [status, body['code']];
const act = (kid: string, action: string, body?: object, headers: Record<string, string> = {}) =>
  server.post(`${tenant.path}/certificates/${kid}/${action}`, body, { ...tenant.owner, headers });
const search = async (query: string): Promise<string[]> => {
  const { body } = await server.get(`${tenant.path}/certificates?${query}`, tenant.owner);
  return (body['items'] as unknown as Shape[]).map((item) => item['kid']!);
};

describe('certificate authorities', () => {
  const path = () => `${tenant.path}/certificate-authorities`;

  it('certificate authorities are none at first, and nothing can be issued', async () => {
    expect(refusalOf(await issue(server, tenant))).toEqual([409, 'NO_CERTIFICATE_AUTHORITY']);
  });

  it('certificate authorities are roots and intermediates; the first is the default', async () => {
    const subject = { commonName: 'Root', organizationName: 'Ärger & Söhne', countryName: 'DE' };
    const allowedDnsNames = ['*.acme.example', '*.globex.example', 'r.example', 'found.example', 'also.example'];
    const root = await createAuthority(server, tenant, { name: 'first', subject, pathLength: 1, allowedDnsNames });
    expect(root).toMatchObject({ subject: 'CN=Root,O=Ärger & Söhne,C=DE', isDefault: true, state: 'active' });
    const intermediate = await createAuthority(server, tenant, { parentId: root['id'], keyAlgorithm: 'ES384' });
    expect(intermediate).toMatchObject({
      keyAlgorithm: 'P-384',
      pathLength: 0,
      isDefault: false,
      issuer: root.subject,
    });
    const tooDeep = { name: 'too deep', subject: { commonName: 'x' }, parentId: intermediate['id'] };
    expect(refusalOf(await server.post(path(), tooDeep, tenant.owner))).toEqual([422, 'POLICY_VIOLATION']);
    expect((await issue(server, tenant)).body).toMatchObject({ caId: root['id'], issuer: root['subject'] });
    expect(refusalOf(await server.post(path(), { name: 'first', subject }, tenant.owner))).toEqual([
      409,
      'CA_NAME_TAKEN',
    ]);
  });

  it('certificate authorities keep to their name constraints', async () => {
    const nameConstraints = { permitted: [{ kind: 'dns', value: 'acme.example' }] };
    const ca = await createAuthority(server, tenant, { nameConstraints });
    const within = await issue(server, tenant, { caId: ca['id'], san: ['api.acme.example'] });
    expect([within.status, within.body['san']]).toEqual([201, ['api.acme.example']]);
    const outside = await issue(server, tenant, { caId: ca['id'], san: ['api.globex.example'] });
    expect(refusalOf(outside)).toEqual([422, 'POLICY_VIOLATION']);
    const bad = { permitted: [{ kind: 'ip', value: 'everywhere' }] };
    const refused = await server.post(
      path(),
      { name: 'bad', subject: { commonName: 'x' }, nameConstraints: bad },
      tenant.owner,
    );
    expect(refusalOf(refused)).toEqual([400, 'VALIDATION_ERROR']);
  });

  it.each([
    ['sha1-der', 'sha1'],
    ['sha256-der', 'sha256'],
  ])('certificate authorities may name certificates by %s', async (kid, algorithm) => {
    const ca = await createAuthority(server, tenant, { profile: { kid, validityDays: 30 } });
    const { body } = await issue(server, tenant, { caId: ca['id'] });
    const { raw } = new X509Certificate(body['certificate']!);
    expect(body['kid']).toBe(hash(algorithm, raw, 'hex'));
    expect(body['notAfter']).toBe(toRfc3339(clock.now() + 30 * DAY));
  });

  it('certificate authorities are imported with their key and chain, and only with their own', async () => {
    const key = keys.p256();
    const above = await makeRoot(clock.now(), keys.p256());
    const own = await makeBelow(above, clock.now(), key, { profile: authorityProfile({ pathLength: 0 }) });
    const pem = (holder: { certificate: { der: Buffer } }) => toPem('CERTIFICATE', holder.certificate.der);
    const body = {
      name: 'imported',
      certificatePem: pem(own) + pem(above),
      key: key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'swordfish' }),
    };
    expect(refusalOf(await server.post(path(), body, tenant.owner))).toEqual([422, 'INVALID_CA_KEY']);
    const imported = await server.post(path(), { ...body, passphrase: 'swordfish' }, tenant.owner);
    expect(imported.body).toMatchObject({ origin: 'imported', keyAlgorithm: 'P-256', pathLength: 0 });
    const issued = await issue(server, tenant, { caId: imported.body['id'] });
    expect(issued.body['chain']).toBe(pem(own) + pem(above));
    expect(new X509Certificate(issued.body['certificate']!).verify(new X509Certificate(pem(own)).publicKey)).toBe(true);
    const again = { ...body, name: 'again', passphrase: 'swordfish' };
    expect(refusalOf(await server.post(path(), again, tenant.owner))).toEqual([422, 'INVALID_CA_CERTIFICATE']);
    const plain = (name: string, certificatePem: string, withKey = key) => ({
      name,
      certificatePem,
      key: withKey.export({ type: 'pkcs8', format: 'pem' }),
    });
    const leafKey = keys.p256();
    const leaf = await makeBelow(above, clock.now(), leafKey);
    for (const [code, refused] of [
      ['INVALID_CA_KEY', plain('other key', pem(above))],
      ['INVALID_CA_CERTIFICATE', plain('leaf', pem(leaf), leafKey)],
      ['INVALID_CA_CERTIFICATE', plain('wrong order', pem(above) + pem(own), keys.p256())],
      ['INVALID_CA_CERTIFICATE', plain('nothing', 'hello')],
    ] as const) {
      expect([refused.name, ...refusalOf(await server.post(path(), refused, tenant.owner))]).toEqual([
        refused.name,
        422,
        code,
      ]);
    }
  });

  it('certificate authorities are created by an owner only', async () => {
    const manager = await signIn(server, tenant, 'full_access');
    const body = { name: 'mine', subject: { commonName: 'x' } };
    expect(refusalOf(await server.post(path(), body, manager))).toEqual([403, 'FORBIDDEN']);
  });

  it('certificate authorities take everything below them along when they are revoked, and say so before', async () => {
    const root = await createAuthority(server, tenant);
    const ca = await createAuthority(server, tenant, { parentId: root['id'] });
    const { kid } = (await issue(server, tenant, { caId: ca['id'] })).body;
    const revoke = `${path()}/${root['id']}/revoke`;
    const foreseen = await server.post(`${revoke}?dryRun=true`, {}, tenant.owner);
    expect(foreseen.body).toEqual({ allowed: true, impact: { authorities: 2, certificates: 1 } });
    expect((await server.get(`${path()}/${root['id']}`, tenant.owner)).body['state']).toBe('active');
    const revoked = await server.post(revoke, { reason: 'keyCompromise' }, tenant.owner);
    expect(revoked.body).toMatchObject({ state: 'revoked', revocationReason: 'keyCompromise', version: 2 });
    expect((await server.post(revoke, {}, tenant.owner)).body).toMatchObject({
      revocationReason: 'keyCompromise',
      version: 2,
    });
    expect((await server.get(`${path()}/${ca['id']}`, tenant.owner)).body['state']).toBe('revoked');
    expect((await server.get(`${tenant.path}/certificates/${kid}`, tenant.owner)).body['state']).toBe('revoked');
    expect(refusalOf(await issue(server, tenant, { caId: ca['id'] }))).toEqual([409, 'CA_NOT_USABLE']);
    const below = { name: 'below', subject: { commonName: 'x' }, parentId: root['id'] };
    expect(refusalOf(await server.post(path(), below, tenant.owner))).toEqual([409, 'CA_NOT_USABLE']);
  });
});

describe('certificates', () => {
  it('certificates are valid as long as the profile grants', async () => {
    const ca = await createAuthority(server, tenant, { profile: { validityDays: 10, validityDaysMax: 20 } });
    const ofDays = async (validityDays?: number) => issue(server, tenant, { caId: ca['id'], validityDays });
    expect((await ofDays()).body['notAfter']).toBe(toRfc3339(clock.now() + 10 * DAY));
    expect((await ofDays(20)).body['notAfter']).toBe(toRfc3339(clock.now() + 20 * DAY));
    expect(refusalOf(await ofDays(21))).toEqual([400, 'VALIDATION_ERROR']);
    const short = await createAuthority(server, tenant, { validityDays: 5 });
    expect((await issue(server, tenant, { caId: short['id'] })).body['notAfter']).toBe(short['notAfter']);
  });

  it('certificates are renewed with the same key or a new one, under the same names, once', async () => {
    const key = keys.p256();
    const first = (await issue(server, tenant, { csr: csrPem('renewed', { key }), san: ['r.example'] })).body;
    const second = await act(first['kid']!, 'renew', {});
    expect(second.status).toBe(201);
    expect(second.body).toMatchObject({ replaces: first['kid'], subject: 'CN=renewed', san: ['r.example'] });
    expect(second.body['publicKeyHash']).toBe(publicKeyHash(key));
    const { body: old } = await server.get(`${tenant.path}/certificates/${first['kid']}`, tenant.owner);
    expect(old).toMatchObject({ replacedBy: second.body['kid'], state: 'active' });
    expect(refusalOf(await act(first['kid']!, 'renew', {}))).toEqual([409, 'CERTIFICATE_REPLACED']);
    const newKey = keys.p384();
    const third = await act(second.body['kid']!, 'renew', { csr: csrPem('renewed', { key: newKey }), validityDays: 7 });
    expect(third.body).toMatchObject({ replaces: second.body['kid'], keyAlgorithm: 'P-384', san: ['r.example'] });
    expect(third.body['notAfter']).toBe(toRfc3339(clock.now() + 7 * DAY));
    const renamed = await act(third.body['kid']!, 'renew', { csr: csrPem('somebody else') });
    expect(refusalOf(renamed)).toEqual([422, 'POLICY_VIOLATION']);
    expect(renamed.text).toContain('CSR_NAMES_CHANGED');
  });

  it('certificates are held, released and revoked; each is done once however often it is asked', async () => {
    const { kid } = (await issue(server, tenant)).body;
    expect((await act(kid!, 'hold')).body).toMatchObject({ state: 'held', revocationReason: 'certificateHold' });
    const held = (await act(kid!, 'hold')).body['version'];
    expect(refusalOf(await act(kid!, 'renew', {}))).toEqual([409, 'WRONG_STATE']);
    expect((await act(kid!, 'release')).body).toMatchObject({
      state: 'active',
      revocationReason: null,
      version: held! + 1,
    });
    expect(refusalOf(await act(kid!, 'revoke', {}))).toEqual([400, 'VALIDATION_ERROR']);
    expect(refusalOf(await act(kid!, 'revoke', { reason: 'certificateHold' }))).toEqual([400, 'VALIDATION_ERROR']);
    const stale = await act(kid!, 'revoke', { reason: 'superseded' }, { 'If-Match': '"1"' });
    expect(refusalOf(stale)).toEqual([412, 'PRECONDITION_FAILED']);
    const foreseen = await act(kid!, 'revoke?dryRun=true', { reason: 'superseded' });
    expect(foreseen.body).toEqual({ allowed: true, impact: { state: 'revoked' } });
    const revoked = await act(kid!, 'revoke', { reason: 'superseded' });
    expect(revoked.body).toMatchObject({ state: 'revoked', revocationReason: 'superseded' });
    expect(revoked.headers.get('etag')).toBe(`"${revoked.body['version']}"`);
    expect((await act(kid!, 'revoke', { reason: 'affiliationChanged' })).body).toEqual(revoked.body);
    for (const action of ['hold', 'release', 'renew']) {
      expect([action, ...refusalOf(await act(kid!, action, action === 'renew' ? {} : undefined))]).toEqual([
        action,
        409,
        'WRONG_STATE',
      ]);
    }
  });

  it('certificates are found by everything that is recorded of them', async () => {
    const ca = await createAuthority(server, tenant, {
      profile: { names: { subjectAttributes: ['organizationName'] } },
    });
    const found = await issue(server, tenant, {
      caId: ca['id'],
      csr: csrPem('Findable Client'),
      san: ['found.example', 'also.example'],
      validityDays: 100,
    });
    const { kid, serialNumber } = found.body;
    const other = (await issue(server, tenant, { caId: ca['id'], csr: csrPem('Another') })).body['kid']!;
    const colons = String(serialNumber).toUpperCase().match(/../g)!.join(':');
    const of = `caId=${ca['id']}`;
    for (const query of [
      `kid=${kid}`,
      `serialNumber=${serialNumber}`,
      `serialNumber=${encodeURIComponent(colons)}`,
      'subject=findable',
      `subject=${encodeURIComponent('cn=findable client')}`,
      'san=FOUND.example',
      `${of}&subject=Find&san=also.example&state=active`,
      `${of}&expiresBefore=${toRfc3339(clock.now() + 101 * DAY)}`,
    ]) {
      expect([query, await search(query)]).toEqual([query, [kid]]);
    }
    expect(await search(of)).toEqual([kid, other]);
    expect(await search(`${of}&expiresAfter=${toRfc3339(clock.now() + 101 * DAY)}`)).toEqual([other]);
    for (const query of [
      'san=ound.example',
      'subject=indable',
      `${of}&state=held`,
      `${of}&san=found.example&subject=Another`,
    ]) {
      expect([query, await search(query)]).toEqual([query, []]);
    }
    const page = await server.get(`${tenant.path}/certificates?${of}&limit=1`, tenant.owner);
    expect(await search(`${of}&limit=1&cursor=${page.body['nextCursor']}`)).toEqual([other]);
    const exported = await server.get(`${tenant.path}/certificates/export?${of}`, tenant.owner);
    expect(exported.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = exported.text.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as Shape)['kid'])).toEqual([kid, other]);
  });

  it('certificates expire by the clock, whatever the scheduler does; an expired one is renewed and revoked all the same', async () => {
    const { kid } = (await issue(server, tenant, { validityDays: 1 })).body;
    const before = clock.now();
    clock.set(before + 2 * DAY);
    const owner = { token: await server.login(tenant.owner.email, 'a password that is long enough') };
    const get = async () => (await server.get(`${tenant.path}/certificates/${kid}`, owner)).body;
    const found = async (state: string) => {
      const { body } = await server.get(`${tenant.path}/certificates?state=${state}&kid=${kid}`, owner);
      return (body['items'] as unknown as Shape[]).length;
    };
    for (const step of ['by the clock', 'on record']) {
      expect([step, (await get())['state'], await found('active'), await found('expired')]).toEqual([
        step,
        'expired',
        0,
        1,
      ]);
      await server.runScheduler();
    }
    const renewed = await server.post(`${tenant.path}/certificates/${kid}/renew`, {}, owner);
    expect(renewed.status).toBe(201);
    const revoked = await server.post(`${tenant.path}/certificates/${kid}/revoke`, { reason: 'superseded' }, owner);
    expect(revoked.body['state']).toBe('revoked');
    const events = await server.get(`${tenant.path}/audit-events?kid=${kid}&order=asc`, owner);
    const actions = (events.body['items'] as unknown as Shape[]).map((event) => event['action']);
    expect(actions).toEqual(
      ['intended', 'issued', 'expired', 'renewed', 'revoked'].map((name) => `certificate.${name}`),
    );
    await server.setTime(before);
  });
});

describe('a service', () => {
  it('a service requests certificates for itself, and renews its own only', async () => {
    const [service, another] = [await createService(server, tenant), await createService(server, tenant)];
    const issued = await server.post('/v1/certificates', { csr: csrPem('service') }, service);
    expect(issued.body).toMatchObject({ serviceId: service.id, state: 'active' });
    const renew = `/v1/certificates/${issued.body['kid']}/renew`;
    expect(refusalOf(await server.post(renew, {}, another))).toEqual([404, 'NOT_FOUND']);
    expect((await server.post(renew, {}, service)).body).toMatchObject({
      serviceId: service.id,
      replaces: issued.body['kid'],
    });
    const foreign = await issue(server, tenant);
    expect(refusalOf(await server.post(`/v1/certificates/${foreign.body['kid']}/renew`, {}, service))).toEqual([
      404,
      'NOT_FOUND',
    ]);
    expect(refusalOf(await server.post('/v1/certificates', { csr: csrPem(), caId: 'x' }, service))).toEqual([
      400,
      'VALIDATION_ERROR',
    ]);
    expect(await search(`serviceId=${service.id}`)).toHaveLength(2);
    const missing = await issue(server, tenant, { serviceId: tenant.id });
    expect(refusalOf(missing)).toEqual([404, 'NOT_FOUND']);
  });
});

describe('what is public', () => {
  it('a public route of certificates rejects requests in the terms of its protocol', async () => {
    const ca = await createAuthority(server, tenant);
    const ask = async (body: Buffer, type = 'application/ocsp-request') => {
      const url = `${server.url}/pki/${ca['id']}/ocsp`;
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': type },
        body: new Uint8Array(body),
      });
      return [
        answer.status,
        Buffer.from(await answer.arrayBuffer())
          .toString('hex')
          .slice(0, 10),
      ];
    };
    const MALFORMED = '30030a0101';
    expect(await ask(Buffer.from('hello'))).toEqual([200, MALFORMED]);
    expect((await ask(Buffer.alloc(5_000)))[0]).toBe(413);
    expect((await ask(Buffer.from('{}'), 'application/json'))[0]).toBe(415);
    expect((await ask(Buffer.from('x'), 'text/plain'))[0]).toBe(415);
    const elsewhere = await fetch(`${server.url}/v1/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/ocsp-request' },
      body: 'x',
    });
    expect(elsewhere.status).toBe(415);
    for (const path of ['ca.crt', 'crl', 'ocsp/MA==']) {
      expect([path, (await server.get(`/pki/${tenant.id}/${path}`)).status]).toEqual([
        path,
        path.startsWith('ocsp') ? 200 : 404,
      ]);
    }
  });
});
