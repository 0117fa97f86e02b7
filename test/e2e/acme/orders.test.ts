import { X509Certificate } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { AcmeValidations, RefusedAcmeRequests } from '#acme';
import { DAY, MINUTE, ManualClock, SECOND } from '#core';

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

beforeAll(async () => {
  dns = await startDnsServer();
  server = await startTestServer({
    clock,
    environment: {
      CHANCERY_ACME_RESOLVERS: dns.address,
      CHANCERY_ACME_HTTP_PORT: String(await host.listen()),
      CHANCERY_ACME_NETWORKS: '127.0.0.1',
    },
  });
});
afterEach(() => {
  host.raw = undefined;
  dns.silent = false;
});
afterAll(async () => {
  await server.close();
  dns.close();
  host.close();
});

/** The name of the problem that a refusal tells of. */
const typeOf = ({ body }: Answer): string | undefined => (body['type'] as string | undefined)?.split(':').at(-1);

/** Does what the schedule of a process does, until nothing is due any more. */
const validate = async (rounds = 1): Promise<void> => {
  for (let round = 0; round < rounds; round += 1) {
    await server.server.app.get(AcmeValidations).validateDue();
    if (rounds > 1) await server.setTime(clock.now() + 16 * SECOND);
  }
};
const ROUNDS_OF_ALL_ATTEMPTS = 6;

let named = 0;

/** A tenant with an account that may order names below `web.<slug>.internal`. */
async function prepared(wishes: Parameters<typeof prepareAcme>[2] = {}) {
  const tenant = await createTenant(server, `orders-${(named += 1)}`);
  const { binding, caId, serviceId, serviceKey } = await prepareAcme(server, tenant, wishes);
  const client = new AcmeTestClient(server, binding.directoryUrl);
  const registered = await client.register(binding);
  expect(registered.status).toBe(201);
  const name = `web.${tenant.slug}.internal`;
  dns.addresses.set(name, '127.0.0.1');
  return { tenant, client, caId, serviceId, serviceKey, name };
}

/** Orders, and answers the challenges so that they are proven. */
async function ordered(client: AcmeTestClient, names: readonly string[], type = 'http-01') {
  const order = await client.order(names);
  expect([order.status, order.body['status']]).toEqual([201, 'pending']);
  const challenges = await client.challenges(order.body, type);
  for (const { token, url } of challenges) {
    host.answers.set(token, client.keyAuthorization(token));
    await client.post(url, {});
  }
  return { url: order.headers.get('location')!, order: order.body, challenges };
}

const eventsOf = async (tenant: TestTenant, action: string): Promise<Shape[]> => {
  const { body } = await server.get(`${tenant.path}/audit-events?action=${action}`, tenant.owner);
  return body['items'] as unknown as Shape[];
};

