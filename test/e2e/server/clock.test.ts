import { randomUUID } from 'node:crypto';

import { Secret, TOTP } from 'otpauth';
import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { DAY, HOUR, ManualClock, MINUTE, SECOND, platformScope, systemOrigin, toRfc3339 } from '#core';
import { ClockWatch } from '#scheduler';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { type DueSample, dueSamples } from '../../support/due-samples.js';
import { enrolTotp } from '../../support/factors.js';
import { Workshop } from '../../support/openssl.js';
import { invite } from '../../support/people.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  ADMIN,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { type TransitKeys, transitKeys } from '../../support/transit-keys.js';
import { createAuthority, issue } from '../certificates/pki.js';
import { certify, requestToken, update } from '../vendors/vendor.js';

const SCOPE = platformScope(systemOrigin('test'));

let clock: ManualClock;
let engine: TransitKeys;
let database: TestDatabase;
let plain: DataSource;
let server: TestServer;
let tenant: TestTenant;

beforeEach(async () => {
  // OpenSSL verifies by the real time, which the clock of the test must not pass.
  clock = new ManualClock(Date.now() - HOUR);
  database = await createMigratedDatabase();
  engine = await transitKeys();
  server = await startTestServer({
    database,
    clock,
    environment: { CHANCERY_KEY_STORES: `transit=${engine.uri}` },
  });
  plain = await openPlainDataSource(database.url);
  tenant = await createTenant(server);
});
afterEach(async () => {
  await plain.destroy();
  await server.close();
  await engine.close();
  await database.drop();
});

const confirm = (): Promise<boolean> => server.server.app.get(ClockWatch).confirm(SCOPE);

/** Everything that the scheduler does while the clock is wrong for 12 seconds. */
async function whileAhead(by: number, work: () => Promise<void> = async () => undefined): Promise<void> {
  clock.jump(by);
  await work();
  await server.runScheduler();
  clock.advance(12 * SECOND);
  await server.runScheduler();
  clock.jump(-by);
}

async function platformEvents(action: string): Promise<unknown> {
  const token = await server.login();
  const { body } = await server.get(`/v1/platform/audit-events?action=${action}`, { token });
  return body['items'];
}

