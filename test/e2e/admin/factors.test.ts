import { generateKeyPairSync } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY, ManualClock, MINUTE, SECOND } from '#core';
import { type Deviations, createAuthenticator } from '../../support/authenticator.js';
import { enrolPasskey, enrolTotp, pageOf, stepUp } from '../../support/factors.js';
import { joinTenant } from '../../support/people.js';
import {
  ADMIN,
  type Answer,
  PASSWORD,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

const clock = new ManualClock();
const STEP = 30 * SECOND;
let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server, 'factors');
});
afterAll(() => server.close());
beforeEach(async () => {
  const { email } = tenant.owner;
  tenant = { ...tenant, owner: { email, token: await server.login(email, PASSWORD) } };
});

const refusal = (status: number, code: string) => ({ status, body: { code } });
const INVALID = refusal(401, 'INVALID_CREDENTIALS');

let people = 0;
/** A new member who is signed in. */
async function newcomer(role = 'full_access'): Promise<{ email: string; userId: string; token: string }> {
  const email = `person-${++people}@factors.test`;
  const { userId } = await joinTenant(server, tenant, { email, role });
  return { email, userId: userId as unknown as string, token: await server.login(email, PASSWORD) };
}
const logIn = (email: string) => server.post('/v1/auth/login', { email, password: PASSWORD });
const ask = async (email: string): Promise<string> => (await logIn(email)).body['mfaToken']!;
const verify = (mfaToken: string, proof: object): Promise<Answer> =>
  server.post('/v1/auth/login/verify', { mfaToken, ...proof });
/** Begins to enrol a passkey: what the browser is given, and the call with its answer. */
async function beginPasskey(token: string) {
  const request = { kind: 'passkey', name: 'key', password: PASSWORD };
  const { body } = await server.post('/v1/auth/factors', request, { token });
  const path = `/v1/auth/factors/${body['factor']!['id']}/confirm`;
  return { options: body['passkey']!, confirm: (passkey: object) => server.post(path, { passkey }, { token }) };
}
const eventsOf = async (action: string) =>
  (await server.get(`${tenant.path}/audit-events?action=${action}&limit=1`, tenant.owner)).body['items']![0];

