import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AcmeOrders, AcmeRequests, AcmeValidations } from '#acme';
import { ManualClock, MINUTE } from '#core';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { type TestDnsServer, startDnsServer } from '../../support/dns-server.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { type FailingStatement, whileStatementFails } from '../../support/failing-statement.js';
import {
  type Answer,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { AcmeTestClient, ChallengeHost, csrOf, prepareAcme } from './acme-client.js';

const clock = new ManualClock(Date.now());
const host = new ChallengeHost();
let dns: TestDnsServer;
let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  dns = await startDnsServer();
  database = await createMigratedDatabase();
  server = await startTestServer({
    clock,
    database,
    environment: {
      CHANCERY_ACME_RESOLVERS: dns.address,
      CHANCERY_ACME_HTTP_PORT: String(await host.listen()),
      CHANCERY_ACME_NETWORKS: '127.0.0.1',
    },
  });
});
afterAll(async () => {
  await server.close();
  await database.drop();
  dns.close();
  host.close();
});

const typeOf = ({ body }: Answer): string | undefined => (body['type'] as string | undefined)?.split(':').at(-1);

const whileFailing = <T>(statement: FailingStatement, work: () => Promise<T>): Promise<T> =>
  whileStatementFails(database.url, statement, work);

let named = 0;

/** An order that is ready to be finalized, of an account of a tenant of its own. */
async function ready() {
  const tenant = await createTenant(server, `finalization-${(named += 1)}`);
  const { binding, caId, serviceId } = await prepareAcme(server, tenant);
  const client = new AcmeTestClient(server, binding.directoryUrl);
  await client.register(binding);
  const name = `web.${tenant.slug}.internal`;
  dns.addresses.set(name, '127.0.0.1');
  const { body, headers } = await client.order([name]);
  for (const { token, url } of await client.challenges(body)) {
    host.answers.set(token, client.keyAuthorization(token));
    await client.post(url, {});
  }
  await server.server.app.get(AcmeValidations).validateDue();
  const url = headers.get('location')!;
  const finalize = () => client.post(body['finalize']!, { csr: csrOf([name]) });
  const state = async () => (await client.post(url)).body['status'];
  expect(await state()).toBe('ready');
  /** A request of the account that was accepted before what follows. */
  const accepted = async (address: string, payload: object) => {
    const body = client.jws({ nonce: await client.nonce(), url: address, kid: client.kid }, payload);
    const path = new URL(address).pathname;
    const facts = { contentType: 'application/jose+json', requestId: 'accepted', sourceAddress: '127.0.0.1' };
    return server.server.app.get(AcmeRequests).ofAccount({ ...facts, caId, path, body });
  };
  const { authorizations, finalize: finalizeUrl } = body as unknown as { authorizations: string[]; finalize: string };
  return { tenant, client, caId, serviceId, name, url, authorizations, finalizeUrl, finalize, state, accepted };
}

async function certificatesOf(tenant: TestTenant): Promise<string[]> {
  const token = await server.login(tenant.owner.email, PASSWORD);
  const { items } = (await server.get(`${tenant.path}/certificates`, { token })).body;
  return (items as unknown as Shape[]).map(({ state }) => String(state)).toSorted();
}

describe('an order whose database fails while it is finalized', () => {
  it.each<[string, string, string]>([
    ['what will be signed is put on record', 'INSERT ON certificates', "NEW.state = 'issuing'"],
    ['the certificate is stored', 'UPDATE ON certificates', "NEW.state = 'active'"],
    ['the order is written', 'UPDATE ON acme_orders', "NEW.state = 'valid'"],
  ])('an order whose database fails when %s is ready again, and gets one certificate', async (_, event, condition) => {
    const { tenant, finalize, state } = await ready();
    const failed = await whileFailing({ event, condition }, finalize);
    expect([failed.status, typeOf(failed), await state()]).toEqual([503, 'serverInternal', 'ready']);
    expect((await finalize()).body['status']).toBe('valid');
    clock.advance(6 * MINUTE);
    await server.runScheduler();
    const left = event.startsWith('INSERT') ? ['active'] : ['active', 'revoked'];
    expect([await state(), await certificatesOf(tenant)]).toEqual(['valid', left]);
  });

  it('an order whose database answers nothing more is ready again after a while, also to be deactivated', async () => {
    const { tenant, finalize, state } = await ready();
    // Neither the certificate nor the end of the attempt can be written: as where the process was killed.
    const lost = { event: 'UPDATE ON acme_orders', condition: "OLD.state = 'processing'" };
    expect((await whileFailing(lost, finalize)).status).toBe(503);
    expect([await state(), typeOf(await finalize())]).toEqual(['processing', 'orderNotReady']);
    clock.advance(5 * MINUTE);
    expect(await state()).toBe('ready');
    expect((await whileFailing(lost, finalize)).status).toBe(503);
    clock.advance(5 * MINUTE);
    expect((await finalize()).body['status']).toBe('valid');
    await server.runScheduler();
    expect((await certificatesOf(tenant)).filter((each) => each === 'active')).toHaveLength(1);

    const other = await ready();
    await whileFailing(lost, other.finalize);
    clock.advance(5 * MINUTE);
    const [authorization] = other.authorizations;
    expect((await other.client.post(authorization!, { status: 'deactivated' })).status).toBe(200);
    expect([await other.state(), await state()]).toEqual(['invalid', 'valid']);
  });
});