describe('a clock that jumps 400 days forward for 12 seconds', () => {
  /** What has happened by then is not announced any more. */
  const TOO_LATE = { announcement: 2 };

  /** Two items of each kind that fall due in a day, except for kinds of which everything can be undone. */
  async function plantAll() {
    const { CRL: _, ...samples } = dueSamples(server, tenant, plain);
    const items = new Map<string, readonly string[]>();
    for (const [kind, sample] of Object.entries(samples)) items.set(kind, await sample.plant(clock.now() + DAY));
    const unhandled = async (): Promise<Record<string, number>> => {
      const left: Record<string, number> = {};
      for (const [kind, sample] of Object.entries<DueSample>(samples)) {
        left[kind] = (await sample.unhandled(items.get(kind)!)).length;
      }
      return left;
    };
    const every = (count: number): Record<string, number> =>
      Object.fromEntries(Object.keys(samples).map((kind) => [kind, count]));
    return { unhandled, every };
  }

  it('a clock that jumps 400 days forward for 12 seconds records, purges, destroys and announces nothing, of any kind, until it is confirmed', async () => {
    const { unhandled, every } = await plantAll();
    await whileAhead(400 * DAY);
    expect(await unhandled()).toEqual(every(2));
    // The clock is right again and the items are due; but the clock is not confirmed.
    clock.advance(2 * DAY);
    await server.runScheduler();
    expect(await unhandled()).toEqual(every(2));
    expect(await confirm()).toBe(true);
    await server.runScheduler();
    expect(await unhandled()).toEqual(every(0));
  });

  it('a clock that jumps 400 days forward for 12 seconds would record and destroy it all if the time had passed', async () => {
    const { unhandled, every } = await plantAll();
    clock.advance(400 * DAY);
    await server.runScheduler();
    expect(await unhandled()).toEqual({ ...every(0), ...TOO_LATE });
  });

  it('a clock that jumps 400 days forward for 12 seconds that is right does it all once it is confirmed', async () => {
    const { unhandled, every } = await plantAll();
    clock.jump(400 * DAY);
    await server.runScheduler();
    expect(await unhandled()).toEqual(every(2));
    expect(await confirm()).toBe(true);
    await server.runScheduler();
    expect(await unhandled()).toEqual({ ...every(0), ...TOO_LATE });
  });

  it('a clock that jumps 400 days forward for 12 seconds raises an alarm in the log and in the history, once, and stays paused over a restart', async () => {
    const before = clock.now();
    await whileAhead(400 * DAY);
    const alarms = server.logs.filter((line) => line.includes('The clock jumped forward'));
    expect(alarms).toHaveLength(1);
    expect(alarms[0]).toContain('"level":"error"');
    expect(await platformEvents('clock.jumped')).toMatchObject([
      { outcome: 'failed', details: { shown: toRfc3339(before + 400 * DAY), expected: toRfc3339(before) } },
    ]);
    const other = await startTestServer({ database, clock });
    const watch = other.server.app.get(ClockWatch);
    expect([watch.paused, (await watch.status()).jumpedTo]).toEqual([true, before + 400 * DAY]);
    // Confirmed once, for all instances.
    expect(await watch.confirm(SCOPE)).toBe(true);
    await server.runScheduler();
    expect(server.server.app.get(ClockWatch).paused).toBe(false);
    expect(await platformEvents('clock.confirmed')).toHaveLength(1);
    expect(await confirm()).toBe(false);
    await other.close();
  });

  it('a clock that jumps 400 days forward for 12 seconds is shown to the platform and to readiness, and confirmed with the password', async () => {
    const degraded = async (): Promise<unknown> => (await server.get('/health/ready')).body['degraded'];
    expect(await degraded()).toEqual([]);
    await whileAhead(400 * DAY);
    expect(await degraded()).toEqual(['scheduler']);
    const token = await server.login();
    const path = '/v1/platform/scheduler';
    const { body } = await server.get(path, { token });
    expect(body).toMatchObject({ paused: true, clock: 'steady', confirmedAt: null });
    expect(Date.parse(body['jumpedTo']!) - Date.parse(body['jumpedFrom']!)).toBe(400 * DAY);
    const rejected = await server.post(`${path}/confirm`, { password: 'another password' }, { token });
    expect([rejected.status, rejected.body['code']]).toEqual([403, 'PASSWORD_INVALID']);
    expect((await server.post(`${path}/confirm`, {}, tenant.owner)).status).toBe(403);
    const confirmed = await server.post(`${path}/confirm`, { password: ADMIN.password }, { token });
    expect([confirmed.status, confirmed.body['paused']]).toEqual([200, false]);
    expect(await degraded()).toEqual([]);
    expect((await server.post(`${path}/confirm`, { password: ADMIN.password }, { token })).status).toBe(200);
    expect(await platformEvents('clock.confirmed')).toHaveLength(1);
    await server.runScheduler();
    expect((await server.get(path, { token })).body['work']).toContainEqual({ kind: 'CRL', handled: 0, failed: 0 });
  });

  it('a clock that jumps 400 days forward for 12 seconds rejects what has expired by the clock, for as long as the clock shows that', async () => {
    const created = await server.post(`${tenant.path}/services`, { name: 'caller' }, tenant.owner);
    const { id, secret } = created.body['serviceKey']!;
    const path = `${tenant.path}/services/${created.body['service']!['id']}/credentials/${id}`;
    await server.patch(path, { expiresAt: toRfc3339(clock.now() + DAY) }, tenant.owner);
    const use = async (): Promise<unknown> => (await server.get('/v1/whoami', { serviceKey: secret! })).body['code'];
    expect(await use()).toBeUndefined();
    await whileAhead(400 * DAY, async () => expect(await use()).toBe('CREDENTIAL_EXPIRED'));
    expect(await use()).toBeUndefined();
  });

  it('a clock that jumps 400 days forward for 12 seconds lets no action of a person record an expiry either', async () => {
    const created = await server.post(`${tenant.path}/services`, { name: 'caller' }, tenant.owner);
    const { id } = created.body['serviceKey']!;
    const path = `${tenant.path}/services/${created.body['service']!['id']}/credentials/${id}`;
    await server.patch(path, { expiresAt: toRfc3339(clock.now() + DAY) }, tenant.owner);
    await whileAhead(400 * DAY, async () => {
      const token = await server.login(tenant.owner.email, 'a password that is long enough');
      const answer = await server.delete(path, { password: 'a password that is long enough' }, { token });
      expect([answer.status, answer.body['code']]).toEqual([503, 'CLOCK_NOT_CONFIRMED']);
    });
    const { paths } = (await server.get('/openapi.json')).body;
    const declared = paths!['/v1/tenants/{tenantId}/services/{serviceId}/credentials/{credentialId}']!['delete']!;
    expect(declared['responses']!['503']!['$ref']).toContain('CLOCK_NOT_CONFIRMED');
    expect((await server.get(path, tenant.owner)).body['state']).toBe('active');
  });

  it('a clock that jumps 400 days forward for 12 seconds destroys no version of a key when a person rotates the key meanwhile', async () => {
    const key = { name: 'signing', algorithm: 'ES256' };
    const { body } = await server.post(`${tenant.path}/keys`, key, tenant.owner);
    const path = `${tenant.path}/keys/${body['id']}`;
    const rotate = (token: string) => server.post(`${path}/rotate`, { immediately: true }, { token });
    expect((await rotate(tenant.owner.token)).status).toBe(200);
    await whileAhead(400 * DAY, async () => {
      const token = await server.login(tenant.owner.email, 'a password that is long enough');
      expect((await rotate(token)).status).toBe(200);
    });
    const rows = await plain.query<{ sealedPrivate: Buffer | null }[]>('SELECT sealedPrivate FROM key_versions');
    expect(rows.map(({ sealedPrivate }) => sealedPrivate !== null)).toEqual([true, true, true]);
  });
});

