import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

import { Secret as OtpSecret } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ManualClock, SECOND } from '#core';
import { privateKeyToBytes } from '#crypto';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { enrolTotp, stepUp } from '../../support/factors.js';
import { createApiToken, invite } from '../../support/people.js';
import {
  ADMIN,
  PASSWORD,
  TEST_MASTER_KEY,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { type TestIssuer, createIssuer, unsigned } from '../signing/issuer.js';
import { dumpDatabase, textOf } from './database-dump.js';

const NEW_PASSWORD = 'another password that is long enough';
const WRONG_PASSWORD = 'a password that somebody mistyped';
const PLANTED = 'csk_plantedplantedplantedplantedplantedplantedplanted';

let database: TestDatabase;
let server: TestServer;
let tenant: TestTenant;
const secrets = new Map<string, string>();

/** The forms in which a secret might have been written down. */
function formsOf(secret: string): string[] {
  const texts = [Buffer.from(secret), Buffer.from(secret, 'base64')];
  return [
    secret,
    encodeURIComponent(secret),
    ...texts.flatMap((bytes) => [
      bytes.toString('base64').replace(/=+$/, ''),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      bytes.toString('latin1'),
    ]),
  ].filter((form) => form.length >= 12);
}

/** Names of the secrets that a text gives away. */
const exposedIn = (text: string): string[] =>
  [...secrets].filter(([, secret]) => formsOf(secret).some((form) => text.includes(form))).map(([name]) => name);

/** Everything that the database holds: all rows and, where it is a file, its bytes with those of its journal. */
async function everythingStored(): Promise<string> {
  const file = database.url.slice('sqlite:'.length);
  const files = database.url.startsWith('sqlite:') ? [file, `${file}-wal`].filter(existsSync) : [];
  return [textOf(await dumpDatabase(database.url)), ...files.map((name) => readFileSync(name, 'latin1'))].join('\n');
}

/** A service's own JWT, as `Authorization` shows it. */
function callerToken({ service: { id, jwtSecret } }: TestIssuer): string {
  const text = unsigned({ alg: 'HS256', typ: 'JWT' }, { iss: id, iat: new ManualClock().now() / SECOND });
  return `${text}.${createHmac('sha256', Buffer.from(jwtSecret, 'base64')).update(text).digest('base64url')}`;
}

/** Uses every secret in the way that it is made for, and in some that it is not. */
async function useEverySecret(issuer: TestIssuer): Promise<void> {
  const { serviceKey, jwtSecret, id } = issuer.service;
  const token = callerToken(issuer);
  const issued: string = (await issuer.sign({ subject: 'user-42' })).body['token']!;
  const created = { ...tenant.owner, headers: { 'Idempotency-Key': 'with-secrets' } };
  const idempotent = (await server.post(`${tenant.path}/services`, { name: 'repeated' }, created)).body;
  for (const [name, secret] of Object.entries({ serviceKey, jwtSecret, callerToken: token, issuedToken: issued })) {
    secrets.set(name, secret);
  }
  secrets.set('serviceKeyOfKeptAnswer', idempotent['serviceKey']!['secret']!);
  secrets.set('privateKey', privateKeyToBytes((await issuer.openKey()).signingKey).toString('base64'));

  await server.post(`/v1/sign/${issuer.profile}`, {}, { token });
  await issuer.verify(issued);
  await server.get(`${tenant.path}/services/${id}/credentials`, tenant.owner);
  const { credentialId } = (await server.get('/v1/whoami', { serviceKey })).body;
  const revealed = await server.post(
    `${tenant.path}/services/${id}/credentials/${credentialId}/reveal`,
    {},
    tenant.owner,
  );
  expect(revealed.body['secret']).toBe(serviceKey);

  await server.post('/v1/auth/login', { email: tenant.owner.email, password: WRONG_PASSWORD });
  await server.post('/v1/auth/login', { email: tenant.owner.email, password: PASSWORD, unknown: serviceKey });
  await server.post('/v1/auth/login', `{"password": "${PASSWORD}" "email"`);
  await server.get(`/v1/whoami?key=${serviceKey}&token=${token}`);
  await server.get('/v1/whoami', { headers: { Authorization: `Basic ${jwtSecret}` } });
  await server.get('/v1/whoami', { token: `${token}x`, serviceKey: `${serviceKey}x` });
  await server.post(`${tenant.path}/services`, { name: 'x', secret: serviceKey }, tenant.owner);
  // In the path of a call that is refused, and whose refusal is recorded.
  expect((await server.get(`/v1/tenants/somebody-else/keys/${serviceKey}`, tenant.owner)).status).toBe(404);
  const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
  expect((await server.post('/v1/auth/password', change, tenant.owner)).status).toBe(204);
}

/** The secrets of accounts: each used as it is made for, once more, and in places where it does not belong. */
async function useSecretsOfAccounts(): Promise<void> {
  const { email, token } = tenant.owner;
  const session = (await server.post('/v1/auth/login', { email, password: PASSWORD })).body;
  const refreshToken = session['refreshToken']!;
  const renewed = (await server.post('/v1/auth/refresh', { refreshToken })).body;
  const invitation = await invite(server, tenant, 'newcomer@secrets.test', 'auditor');
  const newcomer = { token: invitation, name: 'Newcomer', password: PASSWORD };
  const { userId } = (await server.post('/v1/invitations/accept', newcomer)).body;
  const reset = await server.post(`${tenant.path}/members/${userId}/reset`, { password: PASSWORD }, tenant.owner);
  const apiToken = await createApiToken(server, tenant, ['services:read']);
  const webhook = { url: 'https://receiver.test/', actions: ['key.*'] };
  const withKey = { token, headers: { 'Idempotency-Key': 'webhook' } };
  const person = { email: 'newcomer@secrets.test', password: PASSWORD };
  const newcomerToken = (await server.post('/v1/auth/login', person)).body['accessToken']!;
  const application = await enrolTotp(server, newcomerToken);
  const [usedCode, recoveryCode] = application.recoveryCodes as [string, string];
  const fresh = await stepUp(server, newcomerToken, { recoveryCode: usedCode });
  const { mfaToken } = (await server.post('/v1/auth/login', person)).body;
  const made = {
    webhookSecret: (await server.post(`${tenant.path}/webhooks`, webhook, withKey)).body['secret']!,
    refreshToken,
    renewedAccessToken: renewed['accessToken']!,
    renewedRefreshToken: renewed['refreshToken']!,
    invitationToken: invitation,
    resetToken: reset.body['token']!,
    apiToken: apiToken.token,
    totpSecret: application.secret,
    totpKey: OtpSecret.fromBase32(application.secret).hex,
    usedRecoveryCode: usedCode,
    recoveryCode,
    mfaToken: mfaToken!,
    stepUpToken: fresh['X-Step-Up']!,
  };
  expect((await server.get(`${tenant.path}/services`, { token: apiToken.token })).status).toBe(200);
  expect((await server.post('/v1/auth/refresh', { refreshToken })).status).toBe(401);
  expect((await server.post('/v1/invitations/accept', newcomer)).status).toBe(410);
  for (const [name, secret] of Object.entries(made)) {
    secrets.set(name, secret);
    await server.get(`/v1/auth/me?token=${secret}`, { token: secret });
    await server.get(`${tenant.path}/keys/${secret}`, { token });
    await server.post(`${tenant.path}/members`, { email: 'x@secrets.test', role: secret }, { token });
    for (const path of ['/v1/auth/refresh', '/v1/auth/reset/complete', '/v1/invitations/accept']) {
      await server.post(path, { token: secret, refreshToken: secret, password: 'short' });
    }
    await server.post('/v1/auth/login/verify', { mfaToken: secret, recoveryCode: secret });
    await server.delete(`${tenant.path}/services/${userId}`, {}, { token, headers: { 'X-Step-Up': secret } });
  }
}

/** What an unplanned fault says: the driver's message quotes the values of the row that it refused. */
async function failInTheDatabase(issuer: TestIssuer): Promise<void> {
  const plain = await openPlainDataSource(database.url);
  try {
    await plain.query('ALTER TABLE services RENAME TO services_elsewhere');
    const failed = await server.get('/v1/whoami', { serviceKey: issuer.service.serviceKey });
    expect(failed.status).toBeGreaterThanOrEqual(500);
    expect(failed.text).not.toMatch(/services|select|sqlite|mysql/i);
    await plain.query('ALTER TABLE services_elsewhere RENAME TO services');
  } finally {
    await plain.destroy();
  }
}

beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database, environment: { LOG_LEVEL: 'debug' } });
  tenant = await createTenant(server, 'secrets');
  for (const [name, secret] of Object.entries({
    adminPassword: ADMIN.password,
    ownerPassword: PASSWORD,
    newPassword: NEW_PASSWORD,
    wrongPassword: WRONG_PASSWORD,
    masterKey: TEST_MASTER_KEY,
    accessToken: tenant.owner.token,
  })) {
    secrets.set(name, secret);
  }
  const issuer = await createIssuer(server, tenant);
  await useSecretsOfAccounts();
  await useEverySecret(issuer);
  await failInTheDatabase(issuer);
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

describe('a secret', () => {
  it('a secret is in no line of the log', () => {
    expect(server.logs.length).toBeGreaterThan(25);
    expect(exposedIn(server.logs.join('\n'))).toEqual([]);
  });

  it('a secret is nowhere in the database', async () => {
    expect(exposedIn(await everythingStored())).toEqual([]);
  });

  it('a secret that were stored or logged would be found', async () => {
    expect(exposedIn([...secrets.values()].join(' '))).toEqual([...secrets.keys()]);
    expect(exposedIn(Buffer.from(PASSWORD).toString('base64'))).toEqual(['ownerPassword']);

    secrets.set('planted', PLANTED);
    const plain = await openPlainDataSource(database.url);
    await plain.query(`UPDATE tenants SET name = '${PLANTED}' WHERE id = '${tenant.id}'`);
    await plain.destroy();
    expect(exposedIn(await everythingStored())).toEqual(['planted']);
  });
});