describe('a right that is withdrawn after a request was accepted', () => {
  it.each<[string, string, (all: Awaited<ReturnType<typeof ready>>) => Promise<Answer>, string?]>([
    [
      'the tenant is suspended',
      'TENANT_SUSPENDED',
      async ({ tenant }) => server.post(`${tenant.path}/suspend`, undefined, { token: await server.login() }),
    ],
    [
      'the service is deleted',
      'ACME_UNAUTHORIZED',
      ({ tenant, serviceId }) =>
        server.delete(`${tenant.path}/services/${serviceId}`, { password: PASSWORD }, tenant.owner),
      'NOT_FOUND',
    ],
    [
      'the account is revoked',
      'ACME_ACCOUNT_ENDED',
      ({ tenant, client }) =>
        server.post(`${tenant.path}/acme-accounts/${client.kid!.split('/').at(-1)}/revoke`, undefined, tenant.owner),
    ],
    [
      'its names are no longer permitted',
      'POLICY_VIOLATION',
      ({ tenant }) => server.patch(tenant.path, { settings: { allowedDnsNames: ['another.internal'] } }, tenant.owner),
      'ACME_REJECTED_IDENTIFIER',
    ],
    [
      'the authority is revoked',
      'CA_NOT_USABLE',
      ({ tenant, caId }) => server.post(`${tenant.path}/certificate-authorities/${caId}/revoke`, {}, tenant.owner),
    ],
  ])(
    'a request that was accepted before %s orders and finalizes nothing',
    async (_, code, withdraw, ordered = code) => {
      const all = await ready();
      const { client, name, url, finalizeUrl, accepted } = all;
      const orders = server.server.app.get(AcmeOrders);
      const identifiers = [{ type: 'dns', value: name }];
      const ordering = await accepted(client.url('new-order'), { identifiers });
      const finalizing = await accepted(finalizeUrl, { csr: csrOf([name]) });
      expect((await withdraw(all)).status).toBeLessThan(300);
      await expect(orders.create(ordering)).rejects.toMatchObject({ code: ordered });
      await expect(orders.finalize(finalizing, url.split('/').at(-1)!)).rejects.toMatchObject({ code });
    },
  );
});

describe('the names that an account has ordered', () => {
  const NAMES_OF_ACCOUNT_MAX = 5_000;

  /** Rows of names, as orders of an account leave them. */
  async function store(count: number, { tenant, client }: Awaited<ReturnType<typeof ready>>): Promise<void> {
    const accountId = client.kid!.split('/').at(-1)!;
    const plain = await openPlainDataSource(database.url);
    const columns =
      'id tenantId orderId accountId caId state name wildcard token attempts leasedUntil createdAt expiresAt';
    const names = columns.split(' ').map((name) => plain.driver.escape(name));
    for (let first = 0; first < count; first += 500) {
      const rows = Array.from({ length: Math.min(500, count - first) }, () => {
        const texts = [randomUUID(), tenant.id, randomUUID(), accountId, randomUUID(), 'pending', 'a.internal'];
        return `('${texts.join("', '")}', 0, 'x', 0, 0, 0, ${clock.now() + MINUTE})`;
      });
      await plain.query(`INSERT INTO acme_authorizations (${names.join()}) VALUES ${rows.join()}`);
    }
    await plain.destroy();
  }

  it('the names that an account has ordered are limited, however few its orders are', async () => {
    const all = await ready();
    const { client, name } = all;
    // The order that is ready has one.
    await store(NAMES_OF_ACCOUNT_MAX - 3, all);
    const refused = await client.order([name, `a.${name}`, `b.${name}`]);
    expect([refused.status, typeOf(refused), refused.headers.get('retry-after')]).toEqual([429, 'rateLimited', '3600']);
    expect((await client.order([name, `a.${name}`])).status).toBe(201);
    expect((await client.order([name])).status).toBe(429);
    expect((await all.finalize()).body['status']).toBe('valid');
  });
});