describe('a clock that jumps three hours forward for 12 seconds', () => {
  it('a clock that jumps three hours forward for 12 seconds forgets no jti that was used', async () => {
    const kid = await certify(server, tenant);
    const token = requestToken({ kid, clock });
    expect((await update(server, token)).status).toBe(200);
    await whileAhead(3 * HOUR);
    expect((await update(server, token)).body).toMatchObject({ code: 'DUPLICATE_JTI' });
  });

  it('a clock that jumps three hours forward for 12 seconds forgets no request that was answered: repeated under its key it is not done twice', async () => {
    const repeat = (token: string) => {
      const headers = { 'Idempotency-Key': 'create-a-service' };
      return server.post(`${tenant.path}/services`, { name: 'once' }, { token, headers });
    };
    expect((await repeat(tenant.owner.token)).status).toBe(201);
    await whileAhead(25 * HOUR, async () => {
      const token = await server.login(tenant.owner.email, 'a password that is long enough');
      expect((await repeat(token)).status).toBe(201);
    });
    const { body } = await server.get(`${tenant.path}/services`, tenant.owner);
    expect(body['items']).toHaveLength(1);
  });
});

describe('what was made while the clock was ahead', () => {
  it('what was made while the clock was ahead does not last for longer than usual: a session ends', async () => {
    let token = '';
    await whileAhead(400 * DAY, async () => {
      token = await server.login();
      expect((await server.get('/v1/auth/me', { token })).status).toBe(200);
    });
    expect((await server.get('/v1/auth/me', { token })).status).toBe(401);
  });

  it('what was made while the clock was ahead does not last for longer than usual: a reset, an invitation, an enrolment, a sign-in that waits for a code', async () => {
    const { email } = tenant.owner;
    const made: Record<string, string> = {};
    const other = await createTenant(server);
    const phone = await enrolTotp(server, tenant.owner.token);
    await whileAhead(400 * DAY, async () => {
      const admin = await server.login();
      const owner = { ...other.owner, token: await server.login(other.owner.email, PASSWORD) };
      made['invitation'] = await invite(server, { ...other, owner }, 'invited@later.test', 'auditor');
      const { items } = (await server.get(`/v1/users?email=${email}`, { token: admin })).body;
      const userId: string = (items as unknown as Shape[]).find((user) => user['email'] === email)!['id']!;
      const reset = await server.post(`/v1/users/${userId}/reset`, { password: ADMIN.password }, { token: admin });
      made['reset'] = reset.body['token']!;
      made['signIn'] = (await server.post('/v1/auth/login', { email, password: PASSWORD })).body['mfaToken']!;
      const enrolment = { kind: 'totp', name: 'later', password: ADMIN.password };
      const { factor, totp } = (await server.post('/v1/auth/factors', enrolment, { token: admin })).body;
      [made['factorId'], made['secret']] = [factor!['id']!, totp!['secret']!];
    });
    expect(Object.entries(made).filter(([, text]) => text === undefined)).toEqual([]);
    const later = new TOTP({ secret: Secret.fromBase32(made['secret']!) });
    const confirmation = { totp: later.generate({ timestamp: clock.now() }) };
    const answers = [
      await server.post('/v1/invitations/accept', { token: made['invitation'], name: 'N', password: PASSWORD }),
      await server.post('/v1/auth/reset/complete', { token: made['reset'], password: PASSWORD }),
      await server.post('/v1/auth/login/verify', { mfaToken: made['signIn'], recoveryCode: phone.recoveryCodes[0] }),
      await server.post(`/v1/auth/factors/${made['factorId']}/confirm`, confirmation, { token: await server.login() }),
    ];
    expect(answers.map(({ status, body }) => [status, body['code']])).toEqual([
      [410, 'INVITATION_INVALID'],
      [410, 'RESET_INVALID'],
      [401, 'INVALID_CREDENTIALS'],
      [404, 'NOT_FOUND'],
    ]);
  });

  it('what was made while the clock was ahead does not lock an account for longer than usual', async () => {
    const attempt = (password: string) =>
      server.post('/v1/auth/login', { email: tenant.owner.email, password }).then(({ status }) => status);
    await whileAhead(400 * DAY, async () => {
      const statuses = [];
      for (let failure = 0; failure < 6; failure += 1) statuses.push(await attempt(randomUUID()));
      expect(statuses.at(-1)).toBe(429);
    });
    expect(await attempt('a password that is long enough')).toBe(200);
  });

  it('what was made while the clock was ahead is not dated in the future: revocation lists are signed again, with a higher number, and so is the OCSP delegate', async () => {
    const workshop = new Workshop();
    const ca = await createAuthority(server, tenant);
    const { body } = await issue(server, tenant, { caId: ca['id'] });
    workshop.write('ca.pem', ca['certificate']!);
    workshop.write('leaf.pem', body['certificate']!);
    const list = async () => {
      const [row] = await plain.query<{ number: string; thisUpdate: string }[]>('SELECT number, thisUpdate FROM crls');
      return { number: Number(row!.number), thisUpdate: Number(row!.thisUpdate) };
    };
    const fetchList = async (): Promise<void> => {
      const answer = await fetch(`${server.url}/pki/${ca['id']}/crl`);
      expect(answer.status).toBe(200);
      workshop.write('list.crl', Buffer.from(await answer.arrayBuffer()));
    };
    const ocsp = async (): Promise<string> => {
      const url = `${server.url}/pki/${ca['id']}/ocsp`;
      const asked = ['-issuer', 'ca.pem', '-cert', 'leaf.pem', '-url', url, '-CAfile', 'ca.pem'];
      return (await workshop.run('openssl', ['ocsp', ...asked])).text;
    };
    await server.runScheduler();
    const before = await list();
    await whileAhead(2 * DAY, async () => {
      await fetchList();
      await ocsp();
      expect((await list()).thisUpdate).toBe(clock.now());
    });
    const ahead = await list();
    await fetchList();
    const after = await list();
    expect(after.number).toBeGreaterThan(ahead.number);
    expect(ahead.number).toBeGreaterThan(before.number);
    expect(after.thisUpdate).toBe(clock.now());
    const verified = await workshop.run('openssl', [
      'verify',
      '-crl_check',
      '-CAfile',
      'ca.pem',
      '-CRLfile',
      'list.crl',
      'leaf.pem',
    ]);
    expect(verified.text).toContain('leaf.pem: OK');
    expect(await ocsp()).toContain('leaf.pem: good');
    workshop.clear();
  });

  it('what was made while the clock was ahead is replaced by the scheduler where no request asks: a revocation list', async () => {
    await createAuthority(server, tenant);
    const date = async (): Promise<number> => {
      const [row] = await plain.query<{ thisUpdate: string }[]>('SELECT thisUpdate FROM crls');
      return Number(row!.thisUpdate);
    };
    await whileAhead(2 * DAY, async () => {
      await server.runScheduler();
      expect(await date()).toBe(clock.now());
    });
    await server.runScheduler();
    expect(await date()).toBe(clock.now());
  });

  it('what was made while the clock was ahead does not delay a revocation: the list is signed again immediately', async () => {
    const ca = await createAuthority(server, tenant);
    const { body } = await issue(server, tenant, { caId: ca['id'] });
    await fetch(`${server.url}/pki/${ca['id']}/crl`);
    const numberOf = async (): Promise<number> => {
      const [row] = await plain.query<{ number: string }[]>('SELECT number FROM crls');
      return Number(row!.number);
    };
    const before = await numberOf();
    await whileAhead(2 * DAY, async () => {
      const token = await server.login(tenant.owner.email, 'a password that is long enough');
      const path = `${tenant.path}/certificates/${body['kid']}/revoke`;
      expect((await server.post(path, { reason: 'superseded' }, { token })).status).toBe(200);
    });
    await fetch(`${server.url}/pki/${ca['id']}/crl`);
    expect(await numberOf()).toBeGreaterThan(before);
  });

  it('what was made while the clock was ahead does not end the lists of an authority that has not ended', async () => {
    const ca = await createAuthority(server, tenant, { validityDays: 365 });
    await whileAhead(400 * DAY, async () => {
      expect((await fetch(`${server.url}/pki/${ca['id']}/crl`)).status).toBe(503);
    });
    expect((await fetch(`${server.url}/pki/${ca['id']}/crl`)).status).toBe(200);
  });
});

