import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, ManualClock, SECOND, systemClock } from '#core';

import { GOLDEN } from '../../support/golden.js';
import { Workshop } from '../../support/openssl.js';
import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createKey, createProfile, createService } from '../signing/issuer.js';
import { certify, update } from './vendor.js';

// OpenSSL, which is the vendor here, goes by the host's clock: the server begins there.
const clock = new ManualClock(systemClock.now());
const BODY = JSON.stringify(GOLDEN.payloads.ccId);
let server: TestServer;
let tenant: TestTenant;
const workshop = new Workshop();

beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server, 'key-certificates');
  const subject = ['-subj', '/CN=Vendor CA', '-keyout', 'ca.key', '-out', 'ca.pem'];
  await workshop.openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1000', ...subject);
});
afterAll(async () => {
  await server.close();
  workshop.clear();
});

const at = (keyId: string) => `${tenant.path}/keys/${keyId}`;
const csrOf = (keyId: string, subject: object = { commonName: 'My Awesome Reseller' }) =>
  server.post(`${at(keyId)}/csr`, { subject }, tenant.owner);
const store = (keyId: string, certificate: string, kid: string = randomUUID()) =>
  server.post(`${at(keyId)}/certificate`, { certificate, kid }, tenant.owner);

/** What the vendor does with a request. */
async function issuedFor(csr: string, days = 365): Promise<string> {
  workshop.write('request.csr', csr);
  const ca = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', String(days), '-sha256'];
  await workshop.openssl('x509', '-req', '-in', 'request.csr', ...ca, '-out', 'leaf.pem');
  return workshop.read('leaf.pem').toString();
}

/** A session that is as young as the clock. */
const owner = async () => ({ token: await server.login(tenant.owner.email, PASSWORD) });
const events = async (action: string, query = ''): Promise<readonly Shape[]> => {
  const path = `${tenant.path}/audit-events?action=foreign_certificate.${action}${query}`;
  return (await server.get(path, await owner())).body['items']!;
};

describe('POST keys/{keyId}/csr', () => {
  it.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const)(
    'POST csr makes a request for a %s key that is not exportable, which OpenSSL verifies',
    async (algorithm) => {
      const { keyId } = await createKey(server, tenant, algorithm);
      const { status, body } = await csrOf(keyId);
      expect(status).toBe(200);
      workshop.write('own.csr', body['csr']!);
      const text = await workshop.openssl('req', '-in', 'own.csr', '-noout', '-verify', '-text');
      expect(text).toContain('verify OK');
      expect(text).toMatch(/Subject: CN ?= ?My Awesome Reseller\n/);
      if (algorithm === 'RS256') expect(text).toContain('sha256WithRSAEncryption');
    },
  );

  it('POST csr is recorded, and makes none for a shared secret, a missing key or an empty subject', async () => {
    expect((await events('requested'))[0]).toMatchObject({ details: { subject: 'CN=My Awesome Reseller' } });
    const { keyId } = await createKey(server, tenant, 'HS256');
    expect(await csrOf(keyId)).toMatchObject({ status: 422, body: { code: 'KEY_HAS_NO_PUBLIC_HALF' } });
    expect((await csrOf(randomUUID())).status).toBe(404);
    expect((await csrOf(keyId, {})).status).toBe(400);
  });
});

