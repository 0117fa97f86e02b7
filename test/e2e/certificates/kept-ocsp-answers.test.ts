import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { DerFields, onlyChild, parseDer } from '#asn1';
import { DAY, HOUR, ManualClock, MINUTE, toRfc3339 } from '#core';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { Workshop } from '../../support/openssl.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createAuthority, csrPem, issue } from './pki.js';

// Two instances on one database: each keeps the answers that it has signed, and the other one changes what they say.

let clock: ManualClock;
let database: TestDatabase;
let instances: readonly TestServer[];
let tenant: TestTenant;
const workshop = new Workshop();

beforeAll(async () => {
  clock = new ManualClock();
  database = await createMigratedDatabase();
  instances = [await startTestServer({ database, clock }), await startTestServer({ database, clock })];
});
// The clock moves: a session of the test before can have ended.
beforeEach(async () => {
  tenant = await createTenant(instances[0]!);
});
afterAll(async () => {
  for (const instance of instances) await instance.close();
  await database.drop();
  workshop.clear();
});

interface Leaf {
  readonly caId: string;
  readonly kid: string;
  readonly serialNumber: string;
}

/** A new authority, below `parentId` where that is given. */
async function authority(parentId?: string): Promise<{ id: string; serialNumber: string }> {
  const ca = await createAuthority(instances[0]!, tenant, { parentId });
  workshop.write(`${ca['id']}.pem`, ca['certificate']!);
  return { id: ca['id']!, serialNumber: ca['serialNumber']! };
}

async function leafOf(caId: string): Promise<Leaf> {
  const { body } = await issue(instances[0]!, tenant, { caId, csr: csrPem('asked about') });
  return { caId, kid: body['kid']!, serialNumber: body['serialNumber']! };
}

async function requestOf({ caId, serialNumber }: Pick<Leaf, 'caId' | 'serialNumber'>, nonce = '-no_nonce') {
  const asked = ['-issuer', `${caId}.pem`, '-serial', `0x${serialNumber}`, nonce];
  await workshop.openssl('ocsp', ...asked, '-reqout', 'request.der');
  return workshop.read('request.der');
}

interface Reply {
  readonly der: string;
  readonly status: string;
}

const STATUS_OF_TAG: Readonly<Record<number, string>> = { 0x80: 'good', 0xa1: 'revoked', 0x82: 'unknown' };

/** The CertStatus of the first SingleResponse (RFC 6960 §4.2.1). */
function statusIn(der: Buffer): string {
  const [, responseBytes] = parseDer(der).children;
  const basicResponse = parseDer(onlyChild(responseBytes!).children[1]!.content);
  const responseData = DerFields.of(basicResponse.children[0]!);
  responseData.take(); // responderID
  responseData.take(); // producedAt
  const [singleResponse] = responseData.take().children;
  return STATUS_OF_TAG[singleResponse!.children[1]!.tag] ?? 'none';
}

/** What each instance answers, one after the other. */
async function ask(caId: string, request: Buffer): Promise<Reply[]> {
  const replies = [];
  for (const { url } of instances) {
    const headers = { 'Content-Type': 'application/ocsp-request' };
    const answer = await fetch(`${url}/pki/${caId}/ocsp`, { method: 'POST', headers, body: request });
    const der = Buffer.from(await answer.arrayBuffer());
    replies.push({ der: der.toString('hex'), status: statusIn(der) });
  }
  return replies;
}

const statuses = (replies: readonly Reply[]): string[] => replies.map(({ status }) => status);

const act = (resource: string, body?: object): Promise<{ status: number }> =>
  instances[1]!.post(`${tenant.path}/${resource}`, body, tenant.owner);

