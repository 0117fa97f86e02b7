import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { RepeatedEvents } from '#audit';
import { DomainError, SECOND, Secret, type TenantScope, platformScope, systemClock, systemOrigin } from '#core';
import { PasswordHasher, normalizePassword } from '#crypto';
import type { Database } from '#database';
import { Factors } from '#factors';
import { Signing } from '#signing';
import { AccountSecrets, Invitations, PasswordGuard, RefusedPasswords, SessionTokens, SignIns, Users } from '#tenants';

import { AccountMails } from '../../libs/tenants/account-mails.js';
import { Session, User } from '../../libs/tenants/entities.js';
import { admitService, admitUser, carelessSigning, openUnchecked } from '../support/admission.js';
import { type TestDatabase, createMigratedDatabase } from '../support/database.js';
import { joinTenant, verify } from '../support/people.js';
import { ADMIN, PASSWORD, type TestServer, type TestTenant, createTenant, startTestServer } from '../support/server.js';
import { createIssuer } from '../e2e/signing/issuer.js';

const ROUNDS = 6;
const WORKERS = 8;
const REQUESTS_AFTERWARDS = 3;
const PAUSE_MILLISECONDS = 10;
const LOG_INS = 3;

let database: TestDatabase;
/** Requests arrive at the first instance; what withdraws their right is asked of the second one. */
let server: TestServer;
let other: TestServer;
let unchecked: Database;

beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database, clock: systemClock });
  other = await startTestServer({ database, clock: systemClock });
  unchecked = await openUnchecked(database, server);
});
afterAll(async () => {
  await unchecked.close();
  await server.close();
  await other.close();
  await database.drop();
});

interface Race {
  /** Uses of the right that were accepted before its withdrawal was acknowledged, and afterwards. */
  readonly before: number;
  readonly after: number;
  readonly rejections: ReadonlySet<string>;
}

/** Uses a right again and again from several sides while it is withdrawn. */
async function race(use: () => Promise<unknown>, withdraw: () => Promise<void>): Promise<Race> {
  const counted = { before: 0, after: 0, rejections: new Set<string>() };
  let acknowledged = false;
  let begun: () => void;
  const underWay = new Promise<void>((resolve) => (begun = resolve));
  const worker = async (): Promise<void> => {
    for (let remaining = REQUESTS_AFTERWARDS; remaining > 0; remaining -= acknowledged ? 1 : 0) {
      // SQLite has one writer, and the second instance must find a gap.
      await delay(Math.random() * PAUSE_MILLISECONDS);
      try {
        await use();
        counted[acknowledged ? 'after' : 'before'] += 1;
        begun();
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        counted.rejections.add(error.code);
      }
    }
  };
  const workers = Array.from({ length: WORKERS }, worker);
  await underWay;
  await withdraw();
  acknowledged = true;
  await Promise.all(workers);
  return counted;
}

const must = async (answer: Promise<{ status: number; text: string }>): Promise<void> => {
  const { status, text } = await answer;
  if (status >= 300) throw new Error(`It was answered ${status} ${text}`);
};

async function sum(rounds: () => Promise<Race>): Promise<Race> {
  const total = { before: 0, after: 0, rejections: new Set<string>() };
  for (let round = 0; round < ROUNDS; round += 1) {
    const { before, after, rejections } = await rounds();
    total.before += before;
    total.after += after;
    for (const code of rejections) total.rejections.add(code);
  }
  return total;
}

describe('an owner who invites people while another owner removes them', () => {
  const run = async (invitationsOn: () => Invitations): Promise<Race> => {
    const tenant = await createTenant(server);
    const email = `second-owner@${tenant.slug}.test`;
    const removed = await joinTenant(server, tenant, { email, role: 'owner' });
    // The session of a verified account goes on: what ends is the membership.
    await verify(server, ADMIN.password, removed['userId']!);
    const scope = await admitUser(server, await server.login(email, PASSWORD), tenant, 'members:write');
    const invitations = invitationsOn();
    let next = 0;
    return race(
      () => invitations.create(scope, { email: `user-${next++}@${tenant.slug}.test`, role: 'owner' }),
      () => must(other.delete(`${tenant.path}/members/${removed['userId']}`, undefined, tenant.owner)),
    );
  };

  it('an owner invites no person once the removal is acknowledged', async () => {
    const { before, after, rejections } = await sum(() => run(() => server.server.app.get(Invitations)));
    expect([before > 0, after, [...rejections]]).toEqual([true, 0, ['NOT_FOUND']]);
  });

  it('negative control: an owner invites some people without the check in the transaction', async () => {
    const refusals = new RefusedPasswords(unchecked, new RepeatedEvents(unchecked));
    const { app } = server.server;
    const guard = new PasswordGuard(unchecked, new PasswordHasher());
    const users = new Users(
      unchecked,
      guard,
      refusals,
      app.get(SessionTokens),
      app.get(Factors),
      app.get(AccountMails),
    );
    const { after, rejections } = await sum(() =>
      run(() => new Invitations(unchecked, app.get(AccountSecrets), users, app.get(AccountMails))),
    );
    expect([after > 0, [...rejections]]).toEqual([true, []]);
  });
});

