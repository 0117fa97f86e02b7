import { createHmac, sign } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { HOUR, MINUTE, type PlatformScope, SECOND, toEpochSeconds } from '#core';
import { algorithm, uuidv7 } from '#crypto';
import { SESSION_TTL } from '#tenants';

import { withCode } from '../../support/errors.js';
import {
  type Installation,
  PASSWORD,
  type TestTenant,
  addMember,
  createTenant,
  fresh,
  openInstallation,
} from '../../support/installation.js';

let installation: Installation;
let tenant: TestTenant;
let email: string;
let scope: PlatformScope;
beforeAll(async () => {
  installation = await openInstallation();
});
beforeEach(async () => {
  tenant = await createTenant(installation);
  ({ email } = await installation.users.get(installation.platform, tenant.ownerId));
  scope = { ...installation.platform, actor: { type: 'user', id: tenant.ownerId, name: email } };
});
afterAll(() => installation.drop());

const start = async (password = PASSWORD, address = email): Promise<string> =>
  (await installation.signIn(installation.platform, address, password)).accessToken;
const identify = (token: string) => installation.sessions.identify(installation.platform, token);
const refused = withCode('INVALID_CREDENTIALS');

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Record<string, unknown>;

describe('a session', () => {
  it('a session begins with the password and says whose it is', async () => {
    const started = await installation.signIn(installation.platform, ` ${email.toUpperCase()} `, PASSWORD);
    expect(started.expiresInSeconds).toBe(15 * 60);
    const [header, claims] = started.accessToken.split('.').map((part, index) => (index < 2 ? decode(part) : {}));
    expect(header).toEqual({ alg: 'ES256', typ: 'chancery-session+jwt' });
    const { user, sessionId } = await identify(started.accessToken);
    expect(user).toMatchObject({ id: tenant.ownerId, email });
    const iat = toEpochSeconds(installation.clock.now());
    expect(claims).toEqual({ sub: tenant.ownerId, sid: sessionId, iat, exp: iat + SESSION_TTL / SECOND });
    expect(await installation.sessions.memberships(installation.platform, tenant.ownerId)).toMatchObject([
      { tenantId: tenant.id, slug: tenant.slug, role: 'owner', state: 'active' },
    ]);
  });

  it('a session is rejected in the same way for a wrong password and for an unknown user, and both are recorded', async () => {
    await expect(start('wrong password')).rejects.toThrow(refused);
    await expect(start(PASSWORD, `${fresh('nobody')}@example.com`)).rejects.toThrow(refused);
    const { items } = await installation.history.list(
      installation.platform,
      { action: 'session.refused' },
      { limit: 2 },
    );
    expect(items.map(({ target, outcome }) => [target.id, outcome])).toEqual([
      ['unknown', 'denied'],
      [tenant.ownerId, 'denied'],
    ]);
    expect(JSON.stringify(items)).not.toContain('wrong password');
  });

  it('a session lasts 15 minutes by our clock', async () => {
    const token = await start();
    installation.clock.advance(SESSION_TTL - 1);
    await identify(token);
    installation.clock.advance(1);
    await expect(identify(token)).rejects.toThrow(refused);
  });

  it('a session is rejected from the moment it ends, and no other one is', async () => {
    const [one, other] = [await start(), await start()];
    const { sessionId } = await identify(one);
    await installation.sessions.end(scope, sessionId);
    await expect(identify(one)).rejects.toThrow(refused);
    await identify(other);
  });

  it('a session survives a change of the password that it made; all others of the user end', async () => {
    const [own, other] = [await start(), await start()];
    const { sessionId } = await identify(own);
    const newPassword = 'a different long password';
    const change = (currentPassword: string, proposed = newPassword): Promise<void> =>
      installation.sessions.changePassword(scope, sessionId, { currentPassword, newPassword: proposed });
    await expect(change('wrong')).rejects.toThrow(withCode('PASSWORD_INVALID'));
    await expect(change(PASSWORD, 'short')).rejects.toThrow(withCode('VALIDATION_ERROR'));
    await identify(other);
    await change(PASSWORD);
    await identify(own);
    await expect(identify(other)).rejects.toThrow(refused);
    await expect(start()).rejects.toThrow(refused);
    await identify(await start(newPassword));
  });

  it('a session shows memberships of tenants that exist', async () => {
    const { userId } = await addMember(installation, tenant, 'auditor');
    const memberships = () => installation.sessions.memberships(installation.platform, userId);
    expect(await memberships()).toMatchObject([{ tenantId: tenant.id, role: 'auditor' }]);
    await installation.tenants.delete(installation.platform, tenant.id, { password: PASSWORD, confirm: tenant.slug });
    expect(await memberships()).toEqual([]);
  });
});

