import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { Workshop } from '../../support/openssl.js';
import { type Shape, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createAuthority, csrPem, issue } from './pki.js';

const WITHIN_MILLISECONDS = 5_000;

let database: TestDatabase;
let instances: readonly [TestServer, TestServer];
let tenant: TestTenant;
let ca: Shape;
const workshop = new Workshop();

beforeAll(async () => {
  database = await createMigratedDatabase();
  // One instance runs the scheduler as it runs in production; the other one serves only.
  const shared = { database, clock: systemClock };
  const first = await startTestServer({ ...shared, environment: { CHANCERY_ROLES: 'admin,signing,scheduler' } });
  instances = [first, await startTestServer(shared)];
  tenant = await createTenant(first);
  ca = await createAuthority(first, tenant);
  workshop.write('ca.pem', ca['certificate']!);
});
afterAll(async () => {
  for (const instance of instances) await instance.close();
  await database.drop();
  workshop.clear();
});

async function issued(name: string): Promise<string> {
  const { body } = await issue(instances[0], tenant, { csr: csrPem(name) });
  workshop.write(`${name}.pem`, body['certificate']!);
  return body['kid']!;
}

/** What OCSP says of a certificate on each instance, asked of both at the same time. */
const statuses = (name: string): Promise<string[]> =>
  Promise.all(
    instances.map(async ({ url }) => {
      const asked = [
        '-issuer',
        'ca.pem',
        '-CAfile',
        'ca.pem',
        '-cert',
        `${name}.pem`,
        '-url',
        `${url}/pki/${ca['id']}/ocsp`,
      ];
      return /pem: (\w+)/.exec((await workshop.run('openssl', ['ocsp', ...asked])).text)?.[1] ?? 'none';
    }),
  );

interface List {
  readonly number: number;
  readonly entries: number;
}

let lists = 0;

async function listOf({ url }: TestServer): Promise<List> {
  const answer = await fetch(`${url}/pki/${ca['id']}/crl`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/pkix-crl']);
  const file = workshop.write(`${++lists}.crl`, Buffer.from(await answer.arrayBuffer()));
  const text = await workshop.openssl('crl', '-inform', 'DER', '-in', file, '-noout', '-text', '-CAfile', 'ca.pem');
  expect(text).toContain('verify OK');
  return {
    number: Number(/CRL Number: \n\s+(\d+)/.exec(text)?.[1]),
    entries: text.match(/Serial Number:/g)?.length ?? 0,
  };
}

const act = (instance: TestServer, kid: string, action: string, body?: object) =>
  instance.post(`${tenant.path}/certificates/${kid}/${action}`, body, tenant.owner);

describe('what one instance revokes', () => {
  it('what one instance revokes is revoked on both in the next request, by OCSP and in the CRL', async () => {
    const kid = await issued('one');
    expect(await statuses('one')).toEqual(['good', 'good']);
    const before = await Promise.all(instances.map(listOf));
    expect(before.map(({ entries }) => entries)).toEqual([0, 0]);
    const [, second] = instances;
    expect((await act(second, kid, 'revoke', { reason: 'keyCompromise' })).status).toBe(200);
    expect(await statuses('one')).toEqual(['revoked', 'revoked']);
    const after = await Promise.all(instances.map(listOf));
    expect(after.map(({ entries }) => entries)).toEqual([1, 1]);
    after.forEach(({ number }, index) => expect(number).toBeGreaterThan(before[index]!.number));
    expect(after[0]).toEqual(after[1]);
  });

  it('what one instance revokes comes into the CRL within 5 s although no client asks for it', async () => {
    const kid = await issued('two');
    const events = async (action: string): Promise<Shape[]> => {
      const query = `action=${action}&limit=200`;
      const { body } = await instances[0].get(`${tenant.path}/audit-events?${query}`, tenant.owner);
      return body['items'] as unknown as Shape[];
    };
    const signed = (): Promise<Shape[]> => events('certificate_authority.crl_published');
    const before = (await signed()).length;
    await act(instances[1], kid, 'hold');
    await expect.poll(async () => (await signed()).length).toBe(before + 1);
    // By the clock of the servers, however long the test itself took to look.
    const at = ([event]: Shape[]): number => Date.parse(event!['occurredAt']!);
    expect(at(await signed()) - at(await events('certificate.held'))).toBeLessThanOrEqual(WITHIN_MILLISECONDS);
    expect((await listOf(instances[1])).entries).toBe(2);
    await act(instances[0], kid, 'release');
    expect(await statuses('two')).toEqual(['good', 'good']);
    expect((await Promise.all(instances.map(listOf))).map(({ entries }) => entries)).toEqual([1, 1]);
  });

  it('a CRL is signed once however many ask at the same time, and its number only rises', async () => {
    let last = (await listOf(instances[0])).number;
    for (let round = 0; round < 3; round += 1) {
      const kid = await issued(`round-${round}`);
      await act(instances[round % 2]!, kid, 'revoke', { reason: 'superseded' });
      const asked = await Promise.all(Array.from({ length: 8 }, (_, index) => listOf(instances[index % 2]!)));
      expect(new Set(asked.map(({ number }) => number)).size).toBe(1);
      expect(asked[0]!.number).toBeGreaterThan(last);
      last = asked[0]!.number;
    }
  });
});