describe('codes of an application', () => {
  it('codes of an application are asked for at the sign-in from their confirmation on, each once', async () => {
    const { email, token } = await newcomer();
    const enrolled = await server.post('/v1/auth/factors', { kind: 'totp', name: 'x', password: PASSWORD }, { token });
    expect(enrolled.body['totp']!['uri']).toContain('otpauth://totp/Chancery:');
    expect((await logIn(email)).body).toHaveProperty('accessToken');

    const application = await enrolTotp(server, token);
    expect(application.recoveryCodes).toHaveLength(10);
    expect(await eventsOf('factor.enrolled')).toMatchObject({ details: { kind: 'totp', name: 'phone' } });
    const asked = await logIn(email);
    expect(asked.body).toEqual({
      mfaRequired: true,
      mfaToken: expect.stringMatching(/^cmfa_[0-9A-Za-z]{49}$/),
      methods: ['totp', 'recovery_code'],
      passkeyOptions: null,
    });
    // The code of the confirmation is used up.
    expect(await verify(asked.body['mfaToken']!, { totp: application.code() })).toMatchObject(INVALID);
    clock.advance(STEP);
    const started = await verify(asked.body['mfaToken']!, { totp: application.code() });
    expect(started).toMatchObject({ status: 200, body: { tokenType: 'Bearer', expiresIn: 900 } });
    expect(await eventsOf('session.started')).toMatchObject({ details: { email, secondFactor: 'totp' } });
    expect(await eventsOf('session.factor_asked')).toMatchObject({ details: { email } });
    expect((await server.get('/v1/auth/me', { token: started.body['accessToken']! })).body).toMatchObject({
      user: { secondFactor: true },
    });

    expect(await verify(asked.body['mfaToken']!, { totp: application.code() })).toMatchObject(INVALID);
    expect(await verify(await ask(email), { totp: application.code() })).toMatchObject(INVALID);
    clock.advance(STEP);
    expect((await verify(await ask(email), { totp: application.code(clock.now() - STEP) })).status).toBe(401);
    expect((await verify(await ask(email), { totp: application.code(clock.now() + STEP) })).status).toBe(200);
  });

  it('codes of an application that come several times in parallel begin one session', async () => {
    const { email, token } = await newcomer();
    const application = await enrolTotp(server, token);
    clock.advance(STEP);
    const code = application.code();
    const questions = [await ask(email), await ask(email), await ask(email), await ask(email)];
    const answers = await Promise.all(questions.map((question) => verify(question, { totp: code })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401]);
    const twice = await ask(email);
    const [recoveryCode] = application.recoveryCodes;
    const recovered = await Promise.all([verify(twice, { recoveryCode }), verify(twice, { recoveryCode })]);
    expect(recovered.map(({ status }) => status).toSorted()).toEqual([200, 401]);
  });

  it('codes of an application that are guessed lock the account, whichever sign-in they come by, and are recorded', async () => {
    const { email, token } = await newcomer();
    const application = await enrolTotp(server, token);
    clock.advance(2 * STEP);
    const wrong = application.code(clock.now() - DAY);
    const first = await ask(email);
    for (let guess = 0; guess < 3; guess += 1) expect(await verify(first, { totp: wrong })).toMatchObject(INVALID);
    const second = await ask(email);
    for (let guess = 0; guess < 2; guess += 1) expect(await verify(second, { totp: wrong })).toMatchObject(INVALID);
    const locked = refusal(429, 'TOO_MANY_ATTEMPTS');
    expect(await verify(second, { totp: application.code() })).toMatchObject(locked);
    expect(await verify(await ask(email), { totp: application.code() })).toMatchObject(locked);
    expect(await server.post('/v1/auth/step-up', { totp: application.code() }, { token })).toMatchObject(locked);
    expect(await eventsOf('session.refused')).toMatchObject({ details: { email, reason: 'second factor' } });
    // The password alone is not locked by them, and the lock ends.
    clock.advance(30 * SECOND);
    expect((await verify(await ask(email), { totp: application.code() })).status).toBe(200);
  });

  it('a question for a second factor ends with five wrong answers, with its time, and with a change of the password', async () => {
    const { email, token } = await newcomer();
    const { device } = await enrolPasskey(server, token);
    const asked = (await logIn(email)).body;
    const answer = () => ({ passkey: device.get(asked['passkeyOptions']!) });
    const wrong = { passkey: device.get(asked['passkeyOptions']!, { userVerified: false }) };
    for (let guess = 0; guess < 5; guess += 1) {
      expect(await verify(asked['mfaToken']!, wrong)).toMatchObject(INVALID);
    }
    expect(await verify(asked['mfaToken']!, answer())).toMatchObject(INVALID);

    const late = (await logIn(email)).body;
    clock.advance(5 * MINUTE);
    const lateAnswer = { passkey: device.get(late['passkeyOptions']!) };
    expect(await verify(late['mfaToken']!, lateAnswer)).toMatchObject(INVALID);

    const before = (await logIn(email)).body;
    const change = { currentPassword: PASSWORD, newPassword: `${PASSWORD}!` };
    expect((await server.post('/v1/auth/password', change, { token })).status).toBe(204);
    const beforeAnswer = { passkey: device.get(before['passkeyOptions']!) };
    expect(await verify(before['mfaToken']!, beforeAnswer)).toMatchObject(INVALID);
  });

  it.each([
    [{ mfaToken: 'x', totp: '123456', recoveryCode: 'x' }, 400],
    [{ mfaToken: 'x' }, 400],
    [{ mfaToken: 'x', totp: '12345' }, 400],
    [{ mfaToken: 'x', passkey: {} }, 401],
    [{ mfaToken: `cmfa_${'0'.repeat(49)}`, totp: '123456' }, 401],
  ])('a sign-in is not completed by %j', async (body, status) => {
    expect((await server.post('/v1/auth/login/verify', body)).status).toBe(status);
  });
});

