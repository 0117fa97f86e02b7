import { type KeyObject, generateKeyPairSync, randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AcmeOrders, AcmeRequests, Nonces } from '#acme';
import { DAY, HOUR, ManualClock } from '#core';

import { createMigratedDatabase } from '../../support/database.js';
import {
  type Answer,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { AcmeTestClient, type Binding, type Deviation, bind, prepareAcme } from './acme-client.js';

const clock = new ManualClock();
let server: TestServer;
let second: TestServer;
let tenant: TestTenant;
let caId: string;
let serviceId: string;
let serviceKey: string;

beforeAll(async () => {
  const database = await createMigratedDatabase();
  server = await startTestServer({ clock, database });
  const environment = { CHANCERY_PUBLIC_URL: server.url };
  second = await startTestServer({ clock, database, environment });
  tenant = await createTenant(server, 'accounts');
  ({ caId, serviceId, serviceKey } = await prepareAcme(server, tenant));
});
afterAll(async () => {
  await second.close();
  await server.close();
});

const typeOf = ({ body }: Answer): string | undefined => (body['type'] as string | undefined)?.split(':').at(-1);
const outcome = (answer: Answer) => [answer.status, typeOf(answer)];
const newBinding = (body: object = {}): Promise<Binding> => bind(server, tenant, serviceId, { caId, ...body });
const newClient = async (): Promise<AcmeTestClient> => new AcmeTestClient(server, (await newBinding()).directoryUrl);

async function registered(): Promise<AcmeTestClient> {
  const binding = await newBinding();
  const client = new AcmeTestClient(server, binding.directoryUrl);
  expect((await client.register(binding)).status).toBe(201);
  return client;
}

const jwkOf = (of: AcmeTestClient): object => {
  const { payload } = of.externalBinding({ id: 'x', hmacKey: 'x', directoryUrl: '' });
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
};

const withNewKey = (
  { directoryUrl }: AcmeTestClient,
  { privateKey }: { privateKey: KeyObject } = generateKeyPairSync('ec', { namedCurve: 'P-256' }),
): AcmeTestClient => new AcmeTestClient(server, directoryUrl, privateKey);

/** The inner JWS of a change of keys. */
const keyChange = (client: AcmeTestClient, next: AcmeTestClient, header: object = {}, payload: object = {}) =>
  next.jws(
    { url: client.url('key-change'), jwk: jwkOf(next), ...header },
    { account: client.kid, oldKey: jwkOf(client), ...payload },
  );

const eventsOf = async (action: string): Promise<Shape[]> => {
  const { body } = await server.get(`${tenant.path}/audit-events?action=${action}`, tenant.owner);
  return body['items'] as unknown as Shape[];
};

describe('the directory of ACME', () => {
  it('the directory of ACME names the addresses of one authority, and that accounts are bound', async () => {
    const { body, headers, status } = await server.get(`/acme/${caId}/directory`);
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('application/json')]);
    expect(body['meta']).toEqual({ externalAccountRequired: true });
    expect(body['newAccount']).toBe(`${server.url}/acme/${caId}/new-account`);
    for (const unknown of ['019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b', 'none']) {
      expect(outcome(await server.get(`/acme/${unknown}/directory`))).toEqual([404, 'malformed']);
    }
  });

  it('a nonce of ACME is given by HEAD with 200, and by GET with 204', async () => {
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
    ] as const) {
      const answer = await server.request(method, `/acme/${caId}/new-nonce`);
      expect([answer.status, answer.text, answer.headers.get('cache-control')]).toEqual([status, '', 'no-store']);
      expect(answer.headers.get('replay-nonce')).toMatch(/^[\w-]{51}$/);
    }
  });
});