describe('a service that signs while its credential is discarded', () => {
  const run = async (signingOn: () => Pick<Signing, 'sign'>): Promise<Race> => {
    const tenant = await createTenant(server);
    const { profile, service } = await createIssuer(server, tenant);
    const credentials = `${tenant.path}/services/${service.id}/credentials`;
    await must(server.post(credentials, { authType: 'service_key' }, tenant.owner));
    const scope: TenantScope = await admitService(server, service.serviceKey);
    const signing = signingOn();
    return race(
      () => signing.sign(scope, { profiles: ['*'] }, profile, {}),
      () => must(other.post(`${credentials}/${scope.actor.credentialId}/discard`, undefined, tenant.owner)),
    );
  };

  it('a service gets no token once the discard is acknowledged', async () => {
    const { before, after, rejections } = await sum(() => run(() => server.server.app.get(Signing)));
    expect([before > 0, after, [...rejections]]).toEqual([true, 0, ['CREDENTIAL_INACTIVE']]);
  });

  it('negative control: a service gets some tokens where no transaction reads the number of the configuration', async () => {
    const careless = carelessSigning(server, unchecked);
    const { after, rejections } = await sum(() => run(() => careless));
    expect([after > 0, [...rejections]]).toEqual([true, []]);
  });
});

describe('log-ins with a password that is changed at the same time', () => {
  const OLD = PASSWORD;
  // Dear enough that comparing takes longer than everything else.
  const hasher = new PasswordHasher({ parameters: { memoryKibibytes: 8_192, passes: 2, parallelism: 1 } });
  let number = 0;
  /** Log-in that compares the password before the change, and begins its session after it without a second look. */
  async function carelessLogIn(email: string, changed: Promise<void>): Promise<string> {
    const scope = platformScope(systemOrigin('log-in'));
    const user = await unchecked.readPlatform(scope, (view) => view.get(User, { email }));
    if (!(await hasher.verify(new Secret(OLD), user.passwordHash, user.id)))
      throw new Error('The password was changed too early');
    await changed;
    const id = `00000000-0000-7000-8000-${String(++number).padStart(12, '0')}`;
    await unchecked.platform(scope, async (tx) => {
      tx.housekeeping('a test');
      const { now } = tx;
      const times = { createdAt: now, expiresAt: now + 900 * SECOND, endedAt: null };
      await tx.insert(Session, {
        id,
        userId: user.id,
        ...times,
        renewedAt: 0,
        renewableUntil: 0,
        userAgent: null,
        sourceAddress: null,
        identityProviderId: null,
      });
    });
    return id;
  }

  /** The sessions of the old password that go on after the change was acknowledged and every log-in was answered. */
  async function survivors(
    tenant: TestTenant,
    logIn: (email: string, changed: Promise<void>) => Promise<string | undefined>,
  ): Promise<number> {
    const { email, token } = tenant.owner;
    const passwordHash = await hasher.hash(normalizePassword(OLD), email);
    await unchecked.platform(platformScope(systemOrigin('test')), async (tx) => {
      tx.housekeeping('a test');
      await tx.update(User, { email }, { passwordHash });
    });
    let acknowledge: () => void;
    const changed = new Promise<void>((resolve) => (acknowledge = resolve));
    const logIns = Array.from({ length: LOG_INS }, () => logIn(email, changed));
    const change = { currentPassword: OLD, newPassword: 'a different long password' };
    await must(other.post('/v1/auth/password', change, { token }));
    acknowledge!();
    const ids = (await Promise.all(logIns)).filter((id) => id !== undefined);
    const rows = await unchecked.readPlatform(platformScope(systemOrigin('test')), async (view) =>
      Promise.all(ids.map((id) => view.findOne(Session, { id }))),
    );
    return rows.filter((row) => row?.endedAt === null).length;
  }

  it('concurrent log-ins leave no session of the old password', async () => {
    let alive = 0;
    const { app } = server.server;
    const scope = platformScope(systemOrigin('log-in'));
    const logIn = async (email: string): Promise<string | undefined> => {
      try {
        const started = await app.get(SignIns).start(scope, email, OLD);
        if (!('accessToken' in started)) return undefined;
        const { accessToken } = started;
        return (JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString()) as { sid: string }).sid;
      } catch (error) {
        if (error instanceof DomainError) return undefined;
        throw error;
      }
    };
    for (let round = 0; round < ROUNDS; round += 1) alive += await survivors(await createTenant(server), logIn);
    expect(alive).toBe(0);
  });

  it('negative control: concurrent log-ins leave some sessions without a second look at the password', async () => {
    expect(await survivors(await createTenant(server), carelessLogIn)).toBe(LOG_INS);
  });
});
