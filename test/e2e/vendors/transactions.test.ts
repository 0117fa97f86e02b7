import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { DAY, MINUTE, SECOND, toEpochSeconds } from '#core';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { GOLDEN } from '../../support/golden.js';
import {
  PASSWORD,
  type Call,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { dumpDatabase, textOf } from '../server/database-dump.js';
import { createProfile, createService } from '../signing/issuer.js';
import { type Vendor, createVendor, manualClock } from './vendor.js';

const CUSTOMER = 'FFFFFFFF-EEEE-DDDD-1234-AB1234567890';
const KEY = { algorithm: 'HS256', format: 'secret-base64', data: GOLDEN.secretBase64 } as const;

let database: TestDatabase;
let server: TestServer;
let second: TestServer;
let tenant: TestTenant;
let vendor: Vendor;
let call: Call;
beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database });
  second = await startTestServer({ database, clock: server.clock });
  tenant = await createTenant(server, 'telesign');
  vendor = await createVendor(server, tenant, 'telesign-app-verify', KEY, { issuer: CUSTOMER });
  call = { serviceKey: vendor.serviceKey };
});
afterAll(async () => {
  await server.close();
  await second.close();
  await database.drop();
});
beforeEach(async () => {
  manualClock(server).advance(2 * MINUTE);
  // Sessions are shorter than what the clock runs through here.
  const { email } = tenant.owner;
  tenant = { ...tenant, owner: { email, token: await server.login(email, PASSWORD) } };
});

let numbers = 0;
const newPhone = (): string => `+49151${String(++numbers).padStart(8, '0')}`;
const token = (phone: string, xid?: string, by = server) =>
  by.get(`/v1/token/${encodeURIComponent(phone)}${xid === undefined ? '' : `/${xid}`}`, call);
const claimsOf = (text: string): Shape => JSON.parse(Buffer.from(text.split('.')[1]!, 'base64url').toString()) as Shape;