describe('an ACME account', () => {
  it('an ACME account is bound to a service by a key that works once', async () => {
    const binding = await newBinding();
    const client = new AcmeTestClient(server, binding.directoryUrl);
    const made = await client.register(binding, { contact: ['mailto:ops@accounts.test'] });
    expect(made.body).toMatchObject({ status: 'valid', contact: ['mailto:ops@accounts.test'] });
    const [event] = await eventsOf('acme_account.created');
    expect(event).toMatchObject({ after: { serviceId, caId, bindingId: binding.id } });
    expect(outcome(await new AcmeTestClient(server, binding.directoryUrl).register(binding))).toEqual([
      403,
      'unauthorized',
    ]);
    const accounts = await server.get(`${tenant.path}/acme-accounts?serviceId=${serviceId}`, tenant.owner);
    expect(accounts.body['items']).toMatchObject([{ serviceId, bindingId: binding.id, state: 'valid' }]);
    const bindings = await server.get(`${tenant.path}/services/${serviceId}/acme-bindings`, tenant.owner);
    expect(bindings.text).not.toContain(binding.hmacKey);
    // Its key finds the account again, without a binding.
    const again = await new AcmeTestClient(server, binding.directoryUrl, client.key).post(client.url('new-account'), {
      onlyReturnExisting: true,
    });
    expect([again.status, again.headers.get('location')]).toEqual([200, client.kid]);
  });

  it.each<[string, (client: AcmeTestClient, binding: Binding) => object, string]>([
    ['no binding', () => ({}), 'externalAccountRequired'],
    [
      'an unknown binding',
      (client, binding) => ({
        externalAccountBinding: client.externalBinding({ ...binding, id: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b' }),
      }),
      'unauthorized',
    ],
    [
      'a binding of another key',
      (client, binding) => ({
        externalAccountBinding: client.externalBinding(binding, { key: randomBytes(32).toString('base64url') }),
      }),
      'unauthorized',
    ],
    [
      'a binding of another URL',
      (client, binding) => ({
        externalAccountBinding: client.externalBinding(binding, { url: client.url('new-order') }),
      }),
      'malformed',
    ],
    [
      'a binding over another account key',
      (client, binding) => ({
        externalAccountBinding: client.externalBinding(binding, { jwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } }),
      }),
      'malformed',
    ],
    [
      'a binding without a MAC',
      (client, binding) => ({
        externalAccountBinding: { ...client.externalBinding(binding, { alg: 'none' }), signature: '' },
      }),
      'unauthorized',
    ],
    [
      'a contact that is no address',
      (client, binding) => ({
        externalAccountBinding: client.externalBinding(binding),
        contact: ['mailto:nobody'],
      }),
      'invalidContact',
    ],
    [
      'a contact by telephone',
      (client, binding) => ({
        externalAccountBinding: client.externalBinding(binding),
        contact: ['tel:+1'],
      }),
      'unsupportedContact',
    ],
  ])('an ACME account is not created with %s', async (_, payload, type) => {
    const binding = await newBinding();
    const client = new AcmeTestClient(server, binding.directoryUrl);
    expect(typeOf(await client.post(client.url('new-account'), payload(client, binding)))).toBe(type);
    // The binding is not used up by an attempt that failed.
    expect((await client.register(binding)).status).toBe(201);
  });

  it('an ACME account is not created by a binding that expired, was deleted, or is of another authority', async () => {
    const expiring = await newBinding({ expiresAt: new Date(clock.now() + DAY).toISOString() });
    const deleted = await newBinding();
    await server.delete(`${tenant.path}/services/${serviceId}/acme-bindings/${deleted.id}`, undefined, tenant.owner);
    const foreign = await prepareAcme(server, await createTenant(server));
    const sibling = await prepareAcme(server, tenant, { service: 'sibling' });
    const client = await newClient();
    expect(outcome(await client.register(deleted))).toEqual([403, 'unauthorized']);
    expect(outcome(await client.register(foreign.binding))).toEqual([403, 'unauthorized']);
    expect(outcome(await client.register(sibling.binding))).toEqual([403, 'unauthorized']);
    client.kid = undefined;
    await server.setTime(clock.now() + DAY);
    const late = await client.post(
      client.url('new-account'),
      { externalAccountBinding: client.externalBinding(expiring) },
      {
        nonce: await client.nonce(),
      },
    );
    expect(outcome(late)).toEqual([403, 'unauthorized']);
    tenant = {
      ...tenant,
      owner: { ...tenant.owner, token: await server.login(tenant.owner.email, PASSWORD) },
    };
  });

  it('a service makes a binding for itself, once for each idempotency key', async () => {
    const call = { serviceKey, headers: { 'Idempotency-Key': 'mine' } };
    const first = await server.post('/v1/acme-bindings', { caId }, call);
    const again = await server.post('/v1/acme-bindings', { caId }, call);
    expect([first.status, again.status, again.body]).toEqual([201, 201, first.body]);
    const client = new AcmeTestClient(server, first.body['directoryUrl']!);
    expect((await client.register(first.body as unknown as Binding)).status).toBe(201);
    expect((await server.post('/v1/acme-bindings', { caId }, call)).status).toBe(410);
  });

  it('an ACME account that its holder deactivates or a member revokes does nothing any more', async () => {
    const client = await registered();
    const changed = await client.post(client.kid!, { contact: ['mailto:new@accounts.test'] });
    expect(changed.body['contact']).toEqual(['mailto:new@accounts.test']);
    expect((await client.post(client.kid!, { status: 'deactivated' })).body['status']).toBe('deactivated');
    expect(outcome(await client.order(['web.accounts.internal']))).toEqual([401, 'unauthorized']);
    const revoked = await registered();
    const path = `${tenant.path}/acme-accounts/${revoked.kid!.split('/').at(-1)}`;
    for (let repetition = 0; repetition < 2; repetition += 1) {
      expect((await server.post(`${path}/revoke`, undefined, tenant.owner)).body['state']).toBe('revoked');
    }
    expect(outcome(await revoked.post(revoked.kid!))).toEqual([401, 'unauthorized']);
    expect(await eventsOf('acme_account.revoked')).toHaveLength(1);
  });

  it('an ACME account gets a new key, and its old one works no more', async () => {
    const client = await registered();
    const url = client.url('key-change');
    const next = withNewKey(client);
    const inner = (header: object = {}, payload: object = {}) => keyChange(client, next, header, payload);
    for (const wrong of [
      inner({ url: client.kid }),
      inner({ nonce: 'x' }),
      inner({}, { account: `${client.kid}x` }),
      inner({}, { oldKey: jwkOf(next) }),
      client.jws({ url, jwk: jwkOf(next) }, { account: client.kid, oldKey: jwkOf(client) }),
    ]) {
      expect(outcome(await client.post(url, wrong))).toEqual([400, 'malformed']);
    }
    const other = await registered();
    const taken = other.jws({ url, jwk: jwkOf(other) }, { account: client.kid, oldKey: jwkOf(client) });
    const conflict = await client.post(url, taken);
    expect([conflict.status, conflict.headers.get('location')]).toEqual([409, other.kid]);
    expect((await client.post(url, inner())).status).toBe(200);
    expect(outcome(await client.post(client.kid!))).toEqual([400, 'malformed']);
    next.kid = client.kid;
    expect((await next.post(client.kid!)).body['status']).toBe('valid');
  });

  it('an ACME account orders nothing by a request that its old key signed before the key was changed', async () => {
    const client = await registered();
    const url = client.url('new-order');
    const identifiers = [{ type: 'dns', value: `web.${tenant.slug}.internal` }];
    const facts = { caId, requestId: 'held-up', sourceAddress: '127.0.0.1', contentType: 'application/jose+json' };
    const body = client.jws({ nonce: await client.nonce(), url, kid: client.kid }, { identifiers });
    const heldUp = await second.server.app.get(AcmeRequests).ofAccount({ ...facts, path: new URL(url).pathname, body });
    const changed = await client.post(client.url('key-change'), keyChange(client, withNewKey(client)));
    expect(changed.status).toBe(200);
    const order = second.server.app.get(AcmeOrders).create(heldUp);
    await expect(order).rejects.toMatchObject({ code: 'ACME_UNAUTHORIZED' });
  });

  it('of two ACME accounts that change to one key at the same time one gets it', async () => {
    for (let round = 0; round < 5; round += 1) {
      const clients = [await registered(), await registered()];
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const changes = clients.map((client) =>
        client.post(client.url('key-change'), keyChange(client, withNewKey(client, { privateKey }))),
      );
      const answers = (await Promise.all(changes)).map(({ status }) => status);
      expect(answers.toSorted()).toEqual([200, 409]);
    }
  });
});

describe('the networks of a service', () => {
  it('the networks of a service hold for its ACME accounts, and for new ones', async () => {
    const client = await registered();
    const binding = await newBinding();
    const newcomer = new AcmeTestClient(server, binding.directoryUrl);
    const permit = async (...allowedCidrs: string[]): Promise<void> => {
      const changed = await server.patch(`${tenant.path}/services/${serviceId}`, { allowedCidrs }, tenant.owner);
      expect(changed.status).toBe(200);
    };
    await permit('203.0.113.0/24');
    const refused = [await client.order(['web.accounts.internal']), await newcomer.register(binding)];
    expect(refused.map(({ status, body }) => [status, body['type'], body['code']])).toEqual(
      Array.from({ length: 2 }, () => [403, 'urn:ietf:params:acme:error:unauthorized', 'IP_NOT_ALLOWED']),
    );
    const events = await server.get(`${tenant.path}/audit-events?action=acme_account.use_refused`, tenant.owner);
    expect(events.body['items']![0]).toMatchObject({ details: { code: 'IP_NOT_ALLOWED' } });
    await permit('127.0.0.0/8', '::1/128');
    expect((await client.order(['web.accounts.internal'])).status).toBe(201);
    expect((await newcomer.register(binding)).status).toBe(201);
    await permit();
  });
});

describe('a request of ACME', () => {
  it.each<[string, (client: AcmeTestClient) => Deviation | Promise<Deviation>, number, string]>([
    ['another type than jose+json', () => ({ contentType: 'application/json' }), 415, 'malformed'],
    ['another URL in its header', (client) => ({ url: client.url('new-nonce') }), 403, 'unauthorized'],
    ['no nonce', () => ({ nonce: undefined }), 400, 'badNonce'],
    ['a nonce that is made up', () => ({ nonce: randomBytes(38).toString('base64url') }), 400, 'badNonce'],
    ['both kid and jwk', () => ({ header: { jwk: { kty: 'EC' } } }), 400, 'malformed'],
    ['neither kid nor jwk', () => ({ header: { kid: undefined } }), 400, 'malformed'],
    ['a critical extension', () => ({ header: { crit: ['b64'], b64: false } }), 400, 'malformed'],
    ['an algorithm with a shared secret', () => ({ header: { alg: 'HS256' } }), 400, 'badSignatureAlgorithm'],
    ['no algorithm', () => ({ header: { alg: 'none' } }), 400, 'badSignatureAlgorithm'],
    ['an algorithm that is not that of its key', () => ({ header: { alg: 'RS256' } }), 400, 'badPublicKey'],
    [
      'the signature of another key',
      () => ({ key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }),
      400,
      'malformed',
    ],
    ['an unprotected header', (client) => ({ body: { ...client.jws({}, {}), header: {} } }), 400, 'malformed'],
    ['no JWS', () => ({ body: [] }), 400, 'malformed'],
    [
      'a body that is too large',
      (client) => ({ body: { ...client.jws({}, {}), payload: 'A'.repeat(70_000) } }),
      413,
      'malformed',
    ],
  ])('a request of ACME with %s is rejected', async (_, deviation, status, type) => {
    const client = await registered();
    const answer = await client.post(client.kid!, {}, await deviation(client));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      status,
      expect.stringContaining('application/problem+json'),
    ]);
    if (status !== 413)
      expect([typeOf(answer), answer.headers.get('replay-nonce')]).toEqual([type, expect.any(String)]);
    if (type === 'badSignatureAlgorithm') expect(answer.body['algorithms']).toContain('ES256');
  });

  it('a request of ACME is rejected with an account of another authority, and with a weak key', async () => {
    const client = await registered();
    const { binding } = await prepareAcme(server, await createTenant(server));
    const foreign = new AcmeTestClient(server, binding.directoryUrl, client.key);
    foreign.kid = client.kid;
    expect(outcome(await foreign.order(['x.internal']))).toEqual([400, 'accountDoesNotExist']);
    const jwk = { kty: 'RSA', e: 'AQAB', n: randomBytes(128).toString('base64url') };
    const weak = await client.post(client.url('new-account'), {}, { header: { kid: undefined, jwk, alg: 'RS256' } });
    expect(outcome(weak)).toEqual([400, 'badPublicKey']);
  });

  it('a nonce of ACME is accepted once by all instances together, and not after an hour', async () => {
    const client = await registered();
    const path = new URL(client.kid!).pathname;
    const race = async (): Promise<number[]> => {
      const nonce = await client.nonce();
      const body = client.jws({ nonce, url: client.kid, kid: client.kid }, {});
      const headers = { 'Content-Type': 'application/jose+json' };
      const racers = Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? server : second));
      const answers = await Promise.all(racers.map((each) => each.request('POST', path, body, { headers })));
      return answers.map(({ status }) => status).toSorted();
    };
    for (let round = 0; round < 10; round += 1) {
      expect(await race()).toEqual([200, ...Array.from({ length: 7 }, () => 400)]);
    }
    // The negative control: without the rows of used nonces there is more than one winner.
    const all = [server, second].map((each) => each.server.app.get(Nonces));
    const use = all.map((each) => each.use);
    for (const each of all) each.use = async () => undefined;
    expect((await race()).filter((status) => status === 200).length).toBeGreaterThan(1);
    all.forEach((each, index) => (each.use = use[index]!));
    const nonce = await client.nonce();
    await server.setTime(clock.now() + HOUR);
    expect(outcome(await client.post(client.kid!, {}, { nonce }))).toEqual([400, 'badNonce']);
  });
});