describe('a token that we did not sign like this', () => {
  const forgeries: [string, (token: string) => Promise<string> | string][] = [
    ['is nothing', () => ''],
    ['is no token', () => 'a.b.c'],
    ['has no signature', (token) => `${token.split('.').slice(0, 2).join('.')}.`],
    [
      'has another signature',
      (token) => {
        const signature = Buffer.from(token.split('.')[2]!, 'base64url');
        signature[10]! ^= 1;
        return [...token.split('.').slice(0, 2), signature.toString('base64url')].join('.');
      },
    ],
    [
      'has other claims',
      (token) => {
        const [header, claims, signature] = token.split('.');
        return [header, encode({ ...decode(claims), sub: uuidv7(1) }), signature].join('.');
      },
    ],
    ['is signed with another key', async (token) => forge(token, {}, (await algorithm('ES256').generate()).signingKey)],
    ['has alg none', (token) => `${encode({ alg: 'none', typ: 'chancery-session+jwt' })}.${token.split('.')[1]}.`],
    [
      'is an HS256 over our public key',
      (token) => {
        const input = `${encode({ alg: 'HS256', typ: 'chancery-session+jwt' })}.${token.split('.')[1]}`;
        const pem = installation.sessionKeys.verifying.export({ type: 'spki', format: 'pem' });
        return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`;
      },
    ],
    ['is of another type', (token) => forge(token, { typ: 'JWT' })],
    ['is of no type', (token) => forge(token, { typ: undefined })],
    ['names no session', (token) => forge(token, {}, undefined, { sid: undefined })],
    ['names a session by an object', (token) => forge(token, {}, undefined, { sid: { $ne: null } })],
    ['names a session that never was', (token) => forge(token, {}, undefined, { sid: uuidv7(1) })],
  ];

  /** The same token with some members changed, signed with our own key unless another is given. */
  function forge(token: string, header: object, key = installation.sessionKeys.signing, claims: object = {}): string {
    const [ownHeader, ownClaims] = token.split('.');
    const input = `${encode({ ...decode(ownHeader), ...header })}.${encode({ ...decode(ownClaims), ...claims })}`;
    const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  }

  it('a session token that is forged without a change is accepted: the control of the forgeries', async () => {
    await expect(identify(forge(await start(), {}))).resolves.toBeDefined();
  });

  it.each(forgeries)('a forged session token is rejected: it %s', async (_name, make) => {
    await expect(identify(await make(await start()))).rejects.toThrow(refused);
  });
});

describe('the password guard', () => {
  const attempt = async (password: string): Promise<string> =>
    start(password).then(
      () => 'OK',
      (error: { code: string }) => error.code,
    );
  const fail = async (times: number): Promise<void> => {
    for (let count = 0; count < times; count += 1) await expect(start('wrong')).rejects.toThrow(refused);
  };

  it('the password guard lets 200 concurrent guesses compute no more than 5 hashes, then rejects the right password too', async () => {
    const before = installation.hasher.computed;
    const outcomes = await Promise.all(Array.from({ length: 200 }, (_, index) => attempt(`guess ${index}`)));
    expect(installation.hasher.computed - before).toBeLessThanOrEqual(5);
    const counts = Object.groupBy(outcomes, (outcome) => outcome);
    expect(Object.keys(counts).toSorted()).toEqual(['INVALID_CREDENTIALS', 'TOO_MANY_ATTEMPTS']);
    expect(counts.INVALID_CREDENTIALS).toHaveLength(5);
    await expect(start()).rejects.toMatchObject({ code: 'TOO_MANY_ATTEMPTS', retryAfterSeconds: 30 });
  });

  it('the password guard doubles the lock with each further failure, and forgets all after a success', async () => {
    await fail(5);
    for (const seconds of [30, 60, 120]) {
      await expect(start()).rejects.toMatchObject({ code: 'TOO_MANY_ATTEMPTS', retryAfterSeconds: seconds });
      installation.clock.advance(seconds * SECOND - 1);
      expect(await attempt(PASSWORD)).toBe('TOO_MANY_ATTEMPTS');
      installation.clock.advance(1);
      await fail(1);
    }
    installation.clock.advance(15 * MINUTE);
    expect(await attempt(PASSWORD)).toBe('OK');
    await fail(4);
    expect(await attempt(PASSWORD)).toBe('OK');
  });

  it('the password guard forgets what is a day old', async () => {
    await fail(4);
    installation.clock.advance(24 * HOUR + 1);
    await fail(4);
    expect(await attempt(PASSWORD)).toBe('OK');
  });

  it('the password guard counts confirmation and password change of a session together, apart from sign-ins', async () => {
    const { users, sessions } = installation;
    const signedIn = async (): Promise<PlatformScope> => {
      const { sessionId } = await identify(await start());
      return { ...scope, evidence: { kind: 'session', sessionId, permission: 'session:self' } };
    };
    const [own, another] = [await signedIn(), await signedIn()];
    const change = { currentPassword: 'wrong', newPassword: 'a different long password' };
    const invalid = withCode('PASSWORD_INVALID');
    for (let failure = 0; failure < 3; failure += 1) {
      await expect(users.confirm(own, 'resource', 'wrong')).rejects.toThrow(invalid);
    }
    await fail(4);
    for (let failure = 0; failure < 2; failure += 1) {
      await expect(sessions.changePassword(own, uuidv7(1), change)).rejects.toThrow(invalid);
    }
    const locked = withCode('TOO_MANY_ATTEMPTS');
    await expect(users.confirm(own, 'resource', PASSWORD)).rejects.toThrow(locked);
    await expect(sessions.changePassword(own, uuidv7(1), change)).rejects.toThrow(locked);
    expect(await users.comparePassword(another, PASSWORD)).toMatchObject({ id: tenant.ownerId });
    expect(await attempt(PASSWORD)).toBe('OK');
  });

  it('the password guard counts each account by itself', async () => {
    const other = await addMember(installation, tenant, 'auditor');
    await fail(5);
    expect(await attempt(PASSWORD)).toBe('TOO_MANY_ATTEMPTS');
    expect(await identify(await start(PASSWORD, other.email))).toMatchObject({ user: { id: other.userId } });
  });

  it('the password guard makes a wrong current password cost one hash, and one that is locked out none', async () => {
    const change = { currentPassword: 'wrong', newPassword: 'a different long password' };
    const before = installation.hasher.computed;
    for (let count = 0; count < 20; count += 1) {
      await installation.sessions.changePassword(scope, uuidv7(1), change).catch(() => undefined);
    }
    expect(installation.hasher.computed - before).toBe(5);
  });
});

describe('the confirmation of a password', () => {
  it("the confirmation of a password takes the user's own, asks for it where it is absent, and rejects machines", async () => {
    const { users } = installation;
    await users.confirm(scope, 'resource', PASSWORD);
    for (const absent of [undefined, '']) {
      await expect(users.confirm(scope, 'resource', absent)).rejects.toThrow(withCode('PASSWORD_REQUIRED'));
    }
    const machine: PlatformScope = { ...scope, actor: { type: 'service', id: tenant.ownerId, name: 'crm' } };
    await expect(users.confirm(machine, 'resource', PASSWORD)).rejects.toThrow(withCode('FORBIDDEN'));
  });

  it('the confirmation of a password knows the password however its characters were typed', async () => {
    const { users } = installation;
    const member = await addMember(installation, tenant, 'auditor', 'Käse und Brot ﬁn');
    const own: PlatformScope = { ...scope, actor: { type: 'user', id: member.userId, name: member.email } };
    await expect(users.comparePassword(own, 'Ka\u0308se und Brot fin')).resolves.toMatchObject({ id: own.actor.id });
  });
});