describe('a passkey', () => {
  it('a passkey begins a session, also one in a cookie', async () => {
    const { email, token } = await newcomer();
    const { device } = await enrolPasskey(server, token);
    const asked = (await logIn(email)).body;
    expect(asked).toMatchObject({
      methods: ['passkey', 'recovery_code'],
      passkeyOptions: { rpId: 'localhost', userVerification: 'required' },
    });
    const body = {
      mfaToken: asked['mfaToken'],
      passkey: device.get(asked['passkeyOptions']!),
      session: 'cookie',
    };
    const page = pageOf(server);
    const headers = { Origin: page };
    // The test calls by the address, a page would by the name.
    expect(await server.post('/v1/auth/login/verify', body, { headers })).toMatchObject(
      refusal(403, 'ORIGIN_NOT_ALLOWED'),
    );
    const started = await server.post('/v1/auth/login/verify', body, { headers: { Origin: server.url } });
    expect(started.status).toBe(200);
    expect(started.body).not.toHaveProperty('refreshToken');
    expect(started.headers.get('set-cookie')).toMatch(/^chancery-session=crft_/);
  });

  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  it.each<[string, Deviations]>([
    ['for another origin', { origin: 'https://evil.test' }],
    ['for the address of the server', { origin: 'http://127.0.0.1' }],
    ['for another relying party', { rpId: 'evil.test' }],
    ['for another challenge', { challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    ['that registers', { type: 'webauthn.create' }],
    ['without the person', { userVerified: false }],
    ['that a copy of the device gave', { signCount: 1 }],
    ['that another key signed', { signedBy: stranger }],
  ])('a passkey is rejected with an answer %s', async (_, deviations) => {
    const { email, token } = await newcomer();
    const { device } = await enrolPasskey(server, token);
    const asked = (await logIn(email)).body;
    const options = asked['passkeyOptions']!;
    expect(await verify(asked['mfaToken']!, { passkey: device.get(options, deviations) })).toMatchObject(INVALID);
    // The same question, rightly answered.
    expect((await verify(asked['mfaToken']!, { passkey: device.get(options) })).status).toBe(200);
  });

  it('a passkey answers one question: its answer to another sign-in is rejected', async () => {
    const { email, token } = await newcomer();
    const { device } = await enrolPasskey(server, token);
    const [one, other] = [(await logIn(email)).body, (await logIn(email)).body];
    const passkey = device.get(one['passkeyOptions']!);
    expect(await verify(other['mfaToken']!, { passkey })).toMatchObject(INVALID);
    expect((await verify(one['mfaToken']!, { passkey })).status).toBe(200);
    expect(await verify(one['mfaToken']!, { passkey })).toMatchObject(INVALID);
  });

  it.each<[string, Deviations]>([
    ['for another origin', { origin: 'https://evil.test' }],
    ['for another challenge', { challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    ['without the person', { userVerified: false }],
  ])('a passkey is not enrolled by an answer %s', async (_, deviations) => {
    const { token } = await newcomer();
    const { options, confirm } = await beginPasskey(token);
    const answer = createAuthenticator(pageOf(server)).create(options, deviations);
    expect(await confirm(answer)).toMatchObject(refusal(403, 'FACTOR_INVALID'));
    expect((await server.get('/v1/auth/factors', { token })).body['items']).toEqual([]);
  });

  it('a passkey is kept with those transports only that browsers know', async () => {
    const { token } = await newcomer();
    const { options, confirm } = await beginPasskey(token);
    const device = createAuthenticator(pageOf(server));
    const made = device.create(options) as { response: object };
    const passkey = { ...made, response: { ...made.response, transports: ['usb', 'unknown'] } };
    expect((await confirm(passkey)).status).toBe(200);
    const asked = (await server.post('/v1/auth/step-up/challenge', undefined, { token })).body['passkeyOptions']!;
    const headers = await stepUp(server, token, { passkey: device.get(asked) });
    const request = { kind: 'passkey', name: 'next' };
    const next = await server.post('/v1/auth/factors', request, { token, headers });
    expect(next.body['passkey']!['excludeCredentials']).toMatchObject([{ transports: ['usb'] }]);
  });

  it.each([
    ['of the longest id that the standard permits', 1023, 200],
    ['of a longer id', 1024, 403],
  ])('a passkey %s is enrolled, or not', async (_, bytes, status) => {
    const { options, confirm } = await beginPasskey((await newcomer()).token);
    expect((await confirm(createAuthenticator(pageOf(server), bytes).create(options))).status).toBe(status);
  });

  it('a passkey that counts further than can be stored is enrolled, and begins sessions', async () => {
    const { email, token } = await newcomer();
    const { options, confirm } = await beginPasskey(token);
    const device = createAuthenticator(pageOf(server));
    const signCount = 2 ** 32 - 1;
    expect((await confirm(device.create(options, { signCount }))).status).toBe(200);
    for (let session = 1; session <= 2; session += 1) {
      const asked = (await logIn(email)).body;
      const answer = device.get(asked['passkeyOptions']!, { signCount });
      expect((await verify(asked['mfaToken']!, { passkey: answer })).status).toBe(200);
    }
  });

  it('a passkey is not enrolled as the eleventh factor of an account', async () => {
    const { token } = await newcomer();
    const { recoveryCodes } = await enrolTotp(server, token);
    const headers = await stepUp(server, token, { recoveryCode: recoveryCodes[0] });
    for (let factors = 2; factors <= 10; factors += 1) await enrolTotp(server, token, headers);
    const eleventh = await server.post('/v1/auth/factors', { kind: 'passkey', name: 'key' }, { token, headers });
    expect(eleventh).toMatchObject(refusal(409, 'FACTOR_LIMIT_REACHED'));
  });

  it('a passkey is not offered where browsers have none', async () => {
    const plain = await startTestServer({ clock, environment: { CHANCERY_PUBLIC_URL: 'https://192.0.2.1' } });
    try {
      const request = { kind: 'passkey', name: 'laptop', password: ADMIN.password };
      const answer = await plain.post('/v1/auth/factors', request, { token: await plain.login() });
      expect(answer).toMatchObject(refusal(422, 'PASSKEYS_UNAVAILABLE'));
    } finally {
      await plain.close();
    }
  });
});

describe('recovery codes', () => {
  it('recovery codes take the place of a factor, each once, and new ones end the former', async () => {
    const { email, token } = await newcomer();
    const { recoveryCodes } = await enrolTotp(server, token);
    const [one, two, three] = recoveryCodes as [string, string, string];
    expect((await verify(await ask(email), { recoveryCode: one.toLowerCase().replaceAll('-', ' ') })).status).toBe(200);
    expect(await eventsOf('factor.recovery_code_used')).toBeDefined();
    expect(await verify(await ask(email), { recoveryCode: one })).toMatchObject(INVALID);
    expect((await server.get('/v1/auth/factors', { token })).body['recoveryCodesLeft']).toBe(9);

    const headers = await stepUp(server, token, { recoveryCode: two });
    const renewed = await server.post('/v1/auth/factors/recovery-codes', undefined, { token, headers });
    expect(renewed.body['recoveryCodes']).toHaveLength(10);
    expect(await verify(await ask(email), { recoveryCode: three })).toMatchObject(INVALID);
    const fresh = renewed.body['recoveryCodes']![0];
    expect((await verify(await ask(email), { recoveryCode: fresh })).status).toBe(200);
    // Another account's code opens nothing.
    const other = await newcomer();
    await enrolTotp(server, other.token);
    const foreign = renewed.body['recoveryCodes']![1];
    expect(await verify(await ask(other.email), { recoveryCode: foreign })).toMatchObject(INVALID);
  });
});

describe('the factors of an account', () => {
  it('the factors of an account are changed with the password only as long as there is none', async () => {
    const { email, token } = await newcomer();
    const required = refusal(403, 'SECOND_FACTOR_REQUIRED');
    const request = { kind: 'totp', name: 'x' };
    expect(await server.post('/v1/auth/factors', request, { token })).toMatchObject(refusal(401, 'PASSWORD_REQUIRED'));
    const application = await enrolTotp(server, token);
    const path = `/v1/auth/factors/${application.factorId}`;
    const byPassword = { password: PASSWORD };
    expect(await server.post('/v1/auth/factors', { ...request, ...byPassword }, { token })).toMatchObject(required);
    expect(await server.delete(path, byPassword, { token })).toMatchObject(required);
    expect(await server.post('/v1/auth/factors/recovery-codes', byPassword, { token })).toMatchObject(required);
    const weak = await stepUp(server, token, byPassword);
    expect(await server.delete(path, {}, { token, headers: weak })).toMatchObject(required);

    clock.advance(STEP);
    const headers = await stepUp(server, token, { totp: application.code() });
    const stranger = await newcomer();
    expect(await server.delete(path, byPassword, stranger)).toMatchObject(refusal(404, 'NOT_FOUND'));
    const { factorId } = await enrolPasskey(server, token, headers);
    expect((await server.delete(path, {}, { token, headers })).status).toBe(204);
    expect(await server.delete(path, {}, { token, headers })).toMatchObject(refusal(404, 'NOT_FOUND'));
    expect((await server.get('/v1/auth/factors', { token })).body).toMatchObject({
      items: [{ id: factorId, kind: 'passkey', name: 'laptop' }],
      recoveryCodesLeft: 10,
    });
    expect((await server.delete(`/v1/auth/factors/${factorId}`, {}, { token, headers })).status).toBe(204);
    expect((await server.get('/v1/auth/factors', { token })).body).toEqual({ items: [], recoveryCodesLeft: 0 });
    expect((await logIn(email)).body).toHaveProperty('accessToken');
  });

  it('the factors of an account that are not confirmed in time count never', async () => {
    const { token } = await newcomer();
    const request = { kind: 'totp', name: 'x', password: PASSWORD };
    const { factor } = (await server.post('/v1/auth/factors', request, { token })).body;
    const confirm = () => server.post(`/v1/auth/factors/${factor!['id']}/confirm`, { totp: '123456' }, { token });
    expect(await confirm()).toMatchObject(refusal(403, 'FACTOR_INVALID'));
    clock.advance(5 * MINUTE);
    expect(await confirm()).toMatchObject(refusal(404, 'NOT_FOUND'));
  });

  it('the factors of an account are deleted by an owner where the tenant alone knows it, and by the administrator', async () => {
    const member = await newcomer();
    await enrolTotp(server, member.token);
    const path = `${tenant.path}/members/${member.userId}/factors`;
    expect(await server.delete(path, {}, tenant.owner)).toMatchObject(refusal(401, 'PASSWORD_REQUIRED'));
    expect(await server.delete(path, { password: PASSWORD }, member)).toMatchObject(refusal(403, 'FORBIDDEN'));
    expect((await server.delete(path, { password: PASSWORD }, tenant.owner)).status).toBe(204);
    expect(await eventsOf('factor.reset')).toMatchObject({ target: { id: member.userId } });
    expect((await server.get('/v1/auth/me', member)).status).toBe(401);
    const token: string = (await logIn(member.email)).body['accessToken']!;

    await enrolTotp(server, token);
    const asAdmin = { token: await server.login() };
    const ofUser = `/v1/users/${member.userId}/factors`;
    expect((await server.delete(ofUser, { password: ADMIN.password }, asAdmin)).status).toBe(204);
    expect((await logIn(member.email)).body).toHaveProperty('accessToken');
    const verified = `${tenant.path}/members/${(await server.get('/v1/auth/me', asAdmin)).body['user']!['id']}/factors`;
    expect((await server.delete(verified, { password: PASSWORD }, tenant.owner)).status).toBe(404);
  });

  it.each(['an owner', 'the administrator'])(
    'the factors of an account are deleted by %s who has one by that one only, also their own',
    async (who) => {
      const own = await createTenant(server);
      const byOwner = who === 'an owner';
      const token = byOwner ? own.owner.token : await server.login();
      const userId: string = (await server.get('/v1/auth/me', { token })).body['user']!['id']!;
      const path = byOwner ? `${own.path}/members/${userId}/factors` : `/v1/users/${userId}/factors`;
      const password = byOwner ? PASSWORD : ADMIN.password;
      const { recoveryCodes } = await enrolTotp(server, token, await stepUp(server, token, { password }));
      const required = refusal(403, 'SECOND_FACTOR_REQUIRED');
      expect(await server.delete(path, { password }, { token })).toMatchObject(required);
      const byPassword = await stepUp(server, token, { password });
      expect(await server.delete(path, {}, { token, headers: byPassword })).toMatchObject(required);
      const headers = await stepUp(server, token, { recoveryCode: recoveryCodes[0] });
      expect((await server.delete(path, {}, { token, headers })).status).toBe(204);
    },
  );
});

describe('a tenant that requires a second factor', () => {
  it('a tenant that requires a second factor lets a member without one do nothing but enrol it', async () => {
    const strict = await createTenant(server, 'strict-factors');
    const { email, token } = strict.owner;
    const required = refusal(403, 'SECOND_FACTOR_REQUIRED');
    const expiresAt = new Date(clock.now() + DAY).toISOString();
    const created = await server.post(
      `${strict.path}/api-tokens`,
      { name: 'x', permissions: ['services:read'], expiresAt, password: PASSWORD },
      strict.owner,
    );
    const apiToken = { token: created.body['token']! };
    const settings = { requireSecondFactor: true };
    expect((await server.patch(strict.path, { settings }, strict.owner)).status).toBe(200);
    expect(await server.get(`${strict.path}/services`, { token })).toMatchObject(required);
    expect(await server.patch(strict.path, { settings: { requireSecondFactor: false } }, { token })).toMatchObject(
      required,
    );
    expect(await server.get(`${strict.path}/services`, apiToken)).toMatchObject(required);
    expect((await server.get('/v1/auth/me', { token })).body).toMatchObject({
      user: { secondFactor: false },
      memberships: [{ slug: 'strict-factors', requiresSecondFactor: true }],
    });
    // The administrator of the platform is no member, and works on.
    expect((await server.get(strict.path, { token: await server.login() })).status).toBe(200);

    const application = await enrolTotp(server, token);
    expect((await server.get(`${strict.path}/services`, { token })).status).toBe(200);
    expect((await server.get(`${strict.path}/services`, apiToken)).status).toBe(200);
    clock.advance(STEP);
    const headers = await stepUp(server, token, { totp: application.code() });
    await server.delete(`/v1/auth/factors/${application.factorId}`, {}, { token, headers });
    const again: string = (await logIn(email)).body['accessToken']!;
    expect(await server.get(`${strict.path}/services`, { token: again })).toMatchObject(required);
  });
});

describe('a step-up', () => {
  const newService = async (): Promise<string> => {
    const created = await server.post(`${tenant.path}/services`, { name: `service-${++people}` }, tenant.owner);
    return `${tenant.path}/services/${created.body['service']!['id']}`;
  };

  it('a step-up serves instead of the password for five minutes of its session', async () => {
    const { email, token } = await newcomer();
    const answer = await server.post('/v1/auth/step-up', { password: PASSWORD }, { token });
    expect(answer.body).toEqual({ stepUpToken: expect.any(String), expiresIn: 300 });
    expect(await eventsOf('session.stepped_up')).toMatchObject({ details: { email, method: 'password' } });
    const headers = { 'X-Step-Up': answer.body['stepUpToken']! };
    const invalid = refusal(401, 'STEP_UP_INVALID');
    expect((await server.delete(await newService(), {}, { token, headers })).status).toBe(204);
    expect((await server.delete(await newService(), undefined, { token, headers })).status).toBe(204);

    const kept = await newService();
    const otherSession = await server.login(email, PASSWORD);
    expect(await server.delete(kept, {}, { token: otherSession, headers })).toMatchObject(invalid);
    expect(await server.delete(kept, {}, { ...tenant.owner, headers })).toMatchObject(invalid);
    for (const text of ['x', token, `${headers['X-Step-Up']}x`]) {
      const wrong = { token, headers: { 'X-Step-Up': text } };
      expect(await server.delete(kept, { password: PASSWORD }, wrong)).toMatchObject(invalid);
    }
    // It is no access token.
    expect((await server.get('/v1/auth/me', { token: headers['X-Step-Up'] })).status).toBe(401);
    clock.advance(5 * MINUTE);
    expect(await server.delete(kept, {}, { token, headers })).toMatchObject(invalid);
    expect((await server.delete(kept, { password: PASSWORD }, { token })).status).toBe(204);
  });

  it('a step-up is taken by codes, passkeys and recovery codes', async () => {
    const { token } = await newcomer();
    const challenge = () => server.post('/v1/auth/step-up/challenge', undefined, { token });
    expect(await challenge()).toMatchObject(refusal(403, 'SECOND_FACTOR_REQUIRED'));
    const application = await enrolTotp(server, token);
    const byRecovery = await stepUp(server, token, { recoveryCode: application.recoveryCodes[0] });
    const { device } = await enrolPasskey(server, token, byRecovery);
    const { methods, passkeyOptions } = (await challenge()).body;
    expect(methods).toEqual(['totp', 'passkey', 'recovery_code']);
    const passkey = device.get(passkeyOptions!);
    const headers = await stepUp(server, token, { passkey });
    expect((await server.delete(await newService(), {}, { token, headers })).status).toBe(204);
    expect(await server.post('/v1/auth/step-up', { passkey }, { token })).toMatchObject(refusal(403, 'FACTOR_INVALID'));
    for (const [proof, code] of [
      [{ password: 'wrong' }, 'PASSWORD_INVALID'],
      [{ totp: '000000' }, 'FACTOR_INVALID'],
      [{ passkey: { id: 'x' } }, 'FACTOR_INVALID'],
    ] as const) {
      expect(await server.post('/v1/auth/step-up', proof, { token })).toMatchObject(refusal(403, code));
    }
    expect((await server.post('/v1/auth/step-up', {}, { token })).status).toBe(400);
  });

  it('a step-up by a second factor gives an API token the right to do what asks a person for a password', async () => {
    const { token } = await newcomer();
    const expiresAt = new Date(clock.now() + DAY).toISOString();
    const request = { name: 'automation', permissions: ['services:write'], expiresAt, stepUp: true };
    const create = (body: object, headers: Record<string, string> = {}) =>
      server.post(`${tenant.path}/api-tokens`, { ...request, ...body }, { token, headers });
    const required = refusal(403, 'SECOND_FACTOR_REQUIRED');
    expect(await create({ password: PASSWORD })).toMatchObject(required);
    const application = await enrolTotp(server, token);
    expect(await create({ password: PASSWORD })).toMatchObject(required);
    clock.advance(STEP);
    const headers = await stepUp(server, token, { totp: application.code() });
    const created = await create({}, { ...headers, 'Idempotency-Key': 'with-step-up' });
    expect(created.status).toBe(201);
    expect((await server.delete(await newService(), {}, { token: created.body['token']! })).status).toBe(204);
    // A repetition reads the token again only with the same step-up.
    const repeated = await create({}, { ...headers, 'Idempotency-Key': 'with-step-up' });
    expect(repeated.body['token']).toBe(created.body['token']);
    expect(await create({}, { 'Idempotency-Key': 'with-step-up' })).toMatchObject(
      refusal(422, 'IDEMPOTENCY_KEY_REUSED'),
    );
  });
});