describe('a signed OCSP answer', () => {
  it('a signed OCSP answer is given again by the instance that signed it, and one with a nonce is signed for its question', async () => {
    const leaf = await leafOf((await authority()).id);
    const request = await requestOf(leaf);
    const first = await ask(leaf.caId, request);
    expect(statuses(first)).toEqual(['good', 'good']);
    // Each instance has signed its own: two signatures by ECDSA are never the same.
    expect(first[0]!.der).not.toBe(first[1]!.der);
    clock.advance(MINUTE);
    expect(await ask(leaf.caId, request)).toEqual(first);
    const withNonce = await requestOf(leaf, '-nonce');
    const anew = [...(await ask(leaf.caId, withNonce)), ...(await ask(leaf.caId, withNonce))];
    expect(new Set(anew.map(({ der }) => der)).size).toBe(4);
    expect(await ask(leaf.caId, request)).toEqual(first);
  });

  it('the state of an authority has its list, the delegate of OCSP and the last answer of the instance', async () => {
    const leaf = await leafOf((await authority()).id);
    const status = `${tenant.path}/certificate-authorities/${leaf.caId}/status`;
    const stateBy = async (instance: TestServer) => (await instance.get(status, tenant.owner)).body;
    expect(await stateBy(instances[0]!)).toEqual({ crl: null, ocspSigner: null, lastOcspAnswer: null });

    const list = await fetch(`${instances[0]!.url}/pki/${leaf.caId}/crl`);
    const { length: bytes } = Buffer.from(await list.arrayBuffer());
    const answer = await fetch(`${instances[0]!.url}/pki/${leaf.caId}/ocsp`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/ocsp-request' },
      body: await requestOf(leaf),
    });
    expect(answer.status).toBe(200);
    const at = toRfc3339(clock.now());
    const first = await stateBy(instances[0]!);
    expect(first).toMatchObject({
      crl: { thisUpdate: at, nextUpdate: toRfc3339(clock.now() + DAY), bytes, isDue: false },
      lastOcspAnswer: { answeredAt: at, statuses: 'good' },
    });
    expect(first['ocspSigner']!['serialNumber']).toMatch(/^[0-9a-f]+$/i);
    expect(await stateBy(instances[1]!)).toMatchObject({ crl: first['crl'], lastOcspAnswer: null });
    await act(`certificates/${leaf.kid}/revoke`, { reason: 'superseded' });
    expect((await stateBy(instances[1]!))['crl']!['isDue']).toBe(true);
  });

  it('a kept OCSP answer is signed anew five minutes before its nextUpdate', async () => {
    const leaf = await leafOf((await authority()).id);
    const request = await requestOf(leaf);
    const first = await ask(leaf.caId, request);
    clock.advance(HOUR - 5 * MINUTE - 1);
    expect(await ask(leaf.caId, request)).toEqual(first);
    clock.advance(1);
    const second = await ask(leaf.caId, request);
    expect(second.map(({ der }, place) => der === first[place]!.der)).toEqual([false, false]);
  });

  it('a kept OCSP answer ends on every instance with the next change of the status: hold, release, revoke', async () => {
    const leaf = await leafOf((await authority()).id);
    const request = await requestOf(leaf);
    const changes: [action: string, status: string, body?: object][] = [
      ['hold', 'revoked'],
      ['release', 'good'],
      ['revoke', 'revoked', { reason: 'superseded' }],
    ];
    for (const [action, status, body] of changes) {
      const before = await ask(leaf.caId, request);
      expect(statuses(before)).not.toContain(status);
      expect((await act(`certificates/${leaf.kid}/${action}`, body)).status).toBe(200);
      const after = await ask(leaf.caId, request);
      expect(statuses(after)).toEqual([status, status]);
      expect(await ask(leaf.caId, request)).toEqual(after);
    }
    // The reason of a revoked certificate is part of the answer.
    const superseded = await ask(leaf.caId, request);
    await act(`certificates/${leaf.kid}/revoke`, { reason: 'keyCompromise' });
    const compromised = await ask(leaf.caId, request);
    expect(compromised.map(({ der }, place) => der === superseded[place]!.der)).toEqual([false, false]);
  });

  it('a kept OCSP answer ends with the authority that issued the certificate, and about an authority with that one', async () => {
    const { id: rootId } = await authority();
    const below = await authority(rootId);
    const leaf = await leafOf(below.id);
    const aboutLeaf = await requestOf(leaf);
    const aboutAuthority = await requestOf({ caId: rootId, serialNumber: below.serialNumber });
    expect(statuses(await ask(leaf.caId, aboutLeaf))).toEqual(['good', 'good']);
    expect(statuses(await ask(rootId, aboutAuthority))).toEqual(['good', 'good']);
    const revoked = await act(`certificate-authorities/${leaf.caId}/revoke`, { reason: 'cACompromise' });
    expect(revoked.status).toBe(200);
    expect(statuses(await ask(leaf.caId, aboutLeaf))).toEqual(['revoked', 'revoked']);
    expect(statuses(await ask(rootId, aboutAuthority))).toEqual(['revoked', 'revoked']);
  });

  it('an OCSP answer that knows nothing of a certificate is not kept', async () => {
    const leaf = await leafOf((await authority()).id);
    const request = await requestOf({ ...leaf, serialNumber: '1234' });
    const [first, second] = [await ask(leaf.caId, request), await ask(leaf.caId, request)];
    expect(statuses([...first, ...second])).toEqual(Array(4).fill('unknown'));
    expect(first[0]!.der).not.toBe(second[0]!.der);
  });

  it('a kept OCSP answer ends where the compromise of a signing key revokes the certificate', async () => {
    const { owner } = tenant;
    const [first] = instances;
    const keys = `${tenant.path}/keys`;
    const { body: key } = await first!.post(keys, { name: 'certified', algorithm: 'ES256' }, owner);
    const { body: request } = await first!.post(`${keys}/${key['id']}/csr`, { subject: { commonName: 'x' } }, owner);
    const { id: caId } = await authority();
    const { body } = await issue(first!, tenant, { caId, csr: request['csr'] });
    const about = await requestOf({ caId, serialNumber: body['serialNumber']! });
    expect(statuses(await ask(caId, about))).toEqual(['good', 'good']);
    const [{ kid }] = key['versions'] as unknown as [{ kid: string }];
    expect((await act(`keys/${key['id']}/versions/${kid}/compromise`, {})).status).toBe(200);
    expect(statuses(await ask(caId, about))).toEqual(['revoked', 'revoked']);
  });
});
