import { createPublicKey } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CertificateVerifier } from '#certificates';
import { DAY, ManualClock, platformScope, systemOrigin } from '#core';

import { keys } from '../../conformance/certificates/pure-samples.js';
import {
  type Shape,
  type TestServer,
  type TestTenant,
  PASSWORD,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createService } from '../signing/issuer.js';
import { createAuthority, csrPem, issue } from './pki.js';

const SYSTEM = systemOrigin('test');
const clock = new ManualClock();
let server: TestServer;
let tenant: TestTenant;
let other: TestTenant;

beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server);
  other = await createTenant(server);
  await createAuthority(server, tenant);
});
afterAll(() => server.close());

const verifier = () => server.server.app.get(CertificateVerifier);
const anywhere = (kid: string) =>
  server.server.installation.database.readPlatform(platformScope(SYSTEM), (view) => verifier().holderOf(view, kid));
const within = ({ id: tenantId }: TestTenant, kid: string) =>
  server.server.installation.database.read({ ...SYSTEM, tenantId }, (view) => verifier().holderOf(view, kid));
const act = (kid: string, action: string, body?: object) =>
  server.post(`${tenant.path}/certificates/${kid}/${action}`, body, tenant.owner);

describe('the holder that a kid names', () => {
  it('a kid names the holder of the key, in its tenant and anywhere', async () => {
    const key = keys.p256();
    const kid = (await issue(server, tenant, { csr: csrPem('holder', { key }) })).body['kid']!;
    for (const found of [await within(tenant, kid), await anywhere(kid)]) {
      if (found.code !== 'OK') throw new Error(found.code);
      expect(found.publicKey.equals(createPublicKey(key))).toBe(true);
      expect(found.certificate).toMatchObject({ kid, tenantId: tenant.id });
    }
    expect(await within(other, kid)).toEqual({ code: 'UNKNOWN_KID' });
    expect(await anywhere('nobody')).toEqual({ code: 'UNKNOWN_KID' });
  });

  it('a kid names no holder while its certificate is held, and never again once it is revoked', async () => {
    const kid = (await issue(server, tenant)).body['kid']!;
    const codes: string[] = [];
    for (const [action, body] of [['hold'], ['release'], ['revoke', { reason: 'superseded' }]] as const) {
      await act(kid, action, body);
      codes.push((await anywhere(kid)).code);
    }
    expect(codes).toEqual(['CERTIFICATE_REVOKED', 'OK', 'CERTIFICATE_REVOKED']);
  });

  it('a kid names no holder once its key was compromised, under whatever certificate', async () => {
    const csr = csrPem('twin', { key: keys.p256() });
    const kids = [
      (await issue(server, tenant, { csr })).body['kid']!,
      (await issue(server, tenant, { csr })).body['kid']!,
    ];
    const renewed = (await act(kids[0]!, 'renew', {})).body['kid']!;
    await act(kids[1]!, 'revoke', { reason: 'superseded' });
    expect((await anywhere(renewed)).code).toBe('OK');
    await act(renewed, 'revoke', { reason: 'keyCompromise' });
    for (const kid of [...kids, renewed]) expect((await anywhere(kid)).code).toBe('CERTIFICATE_REVOKED');
    const { body } = await server.get(`${tenant.path}/certificates/${kids[1]}`, tenant.owner);
    expect(body['revocationReason']).toBe('superseded');
  });

  it('a kid names no holder from the instant in which its certificate ends, although nothing recorded it', async () => {
    const { kid, notAfter } = (await issue(server, tenant, { validityDays: 2 })).body;
    const before = clock.now();
    clock.set(before + 2 * DAY);
    expect([notAfter, (await anywhere(kid!)).code]).toEqual([new Date(clock.now()).toISOString(), 'OK']);
    clock.advance(1);
    expect((await anywhere(kid!)).code).toBe('CERTIFICATE_EXPIRED');
    await server.setTime(before);
  });

  it('a kid names no holder without its service and its tenant', async () => {
    const service = await createService(server, tenant);
    const issued = await server.post('/v1/certificates', { csr: csrPem('served') }, service);
    const kid = issued.body['kid']!;
    const admin = { token: await server.login() };
    expect((await anywhere(kid)).code).toBe('OK');
    await server.post(`${tenant.path}/suspend`, undefined, admin);
    expect((await anywhere(kid)).code).toBe('CERTIFICATE_REVOKED');
    const { status } = await server.get(`/pki/${issued.body['caId']}/crl`);
    expect(status).toBe(200);
    await server.post(`${tenant.path}/reactivate`, undefined, admin);
    expect((await anywhere(kid)).code).toBe('OK');
    await server.delete(`${tenant.path}/services/${service.id}`, { password: PASSWORD }, tenant.owner);
    expect((await anywhere(kid)).code).toBe('CERTIFICATE_REVOKED');
  });
});

describe('requests that race', () => {
  const stateOf = async (caId: string): Promise<string[]> => {
    const { body } = await server.get(`${tenant.path}/certificates?caId=${caId}`, tenant.owner);
    return (body['items'] as unknown as Shape[]).map(({ state }) => String(state)).toSorted();
  };

  it('requests that race to renew one certificate give it one successor; what the losers signed is revoked', async () => {
    const { id } = await createAuthority(server, tenant);
    const kid = (await issue(server, tenant, { caId: id })).body['kid']!;
    const answers = await Promise.all(Array.from({ length: 6 }, () => act(kid, 'renew', {})));
    const winners = answers.filter(({ status }) => status === 201);
    expect(winners).toHaveLength(1);
    expect(new Set(answers.filter(({ status }) => status !== 201).map(({ body }) => body['code']))).toEqual(
      new Set(['CERTIFICATE_REPLACED']),
    );
    const { body } = await server.get(`${tenant.path}/certificates/${kid}`, tenant.owner);
    expect(body['replacedBy']).toBe(winners[0]!.body['kid']);
    expect((await stateOf(id!)).filter((state) => state === 'active')).toHaveLength(2);
    expect((await stateOf(id!)).filter((state) => state === 'issuing')).toEqual([]);
  });

  it('requests that race to issue while the authority is revoked leave no valid certificate', async () => {
    const { id } = await createAuthority(server, tenant);
    const revoke = `${tenant.path}/certificate-authorities/${id}/revoke`;
    const issuing = Array.from({ length: 8 }, () => issue(server, tenant, { caId: id }));
    const [revoked, ...answers] = await Promise.all([server.post(revoke, {}, tenant.owner), ...issuing]);
    expect(revoked.status).toBe(200);
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
    expect((await stateOf(id!)).filter((state) => state !== 'revoked')).toEqual([]);
  });

  it('requests that race to hold and to revoke end in the revocation', async () => {
    const kid = (await issue(server, tenant)).body['kid']!;
    const moves = ['hold', 'revoke', 'hold', 'release', 'revoke'];
    const body = { reason: 'keyCompromise' };
    await Promise.all(moves.map((move) => act(kid, move, move === 'revoke' ? body : undefined)));
    expect((await anywhere(kid)).code).toBe('CERTIFICATE_REVOKED');
    const { body: after } = await server.get(`${tenant.path}/certificates/${kid}`, tenant.owner);
    expect(after).toMatchObject({ state: 'revoked', revocationReason: 'keyCompromise' });
  });
});
