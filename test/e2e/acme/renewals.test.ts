import { X509Certificate } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AcmeValidations } from '#acme';
import { parseCertificate } from '#pki';
import { DAY, ManualClock } from '#core';

import { keys } from '../../conformance/certificates/pure-samples.js';
import { type TestDnsServer, startDnsServer } from '../../support/dns-server.js';
import {
  type Answer,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { AcmeTestClient, ChallengeHost, base64url, bind, csrOf, prepareAcme } from './acme-client.js';

const clock = new ManualClock();
const host = new ChallengeHost();
let dns: TestDnsServer;
let server: TestServer;
let tenant: TestTenant;
let client: AcmeTestClient;
let caId: string;
let serviceId: string;
const NAME = 'web.renewals.internal';

beforeAll(async () => {
  dns = await startDnsServer();
  dns.addresses.set(NAME, '127.0.0.1');
  server = await startTestServer({
    clock,
    environment: {
      CHANCERY_ACME_RESOLVERS: dns.address,
      CHANCERY_ACME_HTTP_PORT: String(await host.listen()),
      CHANCERY_ACME_NETWORKS: '127.0.0.1',
    },
  });
  tenant = await createTenant(server, 'renewals');
  const prepared = await prepareAcme(server, tenant);
  ({ caId, serviceId } = prepared);
  client = new AcmeTestClient(server, prepared.binding.directoryUrl);
  await client.register(prepared.binding);
});
afterAll(async () => {
  await server.close();
  dns.close();
  host.close();
});

const typeOf = ({ body }: Answer): string | undefined => (body['type'] as string | undefined)?.split(':').at(-1);

/** The `kid` of the certificate of an order that is valid. */
const kidOf = ({ body }: Answer): string => String(body['certificate']).split('/').at(-1)!;

/** An order that is ready to be finalized. */
async function ready(more: object = {}): Promise<Answer> {
  const order = await client.order([NAME], more);
  if (order.status !== 201) return order;
  for (const { token, url } of await client.challenges(order.body)) {
    host.answers.set(token, client.keyAuthorization(token));
    await client.post(url, {});
  }
  await server.server.app.get(AcmeValidations).validateDue();
  return order;
}

async function issued(more: object = {}, key = keys.p256()) {
  const order = await ready(more);
  const finalized = await client.post(order.body['finalize']!, { csr: csrOf([NAME], { key }) });
  expect([finalized.status, finalized.body['status']]).toEqual([200, 'valid']);
  const { text } = await client.post(finalized.body['certificate']!);
  const parsed = parseCertificate(new X509Certificate(text).raw);
  if (!parsed.ok) throw new Error(parsed.detail);
  const { authorityKeyIdentifier, serialNumber, der, notAfter, notBefore } = parsed.value;
  const serial = Buffer.from(serialNumber, 'hex');
  const signed = serial[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), serial]) : serial;
  const id = `${base64url(authorityKeyIdentifier!)}.${base64url(signed)}`;
  return { id, kid: kidOf(finalized), key, certificate: base64url(der), notAfter, notBefore, order };
}

describe('renewal information', () => {
  const read = (id: string) => server.get(`/acme/${caId}/renewal-info/${id}`);

  it('renewal information names the last third of the validity, and of a revoked certificate the past', async () => {
    const { id, certificate, notAfter, notBefore } = await issued();
    const before = await read(id);
    const { start, end } = before.body['suggestedWindow'] as unknown as { start: string; end: string };
    expect([before.status, before.headers.get('retry-after')]).toEqual([200, '21600']);
    expect(Math.abs(Date.parse(start) - (notAfter - (notAfter - notBefore) / 3))).toBeLessThanOrEqual(1_000);
    expect(Date.parse(end)).toBeLessThan(notAfter);
    expect((await client.post(client.url('revoke-cert'), { certificate, reason: 4 })).status).toBe(200);
    const after = (await read(id)).body['suggestedWindow'] as unknown as { end: string };
    expect(Date.parse(after.end)).toBeLessThan(clock.now());
  });

  it('renewal information is not given of what is no certificate of the authority', async () => {
    const { id } = await issued();
    const other = await prepareAcme(server, await createTenant(server));
    for (const path of [
      `/acme/${caId}/renewal-info/none`,
      `/acme/${caId}/renewal-info/${id.split('.')[0]}.AQ`,
      `/acme/${caId}/renewal-info/AAAA.${id.split('.')[1]}`,
      `/acme/${other.caId}/renewal-info/${id}`,
    ]) {
      expect((await server.get(path)).status).toBe(404);
    }
  });

  it('a certificate is replaced by one order, also where several were begun', async () => {
    const { id } = await issued();
    const [one, other] = [await ready({ replaces: id }), await ready({ replaces: id })];
    expect((await finalize(one)).status).toBe(200);
    expect([typeOf(await finalize(other)), typeOf(await client.order([NAME], { replaces: id }))]).toEqual([
      'alreadyReplaced',
      'alreadyReplaced',
    ]);
  });

  const shown = async (kid: string) => (await server.get(`${tenant.path}/certificates/${kid}`, tenant.owner)).body;
  const finalize = async (order: Answer) => client.post(order.body['finalize']!, { csr: csrOf([NAME]) });

  it.each([false, true])(
    'a certificate that an order replaces has its successor in the inventory, where it is revoked: %s',
    async (isRevoked) => {
      const { id, kid, certificate } = await issued();
      if (isRevoked) await client.post(client.url('revoke-cert'), { certificate, reason: 1 });
      const finalized = await finalize(await ready({ replaces: id }));
      expect([finalized.status, finalized.body['status']]).toEqual([200, 'valid']);
      const successor = kidOf(finalized);
      expect(await shown(successor)).toMatchObject({ replaces: kid, replacedBy: null, state: 'active' });
      const state = isRevoked ? 'revoked' : 'active';
      expect(await shown(kid)).toMatchObject({ replaces: null, replacedBy: successor, state });
      const query = `audit-events?action=certificate.renewed&kid=${kid}`;
      const { items } = (await server.get(`${tenant.path}/${query}`, tenant.owner)).body;
      expect(items).toMatchObject([{ details: { successor }, actor: { type: 'service', id: serviceId } }]);
    },
  );

  it('a certificate that was renewed otherwise is not replaced by an order, whenever that was begun', async () => {
    const { id, kid } = await issued();
    const order = await ready({ replaces: id });
    expect((await server.post(`${tenant.path}/certificates/${kid}/renew`, {}, tenant.owner)).status).toBe(201);
    const late = await finalize(order);
    expect([late.status, typeOf(late)]).toEqual([409, 'alreadyReplaced']);
    expect(typeOf(await client.order([NAME], { replaces: id }))).toBe('alreadyReplaced');
  });
});