describe('POST keys/{keyId}/certificate', () => {
  let keyId: string;
  let certificate: string;
  const kid = randomUUID();
  beforeAll(async () => {
    ({ keyId } = await createKey(server, tenant, 'RS256'));
    certificate = await issuedFor((await csrOf(keyId)).body['csr']!);
  });

  it('POST certificate stores what the vendor sent, and a profile signs with the kid of the vendor', async () => {
    const stored = await store(keyId, certificate, kid);
    expect(stored).toMatchObject({
      status: 201,
      body: { kid, keyId, state: 'active', subject: 'CN=My Awesome Reseller', issuer: 'CN=Vendor CA' },
    });
    expect((await server.get(`${at(keyId)}/certificates`, tenant.owner)).body['items']).toEqual([stored.body]);
    expect(await events('stored')).toMatchObject([{ details: { keyId } }]);
    const profile = await createProfile(server, tenant, { format: 'xima-licensing', keyId, certificateKid: kid });
    const { serviceKey } = await createService(server, tenant, [profile]);
    const signed: Readonly<Record<string, string>> = (
      await server.post(`/v1/sign/${profile}`, { payload: GOLDEN.payloads.ccId }, { serviceKey })
    ).body;
    expect(signed).toMatchObject({ kid, body: BODY });
    expect(JSON.parse(Buffer.from(signed['token']!.split('.')[0]!, 'base64url').toString())).toEqual({
      alg: 'RS256',
      typ: 'JWT',
      kid,
    });
    const verified = await server.post('/v1/verify', { profile, token: signed['token'], body: BODY }, { serviceKey });
    expect(verified.body).toMatchObject({ valid: true, kid });
    // The vendor's own check, by the certificate that it issued.
    const [header, claims, signature] = signed['token']!.split('.') as [string, string, string];
    workshop.write('signed.txt', `${header}.${claims}`);
    workshop.write('signature.bin', Buffer.from(signature, 'base64url'));
    workshop.write('public.pem', await workshop.openssl('x509', '-in', 'leaf.pem', '-noout', '-pubkey'));
    const check = ['dgst', '-sha256', '-verify', 'public.pem', '-signature', 'signature.bin', 'signed.txt'];
    expect(await workshop.openssl(...check)).toContain('Verified OK');
    // It names no holder to the receiving side: requests are accepted by certificates of the tenant's own authority.
    expect(await update(server, signed['token']!, BODY)).toMatchObject({ status: 401, body: { code: 'UNKNOWN_KID' } });
  });

  it.each<[string, number, string, () => Promise<[string, string]>]>([
    ['the kid again', 409, 'CERTIFICATE_KID_TAKEN', async () => [certificate, kid]],
    [
      'the kid of an issued certificate',
      409,
      'CERTIFICATE_KID_TAKEN',
      async () => [certificate, await certify(server, tenant)],
    ],
    ['what is no certificate', 400, 'VALIDATION_ERROR', async () => ['hello', randomUUID()]],
    ['two certificates', 400, 'VALIDATION_ERROR', async () => [certificate + certificate, randomUUID()]],
    ['a kid with a blank', 400, 'VALIDATION_ERROR', async () => [certificate, 'a b']],
    [
      'the certificate of another key',
      422,
      'KEY_NOT_OF_CERTIFICATE',
      async () => [workshop.read('ca.pem').toString(), randomUUID()],
    ],
  ])('POST certificate rejects %s', async (_, status, code, make) => {
    const [sent, named] = await make();
    expect(await store(keyId, sent, named)).toMatchObject({ status, body: { code } });
  });

  it('POST certificate is for the key of the tenant only: another tenant may have the same kid', async () => {
    const other = await createTenant(server, 'key-certificates-other');
    const there = await createKey(server, other, 'RS256');
    const path = `${other.path}/keys/${there.keyId}`;
    const csr = (await server.post(`${path}/csr`, { subject: { commonName: 'Other' } }, other.owner)).body['csr']!;
    const body = { certificate: await issuedFor(csr), kid };
    expect((await server.post(`${path}/certificate`, body, other.owner)).status).toBe(201);
  });
});

describe('the end of a foreign certificate', () => {
  it('the end of a foreign certificate is announced 30 days ahead, holds by the clock, and is recorded', async () => {
    const { keyId } = await createKey(server, tenant, 'RS256');
    const { body } = await store(keyId, await issuedFor((await csrOf(keyId)).body['csr']!, 90));
    const { kid, id } = body;
    const end = Date.parse(body['notAfter']!);
    const profile = await createProfile(server, tenant, { format: 'xima-licensing', keyId, certificateKid: kid });
    const { serviceKey } = await createService(server, tenant, [profile]);
    const sign = () => server.post(`/v1/sign/${profile}`, { payload: { serial: 'S' } }, { serviceKey });
    const { token } = (await sign()).body;
    const happened = async (): Promise<string[]> => {
      const path = `${tenant.path}/audit-events?targetId=${id}&order=asc`;
      const { items } = (await server.get(path, await owner())).body;
      return (items as unknown as Shape[]).map(({ action }) => action as unknown as string);
    };

    await server.setTime(end - 30 * DAY - SECOND);
    await server.runScheduler();
    expect(await happened()).toEqual(['foreign_certificate.stored']);
    await server.setTime(end - 30 * DAY);
    for (let run = 0; run < 2; run += 1) await server.runScheduler();
    // Once, as everything of the calendar is announced.
    expect(await happened()).toEqual(['foreign_certificate.stored', 'expiration.announced']);
    expect((await sign()).status).toBe(200);
    const before = encodeURIComponent(new Date(end + SECOND).toISOString());
    const planned = await server.get(
      `${tenant.path}/expirations?kind=foreign%20certificate&before=${before}`,
      await owner(),
    );
    expect(planned.body['items']).toMatchObject([{ id, kid, dueAt: body['notAfter'], happens: 'expires' }]);

    await server.setTime(end + SECOND);
    expect(await sign()).toMatchObject({ status: 409, body: { code: 'KEY_NOT_USABLE' } });
    const verified = await server.post('/v1/verify', { profile, token, body: '{"serial":"S"}' }, { serviceKey });
    expect(verified.body).toMatchObject({ valid: false, code: 'CERTIFICATE_EXPIRED' });
    const list = await server.get(`${at(keyId)}/certificates`, await owner());
    expect(list.body['items']).toMatchObject([{ state: 'expired' }]);
    await server.runScheduler();
    expect((await happened()).slice(2)).toEqual(['foreign_certificate.expired']);
  });
});