describe('GET /v1/token', () => {
  it('GET /v1/token answers the bare token as the document’s sample does', async () => {
    const phone = newPhone();
    const answer = await token(phone, 'order-1');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(answer.headers.get('allow')).toBe('GET');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const [header, claims, signature] = answer.text.split('.');
    const expected = createHmac('sha256', Buffer.from(GOLDEN.secretBase64, 'base64')).update(`${header}.${claims}`);
    expect(signature).toBe(expected.digest('base64url'));
    const iat = toEpochSeconds(server.clock.now()) - 10;
    expect(Object.entries(claimsOf(answer.text))).toEqual(
      Object.entries({ iss: CUSTOMER, iat, exp: iat + 90, phn: phone, xid: 'order-1' }),
    );
  });

  it('GET /v1/token makes a transaction id where none is given', async () => {
    const phone = newPhone();
    const [one, two] = [await token(phone), await token(phone)];
    expect(claimsOf(one.text)['xid']).toMatch(/^[0-9a-f-]{36}$/);
    expect(claimsOf(one.text)['xid']).not.toBe(claimsOf(two.text)['xid']);
  });

  it('GET /v1/token gives the same token again while it is valid, at every instance, and then never again', async () => {
    const phone = newPhone();
    const first = await token(phone, 'same');
    manualClock(server).advance(79 * SECOND);
    expect((await token(phone, 'same', second)).text).toBe(first.text);
    expect(await token(newPhone(), 'same')).toMatchObject({ status: 409, body: { code: 'XID_IN_USE' } });
    // The number is the same without its sign.
    expect((await token(phone.slice(1), 'same')).text).toBe(first.text);
    manualClock(server).advance(SECOND);
    expect(await token(phone, 'same')).toMatchObject({ status: 409, body: { code: 'XID_IN_USE' } });
  });

  it('GET /v1/token gives racers with one id one token', async () => {
    const phone = newPhone();
    const answers = await Promise.all([server, second, server, second].map((by) => token(phone, 'raced', by)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('GET /v1/token permits five of many calls for one phone that arrive together, over all instances', async () => {
    const phone = newPhone();
    const racers = Array.from({ length: 24 }, (_, number) =>
      token(phone, `together-${number % 12}`, number % 2 ? second : server),
    );
    const others = Array.from({ length: 6 }, (_, number) => token(newPhone(), undefined, number % 2 ? second : server));
    const statuses = (await Promise.all(racers)).map(({ status }) => status).toSorted();
    expect(statuses).toEqual([...Array<number>(5).fill(200), ...Array<number>(19).fill(429)]);
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual(Array(6).fill(200));
  });

  it('GET /v1/token gives of racers for one id with different numbers one number its token', async () => {
    const phones = Array.from({ length: 6 }, newPhone);
    const answers = await Promise.all(
      phones.map((phone, number) => token(phone, 'contested', number % 2 ? second : server)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409, 409]);
  });

  it('GET /v1/token permits five calls a minute for one phone, over all instances', async () => {
    const phone = newPhone();
    for (const by of [server, second, server, second, server])
      expect((await token(phone, undefined, by)).status).toBe(200);
    manualClock(server).advance(20 * SECOND);
    const sixth = await token(phone, undefined, second);
    expect(sixth).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect(sixth.headers.get('retry-after')).toBe('40');
    expect(sixth.headers.get('ratelimit-policy')).toBe('"per-phone";q=5;w=60');
    // The number is the same without its sign.
    expect((await token(phone.slice(1))).status).toBe(429);
    expect((await token(newPhone())).status).toBe(200);
    manualClock(server).advance(40 * SECOND);
    expect((await token(phone)).status).toBe(200);
  });

  it('GET /v1/token permits as many calls a minute for one service as its profile says', async () => {
    const profile = await createProfile(server, tenant, {
      format: 'telesign-app-verify',
      keyId: vendor.keyId,
      issuer: CUSTOMER,
      settings: { perServicePerMinute: 2, perPhonePerMinute: 1 },
    });
    const { serviceKey } = await createService(server, tenant, [profile]);
    const sign = (phoneNumber: string) => server.post(`/v1/sign/${profile}`, { phoneNumber }, { serviceKey });
    const phone = newPhone();
    expect((await sign(phone)).status).toBe(200);
    expect((await sign(phone)).status).toBe(429);
    expect((await sign(newPhone())).status).toBe(200);
    const third = await sign(newPhone());
    expect(third.status).toBe(429);
    expect(third.headers.get('ratelimit-policy')).toBe('"per-service";q=2;w=60');
  });

  it.each(['123456', '1234567890123456', '+49 151', 'abc', '++4915112345'])(
    'GET /v1/token rejects the number %s',
    async (phone) => {
      expect(await token(phone)).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
    },
  );

  it.each(['a'.repeat(65), 'with%20blank', 'slash%2Fed', 'ümlaut'])('GET /v1/token rejects the id %s', async (xid) => {
    expect(await token(newPhone(), xid)).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
  });

  it('GET /v1/token needs the credential of a service, and one profile that can be meant', async () => {
    expect((await server.get('/v1/token/4915112345678')).status).toBe(401);
    const { serviceKey } = await createService(server, tenant, ['*']);
    expect(await server.get('/v1/token/4915112345678', { serviceKey })).toMatchObject({
      status: 400,
      body: { code: 'AMBIGUOUS_PROFILE' },
    });
    const named = await server.get(`/v1/token/4915112345678?profile=${vendor.profile}`, { serviceKey });
    expect(named.status).toBe(200);
    const none = await createService(server, tenant, []);
    expect(await server.get('/v1/token/4915112345678', { serviceKey: none.serviceKey })).toMatchObject({
      status: 403,
      body: { code: 'PROFILE_NOT_GRANTED' },
    });
  });
});

describe('transactions', () => {
  it('transactions are found by their id and by their phone, with the token while it is valid', async () => {
    const phone = newPhone();
    const issued = await token(phone, 'found');
    const one = (await server.get('/v1/transactions/found', call)).body;
    expect(one).toMatchObject({
      xid: 'found',
      phoneNumber: phone,
      profile: vendor.profile,
      status: 'live',
      token: issued.text,
    });
    await token(phone);
    for (const query of [encodeURIComponent(phone), phone, phone.slice(1)]) {
      const { items } = (await server.get(`/v1/transactions?phone=${query}`, call)).body;
      expect(items).toHaveLength(2);
      expect(items).toMatchObject([{ xid: 'found', phoneNumber: phone }, { status: 'live' }]);
    }
    manualClock(server).advance(2 * MINUTE);
    const expired = (await server.get('/v1/transactions/found', call)).body;
    expect(expired).toMatchObject({ xid: 'found', status: 'expired' });
    expect(expired).not.toHaveProperty('token');
  });

  it('transactions are paged', async () => {
    const phone = newPhone();
    for (const xid of ['page-1', 'page-2', 'page-3']) await token(phone, xid);
    const path = `/v1/transactions?phone=${phone.slice(1)}&limit=2`;
    const page = (await server.get(path, call)).body;
    expect(page['items']).toMatchObject([{ xid: 'page-1' }, { xid: 'page-2' }]);
    const next = (await server.get(`${path}&cursor=${page['nextCursor']}`, call)).body;
    expect(next).toMatchObject({ items: [{ xid: 'page-3' }], nextCursor: null });
  });

  it('transactions are those of granted profiles only', async () => {
    const phone = newPhone();
    await token(phone, 'private');
    const { serviceKey } = await createService(server, tenant, []);
    expect((await server.get('/v1/transactions/private', { serviceKey })).status).toBe(404);
    expect((await server.get(`/v1/transactions?phone=${phone.slice(1)}`, { serviceKey })).body['items']).toEqual([]);
    const stranger = await createTenant(server, 'telesign-stranger');
    const other = await createService(server, stranger, ['*']);
    expect((await server.get('/v1/transactions/private', { serviceKey: other.serviceKey })).status).toBe(404);
  });

  it('transactions are kept after their tokens for as long as the tenant has set', async () => {
    const own = await createTenant(server, 'telesign-retention');
    await server.patch(own.path, { settings: { transactionRetentionDays: 2 } }, own.owner);
    const { serviceKey } = await createVendor(server, own, 'telesign-app-verify', KEY, { issuer: CUSTOMER });
    await server.get(`/v1/token/${newPhone().slice(1)}/kept`, { serviceKey });
    const read = async () => (await server.get('/v1/transactions/kept', { serviceKey })).status;
    manualClock(server).advance(2 * DAY - SECOND);
    await server.runScheduler();
    expect(await read()).toBe(200);
    manualClock(server).advance(SECOND);
    await server.runScheduler();
    expect(await read()).toBe(404);
  });
});

it('nothing of a transaction is in clear in the database, its files or the log', async () => {
  const phone = '+4915199887766';
  const issued = await token(phone, 'sealed');
  // Refused calls are recorded, too.
  for (let more = 0; more < 5; more += 1) await token(phone);
  expect((await token(phone)).status).toBe(429);
  expect((await token(phone, 'a'.repeat(65))).status).toBe(400);
  const texts = [textOf(await dumpDatabase(database.url)), server.logs.join('\n')];
  if (database.url.startsWith('sqlite:')) {
    const file = database.url.slice('sqlite:'.length);
    texts.push(readFileSync(file, 'latin1'), readFileSync(`${file}-wal`, 'latin1'));
  }
  for (const text of texts) {
    expect(text).not.toContain(phone.slice(1));
    for (const part of issued.text.split('.').slice(1)) expect(text).not.toContain(part);
  }
});

it('a failure of ours is an empty 500, or a problem document for clients that ask for JSON', async () => {
  const own = await startTestServer();
  const tenantThere = await createTenant(own, 'failing');
  const { serviceKey } = await createVendor(own, tenantThere, 'telesign-app-verify', KEY, { issuer: CUSTOMER });
  const get = (accept: string) => own.get('/v1/token/4915112345678', { serviceKey, headers: { Accept: accept } });
  expect((await get('text/plain')).status).toBe(200);
  const { database: broken } = own.server.installation;
  const commit = broken.commit.bind(broken);
  broken.commit = () => Promise.reject(new Error('the disk is full'));
  const plain = await get('text/plain');
  expect(plain).toMatchObject({ status: 500, text: '' });
  expect(plain.headers.get('content-type')).toMatch(/^text\/plain/);
  expect(plain.headers.get('allow')).toBe('GET');
  expect(await get('application/json')).toMatchObject({ status: 500, body: { code: 'INTERNAL_ERROR' } });
  broken.commit = commit;
  await own.close();
});