describe('a revocation by ACME', () => {
  const revoke = (payload: object, deviation = {}) => client.post(client.url('revoke-cert'), payload, deviation);

  it('a revocation by ACME is that of the inventory, and is not repeated', async () => {
    const { certificate } = await issued();
    expect([typeOf(await revoke({ certificate, reason: 2 })), typeOf(await revoke({ certificate: 'AAAA' }))]).toEqual([
      'badRevocationReason',
      'malformed',
    ]);
    expect((await revoke({ certificate, reason: 4 })).status).toBe(200);
    expect(typeOf(await revoke({ certificate }))).toBe('alreadyRevoked');
    const path = `${tenant.path}/certificates?state=revoked&caId=${caId}`;
    const { items } = (await server.get(path, tenant.owner)).body;
    expect((items as unknown as Shape[]).at(-1)).toMatchObject({ revocationReason: 'superseded', serviceId });
  });

  it('a revocation by ACME is accepted by the key of the certificate and by an account that proved its names, and by no other', async () => {
    const { certificate, key } = await issued();
    const holder = new AcmeTestClient(server, client.directoryUrl, key);
    const stranger = new AcmeTestClient(server, client.directoryUrl);
    const url = client.url('revoke-cert');
    expect(typeOf(await stranger.post(url, { certificate }))).toBe('unauthorized');
    const neighbour = new AcmeTestClient(server, client.directoryUrl);
    await neighbour.register(await bind(server, tenant, serviceId, { caId }));
    expect(typeOf(await neighbour.post(url, { certificate }))).toBe('unauthorized');
    // The neighbour proves the same name; one who has proven another is no more than before.
    const proven = async (name: string) => {
      const { body } = await neighbour.order([name]);
      for (const challenge of await neighbour.challenges(body)) {
        host.answers.set(challenge.token, neighbour.keyAuthorization(challenge.token));
        await neighbour.post(challenge.url, {});
      }
      await server.server.app.get(AcmeValidations).validateDue();
    };
    dns.addresses.set(`other.${NAME}`, '127.0.0.1');
    await proven(`other.${NAME}`);
    expect(typeOf(await neighbour.post(url, { certificate }))).toBe('unauthorized');
    const another = await issued();
    await proven(NAME);
    expect((await neighbour.post(url, { certificate: another.certificate, reason: 4 })).status).toBe(200);
    expect((await holder.post(url, { certificate, reason: 1 })).status).toBe(200);
    // The key was reported: it is certified nowhere any more.
    const order = await ready();
    const again = await client.post(order.body['finalize']!, { csr: csrOf([NAME], { key }) });
    expect([again.status, typeOf(again)]).toEqual([422, 'badCSR']);
  });
});

describe('what ended long ago', () => {
  it('an order by ACME is removed when its certificate expires, one without a certificate and what was proven before that', async () => {
    const { order, notAfter } = await issued();
    const failed = await ready();
    const [certified, open] = [order, failed].map(({ headers }) => headers.get('location')!);
    const [proven] = order.body['authorizations'] as unknown as string[];
    const at = async (instant: number, ...urls: string[]) => {
      await server.setTime(instant);
      await server.runScheduler();
      const statuses: number[] = [];
      for (const url of urls) {
        // What the client has kept expired long ago.
        statuses.push((await client.post(url, undefined, { nonce: await client.nonce() })).status);
      }
      return statuses;
    };
    const now = clock.now();
    const { certificate } = (await client.post(certified!)).body;
    expect(await at(now + 7 * DAY, proven!, open!)).toEqual([200, 200]);
    expect((await client.post(proven!)).body['status']).toBe('expired');
    expect((await client.post(open!)).body).toMatchObject({ status: 'invalid' });
    expect(await at(now + 8 * DAY, proven!, open!)).toEqual([404, 200]);
    expect(await at(now + 14 * DAY, open!, certified!, certificate!)).toEqual([404, 200, 200]);
    expect((await client.post(certified!)).body).toMatchObject({ status: 'valid', certificate });
    expect(await at(notAfter - DAY, certified!, certificate!)).toEqual([200, 200]);
    expect(await at(notAfter, certified!, certificate!)).toEqual([404, 404]);
    const token = await server.login(tenant.owner.email, PASSWORD);
    const { items } = (await server.get(`${tenant.path}/certificates?caId=${caId}`, { token })).body;
    expect((items as unknown as Shape[]).length).toBeGreaterThan(0);
  });
});
