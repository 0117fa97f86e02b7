import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MINUTE, SECOND, ManualClock } from '#core';

import { Database } from '#database';

import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  type Answer,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createAuthority, csrPem } from '../certificates/pki.js';
import { createVendor } from '../vendors/vendor.js';
import { type TestIssuer, createIssuer, createService } from './issuer.js';

const TTL_SECONDS = 120;

const clock = new ManualClock();
let database: TestDatabase;
let server: TestServer;
/** A second instance on the same database. */
let other: TestServer;
let tenant: TestTenant;
let issuer: TestIssuer;
beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database, clock });
  other = await startTestServer({ database, clock });
  tenant = await createTenant(server);
  issuer = await createIssuer(server, tenant, { ttlSeconds: TTL_SECONDS, maxTtlSeconds: 600 });
});
afterAll(async () => {
  await other.close();
  await server.close();
  await database.drop();
});

const post = (
  path: string,
  body: object,
  key: string,
  serviceKey = issuer.service.serviceKey,
  at = server,
): Promise<Answer> => at.post(path, body, { serviceKey, headers: { 'Idempotency-Key': key } });
const sign = (key: string, by: TestIssuer = issuer, body: object = {}, at = server): Promise<Answer> =>
  post(`/v1/sign/${by.profile}`, body, key, by.service.serviceKey, at);

const isReplay = (answer: Answer): boolean => answer.headers.get('idempotency-replayed') === 'true';

async function signInAgain(): Promise<TestTenant['owner']> {
  return { ...tenant.owner, token: await server.login(tenant.owner.email, PASSWORD) };
}
async function events(action: string, tokenId: string): Promise<Shape[]> {
  const path = `${tenant.path}/audit-events?action=${action}&tokenId=${tokenId}`;
  return (await server.get(path, await signInAgain())).body['items'] as unknown as Shape[];
}

