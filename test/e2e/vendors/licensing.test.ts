import { createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MINUTE, SECOND, toEpochSeconds } from '#core';

import { GOLDEN } from '../../support/golden.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createProfile, createService } from '../signing/issuer.js';
import { BODY, type RequestToken, certify, importKey, manualClock, requestToken, update } from './vendor.js';

let server: TestServer;
let tenant: TestTenant;
let kid: string;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'licensing');
  kid = await certify(server, tenant);
});
afterAll(() => server.close());

const freshKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const STRANGER = freshKey();
const STRANGERS_JWK = createPublicKey(STRANGER).export({ format: 'jwk' });
const token = (changes: Partial<RequestToken> = {}): string => requestToken({ kid, clock: server.clock, ...changes });

describe('a signed update', () => {
  it.each(['/v1/licensing/update', '/v1/api/licensing/update'])(
    'a signed update is accepted once at %s',
    async (path) => {
      const once = token();
      expect(await update(server, once, BODY, path)).toMatchObject({ status: 200, body: { status: 'accepted' } });
      const again = await update(server, once, BODY, path);
      expect(again).toMatchObject({ status: 409, body: { code: 'DUPLICATE_JTI' } });
      expect(again.text).toContain('DUPLICATE_JTI');
    },
  );

  it('a signed update is accepted by whichever path, but once only', async () => {
    const once = token();
    expect((await update(server, once)).status).toBe(200);
    expect((await update(server, once, BODY, '/v1/api/licensing/update')).status).toBe(409);
  });

  it('a signed update is a new revision of the entitlement of its customer', async () => {
    const body = JSON.stringify({ serial: 'REVISIONS', eliteSeats: 1, ownField: { kept: 1.5 } });
    const more = JSON.stringify({ serial: 'REVISIONS', eliteSeats: 2 });
    const first = (await update(server, token({ body }), body)).body;
    const second = (await update(server, token({ body: more }), more)).body;
    expect([first['revision'], second['revision']]).toEqual([1, 2]);
    const path = `${tenant.path}/licenses/${second['licenseId']}`;
    const license = await server.get(path, tenant.owner);
    expect(license.body).toMatchObject({
      customer: { serial: 'REVISIONS' },
      entitlement: { serial: 'REVISIONS', eliteSeats: 2 },
      revision: 2,
      kid,
    });
    expect(license.headers.get('etag')).toMatch(/^"2-/);
    const { items } = (await server.get(`${path}/revisions?limit=1`, tenant.owner)).body;
    expect(items).toMatchObject([{ revision: 2, body: more, kid, subject: 'CN=My Awesome Reseller' }]);
    const all = (await server.get(`${path}/revisions`, tenant.owner)).body['items'] as unknown as object[];
    expect(all).toMatchObject([{ revision: 2 }, { revision: 1, body }]);
    const list = (await server.get(`${tenant.path}/licenses`, tenant.owner)).body['items'] as unknown as object[];
    expect(list).toContainEqual(expect.objectContaining({ id: second['licenseId'] }));
    const history = await server.get(
      `${tenant.path}/audit-events?action=license.updated&targetId=${second['licenseId']}`,
      tenant.owner,
    );
    expect(history.body['items']).toHaveLength(2);
  });

  it('a signed update belongs to one tenant', async () => {
    const stranger = await createTenant(server, 'stranger');
    const { body } = await update(server, token());
    const path = `/licenses/${body['licenseId']}`;
    for (const suffix of ['', '/revisions']) {
      expect((await server.get(stranger.path + path + suffix, stranger.owner)).status).toBe(404);
    }
    expect((await server.get(`${stranger.path}/licenses`, stranger.owner)).body['items']).toEqual([]);
  });
});

/** A key is certified for one tenant only. */

const changed = (change: (body: string) => string | Buffer) => change(BODY);
const seconds = (): number => toEpochSeconds(server.clock.now());

/** What is wrong, the answer to it, and how the sender would have to do it. */
const REFUSED: readonly [
  what: string,
  status: number,
  code: string,
  send: () => [token: string, body?: string | Buffer],
][] = [
  ['an altered body', 401, 'INVALID_PAYLOAD_HASH', () => [token(), changed((body) => body.replace('15', '16'))]],
  ['blanks in the body', 401, 'INVALID_PAYLOAD_HASH', () => [token(), changed((body) => body.replaceAll(':', ': '))]],
  [
    'sorted members',
    401,
    'INVALID_PAYLOAD_HASH',
    () => [token(), JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(BODY) as object).toSorted()))],
  ],
  ['escaped characters', 401, 'INVALID_PAYLOAD_HASH', () => [token(), changed((body) => body.replace('E', '\\u0045'))]],
  ['a line end', 401, 'INVALID_PAYLOAD_HASH', () => [token(), `${BODY}\n`]],
  ['no body', 401, 'INVALID_PAYLOAD_HASH', () => [token(), '']],
  [
    'bad UTF-8',
    400,
    'MALFORMED_JSON',
    () => [token(), Buffer.concat([Buffer.from(BODY.slice(0, -1)), Buffer.from([0xff, 0x7d])])],
  ],
  [
    'duplicate members',
    400,
    'MALFORMED_JSON',
    () => [token(), changed((body) => body.replace('{', '{"eliteSeats":1,'))],
  ],
  ['an expired token', 401, 'EXPIRED_TOKEN', () => [token({ claims: { exp: seconds() - 60 } })]],
  ['more than 30 minutes', 401, 'EXPIRED_TOKEN', () => [token({ claims: { exp: seconds() + 1_861 } })]],
  ['no end', 400, 'INVALID_TOKEN', () => [token({ claims: { exp: undefined } })]],
  ['an unknown kid', 401, 'UNKNOWN_KID', () => [token({ kid: randomUUID() })]],
  ['a kid with other characters', 401, 'UNKNOWN_KID', () => [token({ kid: 'keys/reseller@example.com' })]],
  ['no kid', 401, 'UNKNOWN_KID', () => [token({ header: { kid: undefined } })]],
  ['another key', 401, 'INVALID_SIGNATURE', () => [token({ key: freshKey() })]],
  ['another algorithm', 400, 'INVALID_TOKEN', () => [token({ header: { alg: 'RS512' } })]],
  ['the algorithm none', 400, 'INVALID_TOKEN', () => [token({ header: { alg: 'none' } })]],
  ['a key of its own', 401, 'INVALID_SIGNATURE', () => [token({ key: STRANGER, header: { jwk: STRANGERS_JWK } })]],
  ['an extension', 400, 'INVALID_TOKEN', () => [token({ header: { crit: ['exp'] } })]],
  ['a fraction too late', 401, 'EXPIRED_TOKEN', () => [token({ claims: { exp: seconds() - 60.001 } })]],
  ['no jti', 400, 'INVALID_JTI', () => [token({ claims: { jti: undefined } })]],
  ['a number as jti', 400, 'INVALID_JTI', () => [token({ claims: { jti: 12_345_678 } })]],
  ['a jti that is no UUID', 400, 'INVALID_JTI', () => [token({ claims: { jti: 'not-a-uuid' } })]],
  ['no hash', 400, 'INVALID_TOKEN', () => [token({ claims: { payload_hash: undefined } })]],
  ['no token', 400, 'INVALID_TOKEN', () => ['x']],
];