describe('a clock that is set back', () => {
  it('a clock that is set back gives no time out twice: a list that is signed then is not older than the one before', async () => {
    const ca = await createAuthority(server, tenant);
    const { body } = await issue(server, tenant, { caId: ca['id'] });
    await fetch(`${server.url}/pki/${ca['id']}/crl`);
    const before = clock.now();
    clock.jump(-HOUR);
    const path = `${tenant.path}/certificates/${body['kid']}/revoke`;
    expect((await server.post(path, { reason: 'superseded' }, tenant.owner)).status).toBe(200);
    await fetch(`${server.url}/pki/${ca['id']}/crl`);
    const [row] = await plain.query<{ thisUpdate: string }[]>('SELECT thisUpdate FROM crls');
    expect(Number(row!.thisUpdate)).toBeGreaterThanOrEqual(before);
  });

  it('a clock that is set back accepts no token again that has expired, and no jti, also after a restart', async () => {
    const kid = await certify(server, tenant);
    const expired = requestToken({ kid, clock });
    const token = requestToken({ kid, clock });
    expect((await update(server, token)).status).toBe(200);
    clock.advance(31 * MINUTE);
    await server.runScheduler();
    clock.jump(-31 * MINUTE);
    const codes = async (on: TestServer) => [
      (await update(on, token)).body['code'],
      (await update(on, expired)).body['code'],
    ];
    expect(await codes(server)).toEqual(['EXPIRED_TOKEN', 'EXPIRED_TOKEN']);
    const other = await startTestServer({ database, clock });
    expect(await codes(other)).toEqual(['EXPIRED_TOKEN', 'EXPIRED_TOKEN']);
    expect(other.logs.some((line) => line.includes('The clock was set back'))).toBe(true);
    await other.close();
    expect(await platformEvents('clock.set_back')).not.toHaveLength(0);
  });
});
