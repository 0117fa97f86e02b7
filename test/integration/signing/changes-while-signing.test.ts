import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { MINUTE, ManualClock } from '#core';
import { CpuQueue, algorithm } from '#crypto';
import { TransactionMisuse } from '#database';

import { type TestIssuer, createIssuer, createProfile } from '../../e2e/signing/issuer.js';
import { whileSigning } from '../../support/busy-queue.js';
import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { type Shape, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

let database: TestDatabase;
let clock: ManualClock;
let server: TestServer;
let tenant: TestTenant;
let queue: CpuQueue;
let issuer: TestIssuer;
beforeAll(async () => {
  database = await createMigratedDatabase();
  clock = new ManualClock();
  server = await startTestServer({ database, clock });
  tenant = await createTenant(server, 'changes');
  queue = server.server.app.get(CpuQueue);
});
afterAll(async () => {
  await server.close();
  await database.drop();
});
beforeEach(async () => {
  issuer = await createIssuer(server, tenant, { algorithm: 'RS256', audience: ['https://before.test'] });
});

/** What a token says, without looking at its signature: that is the JWKS's business. */
const partOf = (token: string, part: 0 | 1): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[part]!, 'base64url').toString()) as Record<string, unknown>;

const signWhile = (change: () => Promise<void>) => whileSigning(queue, 'signature', () => issuer.sign({}), change);

const must = async (answer: Promise<{ status: number; text: string }>): Promise<void> => {
  const { status, text } = await answer;
  if (status >= 300) throw new Error(text);
};

/** The key versions that the history has events of issue for. */
async function kidsOfIssuedTokens(): Promise<unknown[]> {
  const { items } = (await server.get(`${tenant.path}/audit-events?action=token.issued&limit=200`, tenant.owner)).body;
  return (items as unknown as Shape[]).map(({ kid }) => kid);
}

const rotate = (body: object) => must(server.post(`${tenant.path}/keys/${issuer.keyId}/rotate`, body, tenant.owner));

describe('a change that is committed while a signature is made', () => {
  it('a rotation: the token that leaves is signed by the successor, and nothing tells of the other', async () => {
    const answer = await signWhile(() => rotate({ immediately: true }));
    expect(answer.status).toBe(200);
    const { kid } = partOf(answer.body['token']!, 0);
    expect(kid).not.toBe(issuer.kid);
    expect((await issuer.verify(answer.body['token']!)).body['code']).toBe('OK');
    expect(await kidsOfIssuedTokens()).toContain(kid);
    expect(await kidsOfIssuedTokens()).not.toContain(issuer.kid);
  });

  it('the compromise of a key: no token of it leaves any more', async () => {
    const path = `${tenant.path}/keys/${issuer.keyId}/versions/${issuer.kid}/compromise`;
    const answer = await signWhile(() => must(server.post(path, {}, tenant.owner)));
    expect(answer.status).toBe(200);
    expect(partOf(answer.body['token']!, 0)['kid']).not.toBe(issuer.kid);
  });

  it('a change of the profile: the token is what the profile says now', async () => {
    const change = { audience: ['https://after.test'] };
    const answer = await signWhile(() =>
      must(server.patch(`${tenant.path}/token-profiles/${issuer.profile}`, change, tenant.owner)),
    );
    expect(answer.status).toBe(200);
    expect(partOf(answer.body['token']!, 1)['aud']).toMatch('https://after.test');
  });

  it('a change of something else: the token that was made is good', async () => {
    const answer = await signWhile(async () => {
      await createProfile(server, tenant, { keyId: issuer.keyId });
    });
    expect(partOf(answer.body['token']!, 0)['kid']).toBe(issuer.kid);
    expect((await issuer.verify(answer.body['token']!)).body['code']).toBe('OK');
  });

  it('a step of the clock: a version whose successor has taken over meanwhile signs nothing', async () => {
    await rotate({});
    const answer = await signWhile(async () => {
      clock.advance(7 * MINUTE);
    });
    expect(answer.status).toBe(200);
    expect(partOf(answer.body['token']!, 0)['kid']).not.toBe(issuer.kid);
  });

  it('a rotation during a batch: all of its tokens are signed by the successor', async () => {
    const items = [{ subject: 'one' }, { subject: 'two' }, { subject: 'three' }];
    const call = { serviceKey: issuer.service.serviceKey };
    const answer = await whileSigning(
      queue,
      'batch',
      () => server.post(`/v1/sign/${issuer.profile}/batch`, { items }, call),
      () => rotate({ immediately: true }),
    );
    expect(answer.status).toBe(200);
    const kids = (answer.body['items'] as unknown as Shape[]).map(({ token }) => partOf(token!, 0)['kid']);
    expect([kids.length, new Set(kids).size, kids.includes(issuer.kid)]).toEqual([3, 1, false]);
  });
});

it('a key that is compromised while a token of it is verified: the token is not accepted', async () => {
  const token: string = (await issuer.sign({})).body['token']!;
  const plain = await openPlainDataSource(database.url);
  const runner = plain.createQueryRunner();
  try {
    await runner.query(testServerUrl === undefined ? 'BEGIN IMMEDIATE' : 'START TRANSACTION');
    await runner.query(`UPDATE tenants SET configVersion = configVersion + 1 WHERE id = '${tenant.id}'`);
    await runner.query(`UPDATE key_versions SET state = 'compromised' WHERE kid = '${issuer.kid}'`);
    const verdict = issuer.verify(token);
    // It has read that the key is good, and waits for the row or for the database.
    await delay(200);
    await runner.query('COMMIT');
    expect((await verdict).body['code']).toBe('KEY_NOT_USABLE');
  } finally {
    await runner.release();
    await plain.destroy();
  }
});

describe('inside a transaction', () => {
  const scope = () => ({
    actor: { type: 'system' as const, id: 'test', name: 'test' },
    requestId: 'test',
    sourceAddress: null,
    tenantId: tenant.id,
  });

  const sign = async (name: 'HS256' | 'RS256') => {
    const { signingKey } = await algorithm(name).generate(2048);
    return queue.sign({ group: 'a' }, name, Buffer.from('text'), signingKey);
  };

  it.each([
    ['a signature in line', () => sign('HS256')],
    ['a signature of the pool', () => sign('RS256')],
    ['a new key', () => queue.generate('a', 'ES256')],
    ['a password', () => queue.run({ kind: 'password', group: 'a', milliseconds: 1 }, async () => undefined)],
  ])('%s is a mistake of the program', async (_, work: () => Promise<unknown>) => {
    const { installation } = server.server;
    await expect(installation.database.transaction(scope(), work)).rejects.toThrow(TransactionMisuse);
    await work();
  });
});