describe('an update is refused', () => {
  it.each(REFUSED)('a signed update is rejected for %s', async (_what, status, code, send) => {
    const [sent, body = BODY] = send();
    const answer = await update(server, sent, body);
    expect(answer).toMatchObject({ status, body: { code } });
    expect(answer.text).toContain(code);
  });

  it.each([
    ['no customer', { eliteSeats: 1 }],
    ['half a customer', { ccId: { resellerId: 'R' } }],
    ['a negative count', { serial: 'S', eliteSeats: -1 }],
    ['half a seat', { serial: 'S', dialerSeats: 0.5 }],
    ['a count as text', { serial: 'S', aiMessaging: { standardBundles: '5' } }],
    ['a list', []],
  ])('a signed update is rejected for %s', async (_what, content) => {
    const body = JSON.stringify(content);
    expect(await update(server, token({ body }), body)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_ERROR' },
    });
  });

  it('a rejected update does not use up its jti', async () => {
    const jti = randomUUID();
    const wrong = [
      [token({ claims: { jti } }), BODY.replace('15', '16')],
      [token({ claims: { jti, exp: seconds() - 60 } })],
      [token({ claims: { jti, exp: seconds() + 1_861 } })],
      [token({ claims: { jti }, kid: randomUUID() })],
      [token({ claims: { jti }, body: '{"eliteSeats":1}' }), '{"eliteSeats":1}'],
      [token({ claims: { jti } }), BODY.replace('{', '{"eliteSeats":1,')],
      [token({ claims: { jti }, key: freshKey() })],
    ] as const;
    for (const [sent, body] of wrong) expect((await update(server, sent, body)).status).toBeGreaterThanOrEqual(400);
    expect((await update(server, token({ claims: { jti } }))).status).toBe(200);
    // The id counts, whatever else the token says.
    const later = token({ claims: { jti, exp: seconds() + 900 } });
    expect(await update(server, later)).toMatchObject({ status: 409, body: { code: 'DUPLICATE_JTI' } });
  });

  it('an update without credentials is rejected', async () => {
    expect(await server.post('/v1/licensing/update', {})).toMatchObject({
      status: 401,
      body: { code: 'CREDENTIALS_REQUIRED' },
    });
  });

  it('an update is rejected once the signing key of its certificate was marked as compromised, although it was not revoked', async () => {
    const own = await createTenant(server, 'compromised');
    const key = freshKey();
    const ownKid = await certify(server, own, key);
    const data = key.export({ type: 'pkcs8', format: 'pem' }).toString();
    const imported = await importKey(server, own, { algorithm: 'RS256', format: 'pem', data });
    const sent = () => update(server, token({ kid: ownKid, key }));
    expect((await sent()).status).toBe(200);
    const [version] = imported['versions'] as unknown as [{ kid: string }];
    const compromise = `${own.path}/keys/${imported['id']}/versions/${version.kid}/compromise`;
    expect((await server.post(compromise, {}, own.owner)).status).toBe(200);
    expect(await sent()).toMatchObject({ status: 401, body: { code: 'INVALID_CERTIFICATE' } });
  });

  it('an update is rejected once its certificate is revoked, and while its tenant is suspended', async () => {
    const own = await createTenant(server, 'revoked');
    const key = freshKey();
    const ownKid = await certify(server, own, key);
    const sent = () => update(server, token({ kid: ownKid, key }));
    expect((await sent()).status).toBe(200);
    const admin = await server.login();
    await server.post(`/v1/tenants/${own.id}/suspend`, {}, { token: admin });
    expect(await sent()).toMatchObject({ status: 401, body: { code: 'INVALID_CERTIFICATE' } });
    await server.post(`/v1/tenants/${own.id}/reactivate`, {}, { token: admin });
    const twice = token({ kid: ownKid, key });
    expect([(await update(server, twice)).status, (await update(server, twice)).status]).toEqual([200, 409]);
    await server.post(`${own.path}/certificates/${ownKid}/revoke`, { reason: 'keyCompromise' }, own.owner);
    expect(await sent()).toMatchObject({ status: 401, body: { code: 'INVALID_CERTIFICATE' } });
    const refused = await server.get(`${own.path}/audit-events?action=license.refused`, own.owner);
    // Only what the holder of the key did: a `kid` is no secret, and anybody could fill the history with it.
    expect(refused.body['items']).toMatchObject([{ details: { code: 'DUPLICATE_JTI' } }]);
  });
});

