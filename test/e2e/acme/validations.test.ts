import { randomUUID } from 'node:crypto';

import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AcmeValidations } from '#acme';
import { ManualClock, SECOND } from '#core';

import { createMigratedDatabase } from '../../support/database.js';
import { type TestDnsServer, startDnsServer } from '../../support/dns-server.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { type Shape, type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { AcmeTestClient, ChallengeHost, prepareAcme } from './acme-client.js';

const clock = new ManualClock();
const host = new ChallengeHost();
let dns: TestDnsServer;
let server: TestServer;
let plain: DataSource;

beforeAll(async () => {
  dns = await startDnsServer();
  const database = await createMigratedDatabase();
  plain = await openPlainDataSource(database.url);
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
  await plain.destroy();
  await server.close();
  dns.close();
  host.close();
});

const validate = (): Promise<void> => server.server.app.get(AcmeValidations).validateDue();

/** Validations of a tenant that are being tried. */
async function leased(tenantId: unknown): Promise<number> {
  const sql = 'SELECT id FROM acme_authorizations WHERE tenantId = ? AND leasedUntil > ?';
  return (await plain.query<unknown[]>(sql, [tenantId, clock.now()])).length;
}

let named = 0;

/** A tenant whose client has answered the challenge of an order, so that it is proven. */
async function answered() {
  const tenant = await createTenant(server, `validations-${(named += 1)}`);
  const { binding } = await prepareAcme(server, tenant);
  const client = new AcmeTestClient(server, binding.directoryUrl);
  await client.register(binding);
  const name = `web.${tenant.slug}.internal`;
  dns.addresses.set(name, '127.0.0.1');
  const order = await client.order([name]);
  const challenge = (await client.challenges(order.body))[0]!;
  host.answers.set(challenge.token, client.keyAuthorization(challenge.token));
  await client.post(challenge.url, {});
  const [row] = await plain.query<Record<string, unknown>[]>('SELECT * FROM acme_authorizations WHERE token = ?', [
    challenge.token,
  ]);
  const state = async () => (await client.post(order.headers.get('location')!)).body['status'];
  return { tenant, client, challenge, row: row!, state };
}

/** As many copies of a due authorization as are said, due before everything else. */
async function backlog(row: Record<string, unknown>, count: number, set: Record<string, unknown> = {}): Promise<void> {
  const columns = Object.keys(row);
  const marks = `(${columns.map(() => '?').join(', ')})`;
  const copies = Array.from({ length: count }, () => ({ ...row, id: randomUUID(), dueAt: 1, ...set }));
  for (let first = 0; first < copies.length; first += 100) {
    const some = copies.slice(first, first + 100);
    await plain.query(
      `INSERT INTO acme_authorizations (${columns.join(', ')}) VALUES ${some.map(() => marks).join(', ')}`,
      some.flatMap((copy) => columns.map((column) => (copy as Record<string, unknown>)[column])),
    );
  }
}

describe('the validations of an installation', () => {
  it.each<[string, () => Record<string, unknown>]>([
    ['that wait', () => ({})],
    ['that another process tries', () => ({ leasedUntil: clock.now() + 20 * SECOND })],
  ])('600 validations of one tenant %s do not delay those of another', async (_, set) => {
    const slow = await answered();
    const other = await answered();
    await backlog(slow.row, 600, set());
    await validate();
    expect(await other.state()).toBe('ready');
    await plain.query('DELETE FROM acme_authorizations WHERE tenantId = ?', [slow.row['tenantId']]);
  });

  it('hosts of one tenant that do not answer leave room for those of another', async () => {
    const slow = await answered();
    await backlog(slow.row, 20);
    host.raw = '';
    const before = host.requests.length;
    const waiting = validate();
    await expect.poll(() => leased(slow.row['tenantId'])).toBe(8);
    host.raw = undefined;
    const other = await answered();
    const others = validate();
    await expect.poll(other.state).toBe('ready');
    // None of the eight has ended: another would have begun.
    expect(host.requests.length - before).toBeLessThanOrEqual(9);
    expect(await leased(slow.row['tenantId'])).toBe(8);
    await plain.query('DELETE FROM acme_authorizations WHERE tenantId = ?', [slow.row['tenantId']]);
    host.drop();
    await Promise.all([waiting, others]);
  });

  it('a suspended tenant validates nothing, and continues once it is resumed', async () => {
    const { tenant, challenge, state } = await answered();
    const admin = { token: await server.login() };
    expect((await server.post(`${tenant.path}/suspend`, undefined, admin)).status).toBe(200);
    await validate();
    expect(host.requests.some((path) => path.endsWith(challenge.token))).toBe(false);
    expect((await server.post(`${tenant.path}/reactivate`, undefined, admin)).status).toBe(200);
    await server.setTime(clock.now() + 60 * SECOND);
    await validate();
    expect(await state()).toBe('ready');
  });

  it('an attempt that fails by a fault of the server counts, and the last one ends the order', async () => {
    const { row, state, challenge, client } = await answered();
    await plain.query("UPDATE acme_authorizations SET challenge = 'unknown-01' WHERE id = ?", [row['id']]);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await validate();
      await server.setTime(clock.now() + 16 * SECOND);
    }
    await plain.query("UPDATE acme_authorizations SET challenge = 'http-01' WHERE id = ?", [row['id']]);
    const { body } = await client.post(challenge.url);
    expect((body['error'] as unknown as Shape)['type']).toBe('urn:ietf:params:acme:error:serverInternal');
    expect(await state()).toBe('invalid');
  });
});