describe('an order by ACME', () => {
  it('an order by ACME ends with a certificate of the service, in the inventory and the history', async () => {
    const { tenant, client, name, serviceId, caId } = await prepared();
    const { url, challenges, order } = await ordered(client, [name]);
    expect((await client.post(url)).body['status']).toBe('pending');
    await validate();
    const ready = await client.post(url);
    expect([ready.body['status'], ready.headers.get('link')]).toEqual([
      'ready',
      expect.stringContaining('rel="index"'),
    ]);
    const challenge = await client.post(challenges[0]!.url);
    expect(challenge.body).toMatchObject({ status: 'valid', type: 'http-01', validated: expect.any(String) });
    expect(challenge.headers.get('link')).toContain('rel="up"');
    const finalized = await client.post(order['finalize']!, { csr: csrOf([name]) });
    expect([finalized.status, finalized.body['status']]).toEqual([200, 'valid']);
    expect(finalized.headers.get('location')).toBe(url);
    const downloaded = await client.post(finalized.body['certificate']!);
    expect(downloaded.headers.get('content-type')).toContain('application/pem-certificate-chain');
    // An authority has one chain: there is no other to choose (§7.4.2).
    expect(downloaded.headers.get('link')).toBe(`<${client.directoryUrl}>;rel="index"`);
    const [leaf, issuer] = downloaded.text.split(/(?<=-----END CERTIFICATE-----\n)/);
    const certificate = new X509Certificate(leaf!);
    expect(certificate.checkIssued(new X509Certificate(issuer!))).toBe(true);
    expect([certificate.subjectAltName, certificate.subject]).toEqual([`DNS:${name}`, `CN=${name}`]);
    const { items } = (await server.get(`${tenant.path}/certificates?caId=${caId}`, tenant.owner)).body;
    expect(items).toMatchObject([{ serviceId, san: [name], state: 'active' }]);
    const [event] = await eventsOf(tenant, 'acme_order.finalized');
    expect(event).toMatchObject({ actor: { type: 'service', id: serviceId }, kid: items![0]!['kid'] });
    expect((await eventsOf(tenant, 'acme_authorization.validated'))[0]).toMatchObject({ details: { name } });
  });

  it('an order by ACME for a wildcard is proven by dns-01 alone', async () => {
    const { client, name } = await prepared({ wildcards: true });
    const order = await client.order([`*.${name}`]);
    const [authorization] = order.body['authorizations'] as unknown as string[];
    const { body } = await client.post(authorization!);
    expect(body).toMatchObject({ wildcard: true, identifier: { value: name }, challenges: [{ type: 'dns-01' }] });
    const { url, challenges, order: second } = await ordered(client, [`*.${name}`], 'dns-01');
    const digest = await crypto.subtle.digest('SHA-256', Buffer.from(client.keyAuthorization(challenges[0]!.token)));
    dns.texts.set(`_acme-challenge.${name}`, ['another', base64url(Buffer.from(digest))]);
    await validate();
    expect((await client.post(url)).body['status']).toBe('ready');
    const issued = await client.post(second['finalize']!, { csr: csrOf([`*.${name}`]) });
    expect([issued.status, issued.body['status']]).toEqual([200, 'valid']);
  });

  it.each<[string, (name: string) => string[], string]>([
    ['is not of the service', () => ['other.internal'], 'rejectedIdentifier'],
    ['is a wildcard that the profile does not permit', (name) => [`*.${name}`], 'rejectedIdentifier'],
    ['is no DNS name', () => ['-x-.internal'], 'rejectedIdentifier'],
    ['is an address', () => ['127.0.0.1'], 'rejectedIdentifier'],
  ])('an order by ACME is rejected where a name %s', async (_, names, type) => {
    const { client, name } = await prepared();
    const { status, body } = await client.order([name, ...names(name)]);
    expect([status, body['type']]).toEqual([400, `urn:ietf:params:acme:error:${type}`]);
    const subproblems = body['subproblems'] as unknown as Shape[];
    expect(subproblems.map(({ identifier }) => identifier!['value'])).toEqual(names(name));
  });

  it('an order by ACME is rejected with other identifiers than names and addresses, none, or a validity', async () => {
    const { client, name } = await prepared();
    const identifiers = [{ type: 'dns', value: name }];
    const rejected = async (payload: object) => typeOf(await client.post(client.url('new-order'), payload));
    expect(await rejected({ identifiers: [{ type: 'email', value: 'a@b.internal' }] })).toBe('unsupportedIdentifier');
    // No address is certified where the profile of the authority names no networks.
    expect(await rejected({ identifiers: [{ type: 'ip', value: '127.0.0.1' }] })).toBe('rejectedIdentifier');
    expect(await rejected({ identifiers: [] })).toBe('malformed');
    expect(await rejected({ identifiers, notAfter: '2027-01-01T00:00:00Z' })).toBe('malformed');
    expect(await rejected({ identifiers, replaces: 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE' })).toBe('malformed');
    expect(
      await rejected({ identifiers: Array.from({ length: 51 }, (_, i) => ({ type: 'dns', value: `${i}.${name}` })) }),
    ).toBe('malformed');
  });

  it('an order by ACME takes no request that differs from it, and then one that does not', async () => {
    const { client, name } = await prepared();
    const { order } = await ordered(client, [name]);
    const finalize = async (csr: string) => {
      const answer = await client.post(order['finalize']!, { csr });
      return [answer.status, typeOf(answer) ?? answer.body['status']];
    };
    expect(await finalize(csrOf([name]))).toEqual([403, 'orderNotReady']);
    await validate();
    expect(await finalize(csrOf([name, `api.${name}`]))).toEqual([400, 'badCSR']);
    expect(await finalize(csrOf([`api.${name}`]))).toEqual([400, 'badCSR']);
    expect(await finalize(csrOf([name], { spoilSignature: true }))).toEqual([422, 'badCSR']);
    expect(await finalize(csrOf([name], { key: client.key }))).toEqual([400, 'badCSR']);
    expect(await finalize('AAAA')).toEqual([400, 'badCSR']);
    expect(await finalize(csrOf([name]))).toEqual([200, 'valid']);
    expect(await finalize(csrOf([name]))).toEqual([403, 'orderNotReady']);
  });

  it('of racing requests to finalize an order by ACME one is accepted', async () => {
    const { tenant, client, name, caId } = await prepared();
    const { order } = await ordered(client, [name]);
    await validate();
    const nonces = await Promise.all(Array.from({ length: 5 }, () => client.nonce()));
    const answers = await Promise.all(
      nonces.map((nonce) => client.post(order['finalize']!, { csr: csrOf([name]) }, { nonce })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 403, 403, 403, 403]);
    const { items } = (await server.get(`${tenant.path}/certificates?caId=${caId}`, tenant.owner)).body;
    expect(items).toMatchObject([{ state: 'active' }]);
  });

  it('an order by ACME ends after seven days, and its authorizations with it', async () => {
    const { client, name } = await prepared();
    const { url, order } = await ordered(client, [name]);
    await validate();
    const [authorization] = order['authorizations'] as unknown as string[];
    await server.setTime(clock.now() + 7 * DAY);
    const expired = { status: 'invalid', error: { type: 'urn:ietf:params:acme:error:malformed' } };
    expect((await client.post(url, undefined, { nonce: await client.nonce() })).body).toMatchObject(expired);
    expect((await client.post(authorization!)).body).toMatchObject({ status: 'expired' });
    const late = await client.post(order['finalize']!, { csr: csrOf([name]) });
    expect([late.status, late.body['type']]).toEqual([403, 'urn:ietf:params:acme:error:orderNotReady']);
  });

  it('an order by ACME ends with an authorization that is deactivated', async () => {
    const { client, name } = await prepared();
    const { url, order } = await ordered(client, [name]);
    await validate();
    const [authorization] = order['authorizations'] as unknown as string[];
    const { body } = await client.post(authorization!, { status: 'deactivated' });
    expect(body['status']).toBe('deactivated');
    const error = { type: 'urn:ietf:params:acme:error:unauthorized', detail: expect.stringContaining('deactivated') };
    expect((await client.post(url)).body).toMatchObject({ status: 'invalid', error });
  });

  it('orders by ACME of an account are listed for it alone', async () => {
    const { tenant, client, caId, serviceId, name } = await prepared();
    const { url, order, challenges } = await ordered(client, [name]);
    await validate();
    const orders = `${client.kid}/orders`;
    expect((await client.post(orders)).body).toEqual({ orders: [url] });
    const neighbour = new AcmeTestClient(server, client.directoryUrl);
    await neighbour.register(await bind(server, tenant, serviceId, { caId }));
    expect((await neighbour.post(orders)).status).toBe(403);
    expect((await neighbour.post(client.kid!, {})).status).toBe(403);
    const [authorization] = order['authorizations'] as unknown as string[];
    for (const address of [url, order['finalize']!, authorization!, challenges[0]!.url]) {
      expect((await neighbour.post(address, { csr: csrOf([name]) })).status).toBe(404);
    }
    const finalized = await client.post(order['finalize']!, { csr: csrOf([name]) });
    expect((await neighbour.post(finalized.body['certificate']!)).status).toBe(404);
    // Of another authority the account does not even exist.
    const { client: stranger } = await prepared();
    expect(typeOf(await stranger.post(orders))).toBe('accountDoesNotExist');
  });
});

describe('the validation of a challenge', () => {
  const failed = async (client: AcmeTestClient, url: string, challenge: string) => {
    await validate(ROUNDS_OF_ALL_ATTEMPTS);
    const { body } = await client.post(challenge);
    const error = body['error'] as unknown as { type: string; detail: string } | undefined;
    return [body['status'], error?.type.split(':').at(-1), (await client.post(url)).body['status']];
  };

  it('the validation of a challenge fails after its attempts, and the order with it', async () => {
    const { client, name, tenant } = await prepared();
    const { url, challenges } = await ordered(client, [name]);
    host.answers.set(challenges[0]!.token, `${challenges[0]!.token}.another`);
    expect(await failed(client, url, challenges[0]!.url)).toEqual(['invalid', 'unauthorized', 'invalid']);
    expect((await client.post(url)).body['error']).toEqual({
      type: 'urn:ietf:params:acme:error:unauthorized',
      detail: `${name}: The answer is not the key authorization`,
    });
    const path = `/.well-known/acme-challenge/${challenges[0]!.token}`;
    expect(host.requests.filter((request) => request === path)).toHaveLength(5);
    const [event] = await eventsOf(tenant, 'acme_authorization.failed');
    expect(event).toMatchObject({
      outcome: 'failed',
      details: { name, challenge: 'http-01', problem: 'unauthorized' },
    });
  });

  it('the validation of a challenge is tried again, and proven once the host answers', async () => {
    const { client, name } = await prepared();
    const { url, challenges } = await ordered(client, [name]);
    const [{ token, url: challenge }] = challenges as [(typeof challenges)[0]];
    host.answers.delete(token);
    await validate();
    const waiting = await client.post(challenge);
    expect([waiting.body['status'], waiting.headers.get('retry-after')]).toEqual(['processing', '2']);
    host.answers.set(token, `${client.keyAuthorization(token)}\n`);
    await server.setTime(clock.now() + 2 * SECOND);
    await validate();
    expect((await client.post(url)).body['status']).toBe('ready');
  });

  it.each<[string, string | undefined, string]>([
    ['does not exist', undefined, 'dns'],
    ['leads to the metadata of a cloud', '169.254.169.254', 'connection'],
    ['leads to another private address', '10.0.0.1', 'connection'],
    ['leads to loopback that is not permitted', '127.0.0.2', 'connection'],
    ['leads to this host itself', '0.0.0.0', 'connection'],
  ])('the validation of a challenge whose name %s connects to nothing', async (_, address, problem) => {
    const { client, name } = await prepared();
    if (address === undefined) dns.addresses.delete(name);
    else dns.addresses.set(name, address);
    const { url, challenges } = await ordered(client, [name]);
    const asked = host.requests.length;
    expect(await failed(client, url, challenges[0]!.url)).toEqual(['invalid', problem, 'invalid']);
    expect(host.requests.length).toBe(asked);
  });

  it('the validation of a challenge looks at the address that it connects to, whatever the name led to before', async () => {
    const { client, name } = await prepared();
    let asked = 0;
    dns.addresses.set(name, () => ((asked += 1) === 1 ? '127.0.0.1' : '169.254.169.254'));
    const { challenges, url } = await ordered(client, [name]);
    host.answers.delete(challenges[0]!.token);
    const before = host.requests.length;
    expect(await failed(client, url, challenges[0]!.url)).toEqual(['invalid', 'connection', 'invalid']);
    expect(host.requests.length - before).toBe(1);
  });

  it.each<[string, string, string]>([
    [
      'redirects',
      'HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n',
      'unauthorized',
    ],
    [
      'sends a body without end',
      `HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n${'x'.repeat(9_999)}`,
      'incorrectResponse',
    ],
    ['sends no HTTP', 'hello\r\n\r\n', 'connection'],
  ])(
    'the validation of a challenge by a host that %s fails, and tells nothing of the answer',
    async (_, raw, problem) => {
      const { client, name } = await prepared();
      const { url, challenges } = await ordered(client, [name]);
      host.raw = raw;
      expect(await failed(client, url, challenges[0]!.url)).toEqual(['invalid', problem, 'invalid']);
      expect((await client.post(challenges[0]!.url)).text).not.toMatch(/hello|xxx|169/);
    },
  );

  it('the validation of a challenge by a DNS server that does not answer fails', async () => {
    const { client, name } = await prepared();
    const { challenges } = await ordered(client, [name], 'dns-01');
    dns.silent = true;
    await validate();
    const { body } = await client.post(challenges[0]!.url);
    expect(body).toMatchObject({ status: 'processing', error: { type: 'urn:ietf:params:acme:error:dns' } });
  });

  it('another challenge of an authorization is not begun while one is validated', async () => {
    const { client, name } = await prepared();
    const { challenges } = await ordered(client, [name]);
    const other = challenges[0]!.url.replace('http-01', 'dns-01');
    expect((await client.post(other, {})).body['type']).toBe('urn:ietf:params:acme:error:malformed');
    expect((await client.post(challenges[0]!.url.replace('http-01', 'none-01'), {})).status).toBe(404);
  });
});

describe('a refused request by ACME', () => {
  const NONE = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';
  const refusalsOf = async (tenant: TestTenant, noun: string) =>
    (await eventsOf(tenant, `acme_${noun}.use_refused`)).map(({ actor, outcome, target, details }) => [
      `${actor!['type']} ${actor!['id']}`,
      outcome,
      target!['id'],
      details!['code'],
      details!['count'],
    ]);

  it('a refused request by ACME that an account signed is an event of its service, and then one a minute', async () => {
    const { tenant, client, caId, serviceId } = await prepared();
    const neighbour = new AcmeTestClient(server, client.directoryUrl);
    await neighbour.register(await bind(server, tenant, serviceId, { caId }));
    const id = neighbour.kid!.split('/').at(-1);
    const refused = (code: string, count = 1) => [`service ${serviceId}`, 'denied', id, code, count];
    expect(typeOf(await neighbour.order(['other.internal']))).toBe('rejectedIdentifier');
    expect((await neighbour.post(client.kid!, {})).status).toBe(403);
    expect((await neighbour.post(client.url(`orders/${NONE}`))).status).toBe(404);
    for (let call = 0; call < 3; call += 1) await neighbour.order(['other.internal']);
    // What is wrong with the form of a request is no refusal, and a nonce that was used belongs to the protocol.
    const nonce = await neighbour.nonce();
    await neighbour.post(client.url('new-order'), {}, { nonce });
    expect(typeOf(await neighbour.post(client.url('new-order'), {}, { nonce }))).toBe('badNonce');
    const first = [refused('NOT_FOUND'), refused('ACME_UNAUTHORIZED'), refused('ACME_REJECTED_IDENTIFIER')];
    expect(await refusalsOf(tenant, 'account')).toEqual(first);
    await server.server.app.get(RefusedAcmeRequests).flush();
    await server.setTime(clock.now() + MINUTE);
    await server.runScheduler();
    expect(await refusalsOf(tenant, 'account')).toEqual([refused('ACME_REJECTED_IDENTIFIER', 3), ...first]);
  });

  it('a refused request by ACME of an account that was revoked is an event, and of one that signed nothing is none', async () => {
    const { tenant, client, serviceId, name } = await prepared();
    const id = client.kid!.split('/').at(-1);
    await server.post(`${tenant.path}/acme-accounts/${id}/revoke`, undefined, tenant.owner);
    const key = new AcmeTestClient(server, client.directoryUrl).key;
    expect(typeOf(await client.post(client.url('new-order'), {}, { key }))).toBe('malformed');
    expect(await refusalsOf(tenant, 'account')).toEqual([]);
    expect((await client.order([name])).status).toBe(401);
    expect(await refusalsOf(tenant, 'account')).toEqual([
      [`service ${serviceId}`, 'denied', id, 'ACME_ACCOUNT_ENDED', 1],
    ]);
  });

  it('a refused request by ACME with the wrong MAC of a binding is an event about its service, and of none is none', async () => {
    const { tenant, client, caId, serviceId } = await prepared();
    const binding = await bind(server, tenant, serviceId, { caId });
    const stranger = new AcmeTestClient(server, client.directoryUrl);
    for (const used of [
      { ...binding, hmacKey: base64url('x'.repeat(32)) },
      { ...binding, id: NONE },
    ]) {
      const externalAccountBinding = stranger.externalBinding(used);
      expect((await stranger.post(client.url('new-account'), { externalAccountBinding })).status).toBe(403);
    }
    expect(await refusalsOf(tenant, 'binding')).toEqual([
      ['system acme', 'denied', binding.id, 'ACME_UNAUTHORIZED', 1],
    ]);
    expect((await eventsOf(tenant, 'acme_binding.use_refused'))[0]).toMatchObject({ details: { serviceId } });
  });
});

describe('what an account lost its right to', () => {
  it.each<[string, (all: Awaited<ReturnType<typeof prepared>>) => Promise<unknown>, number]>([
    [
      'its tenant is suspended',
      async ({ tenant }) => server.post(`${tenant.path}/suspend`, undefined, { token: await server.login() }),
      403,
    ],
    [
      'its service is deleted',
      ({ tenant, serviceId }) =>
        server.delete(`${tenant.path}/services/${serviceId}`, { password: PASSWORD }, tenant.owner),
      403,
    ],
    [
      'its authority is revoked',
      ({ tenant, caId }) => server.post(`${tenant.path}/certificate-authorities/${caId}/revoke`, {}, tenant.owner),
      409,
    ],
    [
      'it is revoked',
      ({ tenant, client }) =>
        server.post(`${tenant.path}/acme-accounts/${client.kid!.split('/').at(-1)}/revoke`, undefined, tenant.owner),
      401,
    ],
  ])('an order that is ready is not finalized where %s', async (_, change, status) => {
    const all = await prepared();
    const { client, name } = all;
    const { order } = await ordered(client, [name]);
    await validate();
    const changed = (await change(all)) as { status: number };
    expect(changed.status).toBeLessThan(300);
    const answer = await client.post(order['finalize']!, { csr: csrOf([name]) });
    expect([answer.status, answer.body['type']]).toEqual([status, expect.stringMatching(/unauthorized|malformed/)]);
    expect(answer.headers.get('replay-nonce')).toBeTruthy();
  });

  it('an account that was bound by a credential is rejected once that is compromised', async () => {
    const { tenant, serviceId, serviceKey } = await prepared();
    const made = await server.post('/v1/acme-bindings', {}, { serviceKey });
    expect(made.status).toBe(201);
    const binding = made.body as unknown as Awaited<ReturnType<typeof bind>>;
    const client = new AcmeTestClient(server, binding.directoryUrl);
    expect((await client.register(binding)).status).toBe(201);
    const credentials = `${tenant.path}/services/${serviceId}/credentials`;
    const { items } = (await server.get(`${credentials}?authType=service_key`, tenant.owner)).body;
    await server.post(`${credentials}/${items![0]!['id']}/compromise`, {}, tenant.owner);
    expect((await client.order([`web.${tenant.slug}.internal`])).status).toBe(403);
  });
});