describe('a client whose key is kept here', () => {
  it('a client whose key is stored here gets the token and its body', async () => {
    const { id: keyId } = await importKey(server, tenant, {
      algorithm: 'RS256',
      format: 'pem',
      data: GOLDEN.privateKeyPem,
    });
    const profile = await createProfile(server, tenant, { format: 'xima-licensing', keyId, certificateKid: kid });
    const { serviceKey } = await createService(server, tenant, [profile]);
    const call = { serviceKey };
    const { body: signed } = await server.post(`/v1/sign/${profile}`, { payload: GOLDEN.payloads.ccId }, call);
    expect(signed).toMatchObject({ kid, format: 'xima-licensing', body: BODY });
    const verify = async (body?: string) =>
      (
        await server.post(
          '/v1/verify',
          { profile, token: signed['token'], ...(body === undefined ? {} : { body }) },
          call,
        )
      ).body;
    expect(await verify(BODY)).toMatchObject({ valid: true, code: 'OK', kid });
    expect(await verify(`${BODY} `)).toMatchObject({ valid: false, code: 'INVALID_PAYLOAD_HASH' });
    expect(await verify()).toMatchObject({ valid: false, code: 'INVALID_PAYLOAD_HASH' });
    expect(await update(server, signed['token']!, signed['body']!)).toMatchObject({ status: 200 });
  });

  it('a client whose key is stored here is told when the certificate of the profile is gone', async () => {
    const own = await createTenant(server, 'gone');
    const key = freshKey();
    const ownKid = await certify(server, own, key);
    const profile = await createProfile(server, own, { format: 'xima-licensing', certificateKid: ownKid });
    const { serviceKey } = await createService(server, own, [profile]);
    const verify = async () =>
      (await server.post('/v1/verify', { profile, token: token({ kid: ownKid, key }), body: BODY }, { serviceKey }))
        .body;
    expect(await verify()).toMatchObject({ valid: true });
    expect(await server.post(`/v1/sign/${profile}`, { body: BODY }, { serviceKey })).toMatchObject({
      status: 409,
      body: { code: 'KEY_NOT_USABLE' },
    });
    await server.post(`${own.path}/certificates/${ownKid}/revoke`, { reason: 'superseded' }, own.owner);
    expect(await verify()).toMatchObject({ valid: false, code: 'CERTIFICATE_REVOKED' });
  });
});

it('a used jti is forgotten once its token has expired, and not before', async () => {
  const clock = manualClock(server);
  const once = token();
  await update(server, once);
  clock.advance(31 * MINUTE - SECOND);
  await server.runScheduler();
  expect((await update(server, once)).body['code']).toBe('DUPLICATE_JTI');
  clock.advance(SECOND);
  expect((await update(server, once)).body['code']).toBe('EXPIRED_TOKEN');
  const jti = randomUUID();
  await update(server, token({ claims: { jti } }));
  clock.advance(30 * MINUTE);
  await server.runScheduler();
  expect((await update(server, token({ claims: { jti } }))).body['code']).toBe('DUPLICATE_JTI');
  // An hour longer than the token lives: clocks of instances differ.
  clock.advance(60 * MINUTE + 61 * SECOND);
  await server.runScheduler();
  expect((await update(server, token({ claims: { jti } }))).status).toBe(200);
});
