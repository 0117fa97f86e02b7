import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { MINUTE, type PlatformScope, platformScope } from '#core';
import { RefreshTokenExpiry, SessionExpiry, SessionRenewals, type StartedSession } from '#tenants';

import { RefreshToken, Session } from '../../../libs/tenants/entities.js';
import { withCode } from '../../support/errors.js';
import {
  type Installation,
  NOBODY,
  PASSWORD,
  SESSION_LIMITS,
  type TestTenant,
  addMember,
  createTenant,
  openInstallation,
} from '../../support/installation.js';

const RACERS = 8;

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
  scope = platformScope({ ...installation.platform, actor: { type: 'user', id: tenant.ownerId, name: email } });
});
afterAll(() => installation.drop());

const start = (password = PASSWORD, address = email) => installation.signIn(NOBODY, address, password);
const renew = ({ refreshToken }: StartedSession) => installation.renewals.renew(NOBODY, refreshToken.reveal());
const identify = ({ accessToken }: StartedSession) => installation.sessions.identify(NOBODY, accessToken);
const refused = withCode('INVALID_CREDENTIALS');

describe('a session that is renewed', () => {
  it('a session that is renewed continues under the same id with new tokens, the access token before until its own end', async () => {
    const first = await start();
    const { sessionId } = await identify(first);
    installation.clock.advance(10 * MINUTE);
    const second = await renew(first);
    expect(second.refreshToken.reveal()).not.toBe(first.refreshToken.reveal());
    expect((await identify(second)).sessionId).toBe(sessionId);
    await identify(first);
    installation.clock.advance(5 * MINUTE);
    await expect(identify(first)).rejects.toThrow(refused);
    await identify(second);
  });

  it('a session ends where it is not renewed for too long, and after its longest time however often it is', async () => {
    const idle = await start();
    installation.clock.advance(SESSION_LIMITS.idle);
    await expect(renew(idle)).rejects.toThrow(refused);

    let session = await start();
    const began = installation.clock.now();
    while (installation.clock.now() + SESSION_LIMITS.idle <= began + SESSION_LIMITS.absolute) {
      installation.clock.advance(SESSION_LIMITS.idle - 1);
      session = await renew(session);
    }
    expect(session.refreshExpiresInSeconds * 1_000).toBeLessThan(SESSION_LIMITS.idle);
    installation.clock.set(began + SESSION_LIMITS.absolute);
    await expect(renew(session)).rejects.toThrow(refused);
  });

  it('a session cannot be renewed any more after the limits were made shorter', async () => {
    const { database } = installation;
    const session = await start();
    const stricter = new SessionRenewals(database, installation.secrets, installation.tokens, {
      ...SESSION_LIMITS,
      idle: 60 * MINUTE,
    });
    await expect(stricter.renew(NOBODY, session.refreshToken.reveal())).rejects.toThrow(refused);
  });

  it('a session ends for both when a refresh token comes a second time, and that is recorded', async () => {
    const first = await start();
    const second = await renew(first);
    const other = await start();
    await expect(renew(first)).rejects.toThrow(refused);
    await expect(identify(second)).rejects.toThrow(refused);
    await expect(renew(second)).rejects.toThrow(refused);
    await identify(await renew(other));
    const { items } = await installation.history.list(tenant.owner, { action: 'session.reused' }, {});
    expect(items).toMatchObject([{ outcome: 'denied', details: { email }, target: { type: 'session' } }]);
  });

  it('a session is renewed by at most one of several who use its token at the same time', async () => {
    const session = await start();
    const outcomes = await Promise.allSettled(Array.from({ length: RACERS }, () => renew(session)));
    const renewed = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(renewed).toHaveLength(1);
    // The others came second: the session is over.
    await expect(identify(renewed[0]!)).rejects.toThrow(refused);
  });

  it('a session that was ended is not renewed, however it was ended', async () => {
    const [loggedOut, changed] = [await start(), await start()];
    await installation.sessions.end(scope, (await identify(loggedOut)).sessionId);
    await expect(renew(loggedOut)).rejects.toThrow(refused);
    const { sessionId } = await identify(await start());
    const change = { currentPassword: PASSWORD, newPassword: 'a different long password' };
    await installation.sessions.changePassword(scope, sessionId, change);
    await expect(renew(changed)).rejects.toThrow(refused);
  });

  it.each(['', 'crft_', 'crst_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6'])(
    'a session is not renewed by the token %j',
    async (token) => {
      await expect(installation.renewals.renew(NOBODY, token)).rejects.toThrow(refused);
    },
  );

  it('a session and its tokens are stored as hashes, and are removed a week after their end', async () => {
    const { database, clock } = installation;
    const session = await start();
    await renew(session);
    const rows = () =>
      database.readPlatform(NOBODY, async (view) => [
        ...(await view.installation.find(RefreshToken)),
        ...(await view.installation.find(Session)),
      ]);
    expect(JSON.stringify(await rows())).not.toContain(session.refreshToken.reveal());
    clock.advance(SESSION_LIMITS.idle + 7 * 24 * 60 * MINUTE);
    for (const kind of [new RefreshTokenExpiry(database), new SessionExpiry(database)]) {
      while ((await kind.recordDue(100)) > 0);
    }
    expect(await rows()).toEqual([]);
  });
});

describe('the sessions of a user', () => {
  it('the sessions of a user are listed with where they come from, and each can be ended by the user alone', async () => {
    const { renewals, signIn } = installation;
    const own = await signIn({ ...NOBODY, sourceAddress: '203.0.113.7' }, email, PASSWORD, {
      userAgent: 'curl',
    });
    const listed = (await renewals.list(scope, {})).items;
    expect(listed).toMatchObject([{ sourceAddress: '203.0.113.7', userAgent: 'curl' }]);
    const stranger = platformScope({ ...installation.platform, actor: { type: 'user', id: tenant.id, name: 'x' } });
    await expect(renewals.end(stranger, listed[0]!.id)).rejects.toThrow(withCode('NOT_FOUND'));
    await renewals.end(scope, listed[0]!.id);
    await expect(renewals.end(scope, listed[0]!.id)).rejects.toThrow(withCode('NOT_FOUND'));
    await expect(identify(own)).rejects.toThrow(refused);
    expect((await renewals.list(scope, {})).items).toEqual([]);
  });

  it('the sessions of a member are ended by those who manage the member', async () => {
    const { renewals } = installation;
    const member = await addMember(installation, tenant, 'auditor');
    const full = await addMember(installation, tenant, 'full_access');
    const sessions = [await start(PASSWORD, member.email), await start(PASSWORD, member.email)];
    const own = await start();
    await expect(renewals.endOfMember(full.scope, tenant.ownerId)).rejects.toThrow(withCode('ROLE_NOT_GRANTABLE'));
    await renewals.endOfMember(full.scope, member.userId);
    for (const session of sessions) await expect(renew(session)).rejects.toThrow(refused);
    await identify(own);
    const other = await createTenant(installation);
    await expect(renewals.endOfMember(other.owner, tenant.ownerId)).rejects.toThrow(withCode('NOT_FOUND'));
  });

  it('the sessions of a member who is removed end, where the account counts in that tenant only', async () => {
    const member = await addMember(installation, tenant, 'auditor');
    const session = await start(PASSWORD, member.email);
    await installation.members.remove(tenant.owner, member.userId);
    await expect(identify(session)).rejects.toThrow(refused);
    await expect(renew(session)).rejects.toThrow(refused);
  });
});
