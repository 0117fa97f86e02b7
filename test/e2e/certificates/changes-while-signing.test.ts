import { X509Crl } from '@peculiar/x509';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { CpuQueue } from '#crypto';

import { whileSigning } from '../../support/busy-queue.js';
import { type Shape, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createAuthority, issue } from './pki.js';

let server: TestServer;
let tenant: TestTenant;
let queue: CpuQueue;
/** An authority whose signatures wait for their turn. */
let ca: Shape;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server);
  queue = server.server.app.get(CpuQueue);
});
afterAll(() => server.close());
beforeEach(async () => {
  ca = await createAuthority(server, tenant, { keyAlgorithm: 'RSA-2048' });
});

const during = <T>(request: () => Promise<T>, change: () => Promise<unknown>): Promise<T> =>
  whileSigning(queue, 'signature', request, change);

async function certificate(): Promise<Shape> {
  const { status, body, text } = await issue(server, tenant, { caId: ca['id'] });
  if (status !== 201) throw new Error(text);
  return body;
}

const revoke = (kid: string) =>
  server.post(`${tenant.path}/certificates/${kid}/revoke`, { reason: 'superseded' }, tenant.owner);

async function list(): Promise<{ readonly number: number; readonly serialNumbers: readonly string[] }> {
  const answer = await fetch(`${server.url}/pki/${ca['id']}/crl`);
  const crl = new X509Crl(Buffer.from(await answer.arrayBuffer()));
  const number = crl.extensions.find(({ type }) => type === '2.5.29.20')!;
  return {
    number: Number(`0x${Buffer.from(number.value).subarray(2).toString('hex')}`),
    serialNumbers: crl.entries.map(({ serialNumber }) => serialNumber.replace(/^0+/, '').toLowerCase()),
  };
}

const withoutZeros = (serialNumber: string): string => serialNumber.replace(/^0+/, '').toLowerCase();

describe('lists that are signed', () => {
  it('a CRL that is being signed while a certificate is revoked is replaced by one that names it', async () => {
    const [first, second] = [await certificate(), await certificate()];
    await list();
    await revoke(first['kid']!);
    const signedBefore = await during(list, () => revoke(second['kid']!));
    expect(signedBefore.serialNumbers).toEqual([withoutZeros(first['serialNumber']!)]);
    const after = await list();
    expect(after.serialNumbers.toSorted()).toEqual(
      [first, second].map(({ serialNumber }) => withoutZeros(serialNumber!)).toSorted(),
    );
    expect(after.number).toBeGreaterThan(signedBefore.number);
  });

  it('a CRL is signed once for requests that ask for it at the same time, and each gets the newest', async () => {
    const revoked = await certificate();
    await list();
    await revoke(revoked['kid']!);
    const lists = await during(
      () => Promise.all([list(), list(), list()]),
      async () => expect(queue.waiting('signature')).toBe(1),
    );
    expect(new Set(lists.map(({ number }) => number)).size).toBe(1);
    expect(lists.every(({ serialNumbers }) => serialNumbers.length === 1)).toBe(true);
    const events = await server.get(
      `${tenant.path}/audit-events?action=certificate_authority.crl_published&targetId=${ca['id']}`,
      tenant.owner,
    );
    expect(events.body['items']).toHaveLength(2);
  });
});

it('an authority whose parent is revoked while its certificate is signed is not created', async () => {
  const name = 'intermediate';
  const body = { name, subject: { commonName: name }, keyAlgorithm: 'P-256', parentId: ca['id'] };
  const path = `${tenant.path}/certificate-authorities`;
  const answer = await during(
    () => server.post(path, body, tenant.owner),
    () => server.post(`${path}/${ca['id']}/revoke`, { reason: 'cessationOfOperation' }, tenant.owner),
  );
  expect([answer.status, answer.body['code']]).toEqual([409, 'CA_NOT_USABLE']);
  const { items } = (await server.get(path, tenant.owner)).body;
  expect((items as unknown as Shape[]).map((authority) => authority['name'])).not.toContain(name);
});

it('a certificate that cannot be signed because too many wait is answered with BUSY, and its record is closed', async () => {
  const gate = Promise.withResolvers<void>();
  // As many as may wait for one tenant, behind those that run.
  const flood = Array.from({ length: 252 }, () =>
    queue.run({ kind: 'signature', group: tenant.id, milliseconds: 1 }, () => gate.promise),
  );
  const answer = await issue(server, tenant, { caId: ca['id'] });
  gate.resolve();
  await Promise.all(flood);
  expect([answer.status, answer.body['code'], answer.headers.get('retry-after')]).toEqual([503, 'BUSY', '1']);
  const { items } = (await server.get(`${tenant.path}/certificates?caId=${ca['id']}`, tenant.owner)).body;
  expect((items as unknown as Shape[]).map(({ state }) => state)).toEqual(['revoked']);
});