describe('a token that is asked for again under its idempotency key', () => {
  it('a token that is asked for again under its idempotency key is the same token, issued once, and its repetition is an event', async () => {
    const first = await sign('same');
    const again = await sign('same');
    expect([again.status, again.text]).toEqual([200, first.text]);
    expect([isReplay(first), isReplay(again)]).toEqual([false, true]);
    const { tokenId } = first.body;
    expect(await events('token.issued', String(tokenId))).toHaveLength(1);
    expect(await events('token.repeated', String(tokenId))).toMatchObject([{ details: { profile: issuer.profile } }]);
  });

  it('a token that is asked for again under its idempotency key is another one under another key, and another one without a key', async () => {
    const call = { serviceKey: issuer.service.serviceKey };
    const answers = [
      await sign('a'),
      await sign('b'),
      await server.post(`/v1/sign/${issuer.profile}`, {}, call),
      await server.post(`/v1/sign/${issuer.profile}`, {}, call),
    ];
    expect(new Set(answers.map(({ body }) => body['token'])).size).toBe(answers.length);
  });

  it('a token that is asked for again under its idempotency key is rejected for another input', async () => {
    await sign('input', issuer, { subject: 'one' });
    const reused = { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } };
    expect(await sign('input', issuer, { subject: 'two' })).toMatchObject(reused);
  });

  it('a token that is asked for again under its idempotency key belongs to one service', async () => {
    const other = await createService(server, tenant);
    const mine = await sign('shared');
    const theirs = await post(`/v1/sign/${issuer.profile}`, {}, 'shared', other.serviceKey);
    expect([theirs.status, isReplay(theirs)]).toEqual([200, false]);
    expect(theirs.body['token']).not.toBe(mine.body['token']);
  });

  it('a token that is asked for again under its idempotency key is issued once for many who ask at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => sign('parallel')));
    const tokens = answers.filter(({ status }) => status === 200).map(({ body }) => body['token']);
    expect(answers.map(({ status }) => status).every((status) => status === 200 || status === 409)).toBe(true);
    expect(new Set(tokens).size).toBe(1);
  });

  it('a token that is asked for again under its idempotency key is issued once, whichever instance is asked, also at the same time', async () => {
    const keys = Array.from({ length: 6 }, (_, number) => `instances-${number}`);
    const answers = await Promise.all(
      keys.flatMap((key) => [server, other, server, other].map((at) => sign(key, issuer, {}, at))),
    );
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.every(({ body }) => body['code'] === 'IDEMPOTENCY_KEY_IN_USE')).toBe(true);
    for (const answer of refused) expect(answer.headers.get('retry-after')).toMatch(/^[1-3]$/);
    const tokenIds = new Set(answers.flatMap(({ body }) => body['tokenId'] ?? []));
    expect(tokenIds.size).toBe(keys.length);
    for (const tokenId of tokenIds) expect(await events('token.issued', String(tokenId))).toHaveLength(1);
    for (const key of keys) {
      const [here, there] = [await sign(key), await sign(key, issuer, {}, other)];
      expect([here.status, isReplay(here), isReplay(there), there.text]).toEqual([200, true, true, here.text]);
    }
    const reused = { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } };
    expect(await sign('instances-0', issuer, { subject: 'other' }, other)).toMatchObject(reused);
  });

  it('a token that is asked for again under its idempotency key is rejected for another input, also while the first is made', async () => {
    const answers = await Promise.all(['one', 'two'].map((subject) => sign('both', issuer, { subject })));
    expect(answers.map(({ status, body }) => body['code'] ?? status).toSorted()).toEqual([
      200,
      'IDEMPOTENCY_KEY_REUSED',
    ]);
  });

  it('tokens that are asked for under idempotency keys share the transactions of those without', async () => {
    const { batchSizes } = server.server.app.get(Database).measures;
    const shared = (): number => [...batchSizes.values()].reduce((sum, [, observed]) => sum + observed.sum, 0);
    const before = shared();
    const answers = await Promise.all(Array.from({ length: 16 }, (_, number) => sign(`shared-${number}`)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(shared() - before).toBe(answers.length);
  });

  it('a token that is refused under an idempotency key leaves the key free', async () => {
    const refused = await sign('corrected', issuer, { unknown: true });
    expect([refused.status, (await sign('corrected')).status]).toEqual([400, 200]);
  });

  it('a token that is asked for again under its idempotency key is the first one on every instance, also where it would be refused now', async () => {
    const own = await createIssuer(
      server,
      { ...tenant, owner: await signInAgain() },
      { ttlSeconds: 60, maxTtlSeconds: 120 },
    );
    const first = await sign('narrowed', own, { ttlSeconds: 120 });
    const path = `${tenant.path}/token-profiles/${own.profile}`;
    expect((await server.patch(path, { maxTtlSeconds: 100 }, await signInAgain())).status).toBe(200);
    const reused = { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } };
    expect(await sign('narrowed', own, { ttlSeconds: 119 }, other)).toMatchObject(reused);
    const refused = await sign('narrowed-too', own, { ttlSeconds: 120 }, other);
    expect([refused.status, refused.body['code']]).toEqual([400, 'VALIDATION_ERROR']);
    for (const at of [await startTestServer({ database, clock }), other, server]) {
      const again = await sign('narrowed', own, { ttlSeconds: 120 }, at);
      if (at !== other && at !== server) await at.close();
      expect([again.status, again.text, isReplay(again)]).toEqual([200, first.text, true]);
    }
  });

  it('a token that is asked for again under its idempotency key is sealed in the database', async () => {
    const { body } = await sign('sealed');
    const plain = await openPlainDataSource(database.url);
    const rows = await plain.query<{ sealedAnswer: Buffer | null }[]>('SELECT * FROM idempotency_records');
    await plain.destroy();
    const text = rows.map((row) => `${JSON.stringify(row)} ${row.sealedAnswer?.toString('latin1')}`).join('\n');
    expect(text).not.toContain(String(body['token']).split('.')[2]);
  });

  it('a token that is asked for again under its idempotency key is gone once it has expired, is erased then, and is never issued a second time', async () => {
    const first = await sign('expiring');
    clock.advance(TTL_SECONDS * SECOND);
    expect(await sign('expiring')).toMatchObject({ status: 410, body: { code: 'GONE' } });
    await server.runScheduler();
    const plain = await openPlainDataSource(database.url);
    const rows = await plain.query<{ sealedAnswer: Buffer | null; answerUntil: unknown }[]>(
      'SELECT sealedAnswer, answerUntil FROM idempotency_records WHERE answerUntil IS NOT NULL',
    );
    await plain.destroy();
    expect(rows.length).toBeGreaterThan(0);
    for (const { sealedAnswer } of rows) expect(sealedAnswer).toBe(null);
    expect(await sign('expiring')).toMatchObject({ status: 410, body: { code: 'GONE' } });
    expect(first.status).toBe(200);
  });

  it('a token that is asked for again under its idempotency key is gone once its key version was marked as compromised', async () => {
    const own = await createIssuer(server, { ...tenant, owner: await signInAgain() }, {});
    await sign('compromised', own);
    expect(isReplay(await sign('compromised', own))).toBe(true);
    const path = `${tenant.path}/keys/${own.keyId}/versions/${own.kid}/compromise`;
    expect((await server.post(path, {}, await signInAgain())).status).toBe(200);
    expect(await sign('compromised', own)).toMatchObject({ status: 410, body: { code: 'GONE' } });
  });

  it('a token that is asked for again under its idempotency key is gone once the service was taken the profile', async () => {
    const own = await createIssuer(server, { ...tenant, owner: await signInAgain() }, {});
    await sign('ungranted', own);
    const path = `${tenant.path}/services/${own.service.id}`;
    expect((await server.patch(path, { profiles: [] }, await signInAgain())).status).toBe(200);
    expect(await sign('ungranted', own)).toMatchObject({ status: 410, body: { code: 'GONE' } });
  });
});

describe('other calls of services under an idempotency key', () => {
  it('other calls of services under an idempotency key repeat a batch with its tokens and its refusals', async () => {
    const items = [{ subject: 'one' }, { unknown: true }, { subject: 'two', ttlSeconds: 60 }];
    const path = `/v1/sign/${issuer.profile}/batch`;
    const first = await post(path, { items }, 'batch');
    const again = await post(path, { items }, 'batch');
    expect([first.status, again.text, isReplay(again)]).toEqual([200, first.text, true]);
    clock.advance(MINUTE);
    expect(await post(path, { items }, 'batch')).toMatchObject({ status: 410, body: { code: 'GONE' } });
  });

  it('other calls of services under an idempotency key repeat a batch of as many tokens as it may have, whatever they say', async () => {
    const profile = { algorithm: 'RS256', allowedClaims: ['data'] } as const;
    const own = await createIssuer(server, { ...tenant, owner: await signInAgain() }, profile);
    for (const [key, bytes] of [
      ['most-tokens', 0],
      // All that a request may have, of what cannot be compressed.
      ['most-bytes', 400],
    ] as const) {
      const data = () => randomBytes(bytes).toString('base64url');
      const items = Array.from({ length: 100 }, () => (bytes > 0 ? { claims: { data: data() } } : {}));
      const ask = () => post(`/v1/sign/${own.profile}/batch`, { items }, key, own.service.serviceKey);
      const [first, again] = [await ask(), await ask()];
      expect(first.text.match(/"token":"/g)).toHaveLength(100);
      expect([again.status, again.text === first.text, isReplay(again)]).toEqual([200, true, true]);
    }
  });

  it('other calls of services under an idempotency key repeat the token of a user', async () => {
    const own = await createTenant(server);
    const secret = {
      algorithm: 'HS256',
      format: 'secret',
      data: 'the company secret of the portal, raw text',
    } as const;
    const vendor = await createVendor(server, own, 'ccai-user', secret, { issuer: 'ACME' });
    const user = { identifier: 'user-42', name: 'Ada', email: 'ada@example.com' };
    const ask = () => post('/v1/auth/token', user, 'user', vendor.serviceKey);
    const first = await ask();
    clock.advance(SECOND);
    const again = await ask();
    expect([first.status, again.text, isReplay(again)]).toEqual([200, first.text, true]);
  });

  it('other calls of services under an idempotency key repeat an acceptance that used a token up, instead of calling it a duplicate', async () => {
    const { token } = (await sign('consumed')).body;
    const body = { profile: issuer.profile, token, consume: true };
    const answers = [await post('/v1/verify', body, 'consume'), await post('/v1/verify', body, 'consume')];
    expect(answers.map((answer) => [answer.body['code'], isReplay(answer)])).toEqual([
      ['OK', false],
      ['OK', true],
    ]);
    expect((await post('/v1/verify', body, 'another')).body['code']).toBe('DUPLICATE_JTI');
  });

  it('other calls of services under an idempotency key repeat an answer without a secret while another process holds what it would change', async () => {
    const { token } = (await sign('read')).body;
    const ask = () => post('/v1/verify', { profile: issuer.profile, token }, 'read-only');
    const first = await ask();
    const plain = await openPlainDataSource(database.url);
    const runner = plain.createQueryRunner();
    try {
      await runner.query(testServerUrl === undefined ? 'BEGIN IMMEDIATE' : 'START TRANSACTION');
      await runner.query(`UPDATE idempotency_records SET createdAt = createdAt WHERE tenantId = '${tenant.id}'`);
      const again = await ask();
      expect([again.status, again.text, isReplay(again)]).toEqual([200, first.text, true]);
    } finally {
      await runner.query('ROLLBACK');
      await plain.destroy();
    }
  });

  it.each([
    ['discard', 'CREDENTIAL_INACTIVE'],
    ['compromise', 'CREDENTIAL_COMPROMISED'],
  ])(
    'other calls of services under an idempotency key are not answered again once another instance has acknowledged to %s their credential',
    async (action, code) => {
      const owner = await signInAgain();
      const own = await createIssuer(server, { ...tenant, owner }, {});
      const { token } = (await sign('verdict', own)).body;
      const ask = (at: TestServer) =>
        post('/v1/verify', { profile: own.profile, token }, 'verdict-again', own.service.serviceKey, at);
      const first = await ask(server);
      expect([first.status, isReplay(await ask(server)), isReplay(await ask(other))]).toEqual([200, true, true]);
      const credentials = `${tenant.path}/services/${own.service.id}/credentials`;
      const { items } = (await other.get(`${credentials}?authType=service_key`, owner)).body;
      const [{ id }] = items as unknown as [{ id: string }];
      expect((await other.post(credentials, { authType: 'service_key' }, owner)).status).toBe(201);
      expect((await other.post(`${credentials}/${id}/${action}`, {}, owner)).status).toBe(200);
      for (const at of [server, other]) {
        const again = await ask(at);
        expect([again.status, again.body['code']]).toEqual([401, code]);
      }
    },
  );

  it('other calls of services under an idempotency key repeat a certificate and its renewal, each issued once', async () => {
    const own = await createTenant(server);
    await createAuthority(server, own);
    const { serviceKey } = await createService(server, own);
    const csr = csrPem('repeated');
    const request = () => post('/v1/certificates', { csr }, 'certificate', serviceKey);
    const issued = [await request(), await request()];
    const path = `/v1/certificates/${issued[0]!.body['kid']}/renew`;
    const renewed = [await post(path, {}, 'renewal', serviceKey), await post(path, {}, 'renewal', serviceKey)];
    for (const [first, again] of [issued, renewed] as [Answer, Answer][]) {
      expect([first.status, isReplay(first), again.text, isReplay(again)]).toEqual([201, false, first.text, true]);
    }
    const { items } = (await server.get(`${own.path}/certificates`, own.owner)).body;
    expect(items).toHaveLength(2);
  });
});
