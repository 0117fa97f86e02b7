import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { DAY, HOUR, ManualClock, MINUTE, SECOND, platformScope, systemOrigin } from '#core';
import { MailDeliveries } from '#mail';
import { Users } from '#tenants';

import { createMigratedDatabase } from '../../support/database.js';
import { type MailServer, type ReceivedMail, startMailServer } from '../../support/mail-server.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  ADMIN,
  type Call,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

const NEW_PASSWORD = 'a password that was chosen anew';
const TOKEN = /^c(?:inv|rst)_\w+$/m;

const database = await createMigratedDatabase();
const clock = new ManualClock();
const mailServer: MailServer = await startMailServer();
const environment = {
  CHANCERY_SMTP_URL: `smtp://127.0.0.1:${mailServer.port}`,
  CHANCERY_MAIL_FROM: 'chancery@example.com',
  CHANCERY_PUBLIC_URL: 'https://chancery.test',
};
let plain: DataSource;
let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  plain = await openPlainDataSource(database.url);
  server = await startTestServer({ database, clock, environment });
});
afterAll(async () => {
  await server.close();
  await plain.destroy();
  await mailServer.close();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTenant(server);
});

/** What an address has received, after everything that waits was sent. */
async function mailsTo(address: string): Promise<ReceivedMail[]> {
  await server.runScheduler();
  await server.server.app.get(MailDeliveries).sendDue();
  return mailServer.received.filter(({ to }) => to.includes(address));
}
/** A program for e-mail makes a link of what is alone in its line. */
const linesOf = ({ text }: ReceivedMail): string[] => text.split(/\r?\n/);
const tokenIn = ({ text }: ReceivedMail): string => TOKEN.exec(text)![0];
const lastTokenTo = async (address: string): Promise<string> => tokenIn((await mailsTo(address)).at(-1)!);

let people = 0;
const newAddress = (): string => `person-${++people}@${tenant.slug}.test`;
const invite = (email: string) => server.post(`${tenant.path}/members`, { email, role: 'auditor' }, tenant.owner);
const accept = (token: string) =>
  server.post('/v1/invitations/accept', { token, name: 'Grace Hopper', password: PASSWORD });

/** Somebody who was invited by e-mail and accepted. */
async function newMember(): Promise<{ email: string; userId: string }> {
  const email = newAddress();
  expect((await invite(email)).status).toBe(202);
  const accepted = await accept(await lastTokenTo(email));
  expect(accepted.status).toBe(201);
  return { email, userId: accepted.body['userId']! };
}

describe('an invitation by e-mail', () => {
  it('an invitation by e-mail gives its token to the invited person alone', async () => {
    const email = newAddress();
    const invited = await invite(email);
    expect(invited).toMatchObject({ status: 202, body: { invitation: { email, state: 'pending' } } });
    expect(invited.text).not.toMatch(/cinv_|"token"|"link"/);
    const [mail, ...more] = await mailsTo(email);
    expect(more).toEqual([]);
    expect(mail!.subject).toBe(`[Chancery] You are invited to ${tenant.slug}`);
    expect(mail!.text).toContain('https://chancery.test/console/sign-in');
    const token = tokenIn(mail!);
    expect(mail!.text).not.toContain(`/${token}`);
    expect(linesOf(mail!)).toContain(`https://chancery.test/console/invitation#${token}`);
    expect((await accept(token)).status).toBe(201);
    expect(server.logs.join('')).not.toContain(token);
  });

  it('an invitation by e-mail that is made anew ends the former token', async () => {
    const email = newAddress();
    const { body } = await invite(email);
    const first = await lastTokenTo(email);
    const path = `${tenant.path}/invitations/${body['invitation']!['id']!}/resend`;
    clock.advance(5 * MINUTE);
    const again = await server.post(path, {}, tenant.owner);
    expect([again.status, again.body['token']]).toEqual([202, undefined]);
    const second = await lastTokenTo(email);
    expect(second).not.toBe(first);
    expect((await accept(first)).status).toBe(410);
    expect((await accept(second)).status).toBe(201);
  });

  it('an invitation by e-mail goes to an address once in five minutes, created or resent', async () => {
    const email = newAddress();
    const { body } = await invite(email);
    const resend = () =>
      server.post(`${tenant.path}/invitations/${body['invitation']!['id']!}/resend`, {}, tenant.owner);
    clock.advance(4 * MINUTE);
    for (const refused of [await resend(), await invite(email.toUpperCase())]) {
      expect([refused.status, refused.body['code']]).toEqual([429, 'INVITATION_MAILS_TOO_FREQUENT']);
      expect(refused.headers.get('retry-after')).toBe('60');
    }
    expect((await mailsTo(email)).length).toBe(1);
    clock.advance(MINUTE);
    expect((await resend()).status).toBe(202);
    expect((await invite(email)).status).toBe(429);
    clock.advance(5 * MINUTE);
    expect((await invite(email)).status).toBe(202);
    expect((await mailsTo(email)).length).toBe(3);
  });

  it('invitations by e-mail are 200 in 24 hours for one tenant', async () => {
    for (let times = 0; times < 200; times += 1) {
      clock.advance(SECOND);
      expect((await invite(newAddress())).status).toBe(202);
    }
    const refused = await invite(newAddress());
    expect([refused.status, refused.body['code']]).toEqual([429, 'INVITATION_MAILS_TOO_FREQUENT']);
    expect(refused.headers.get('retry-after')).toBe(String((DAY - 199 * SECOND) / SECOND));
    const other = await createTenant(server);
    const byOther = await server.post(`${other.path}/members`, { email: newAddress(), role: 'auditor' }, other.owner);
    expect(byOther.status).toBe(202);
    clock.advance(DAY - 199 * SECOND);
    const owner = { token: await server.login(tenant.owner.email, PASSWORD) };
    const inviteAs = () => server.post(`${tenant.path}/members`, { email: newAddress(), role: 'auditor' }, owner);
    expect([(await inviteAs()).status, (await inviteAs()).status]).toEqual([202, 429]);
    // What no test reads need not be sent.
    await plain.query("DELETE FROM mails WHERE state = 'pending'");
  });

  it('an invitation by e-mail proves the address: the account is the verified one', async () => {
    const { email, userId } = await newMember();
    const token = await server.login(email, PASSWORD);
    expect((await server.get('/v1/auth/me', { token })).body['user']).toMatchObject({ emailVerified: true });
    // The account counts in every tenant: the history of the installation tells of it, too.
    const query = `audit-events?action=user.created,user.verified&targetId=${userId}`;
    const actionsIn = async (path: string, call: Call): Promise<string[]> => {
      const { items } = (await server.get(`${path}/${query}`, call)).body;
      return (items as unknown as Shape[]).map(({ action }) => action as unknown as string).toSorted();
    };
    const told = ['user.created', 'user.verified'];
    expect(await actionsIn(tenant.path, tenant.owner)).toEqual(told);
    expect(await actionsIn('/v1/platform', { token: await server.login() })).toEqual(told);
    const other = await createTenant(server);
    expect((await server.post(`${other.path}/members`, { email, role: 'auditor' }, other.owner)).status).toBe(202);
    const accepted = await server.post('/v1/invitations/accept', { token: await lastTokenTo(email) }, { token });
    expect(accepted).toMatchObject({ status: 201, body: { slug: other.slug } });
  });

  it('an invitation whose token was shown proves no address', async () => {
    const email = newAddress();
    const without = await startTestServer({ database, clock });
    const { body } = await without.post(`${tenant.path}/members`, { email, role: 'auditor' }, tenant.owner);
    expect(
      (await without.post('/v1/invitations/accept', { token: body['token'], name: 'x', password: PASSWORD })).status,
    ).toBe(201);
    await without.close();
    const token = await server.login(email, PASSWORD);
    expect((await server.get('/v1/auth/me', { token })).body['user']).toMatchObject({ emailVerified: false });
  });
});

describe('a new password by e-mail', () => {
  const ask = (email: string, more: object = {}) => server.post('/v1/auth/reset', { email, ...more });
  const complete = (token: string) => server.post('/v1/auth/reset/complete', { token, password: NEW_PASSWORD });

  it('a new password by e-mail is asked for by the holder, who is told when it was set', async () => {
    const { email } = await newMember();
    const session = { token: await server.login(email, PASSWORD) };
    expect(await ask(` ${email.toUpperCase()} `)).toMatchObject({ status: 202, body: { email } });
    const token = await lastTokenTo(email);
    expect(token).toMatch(/^crst_/);
    expect(linesOf((await mailsTo(email)).at(-1)!)).toContain(`https://chancery.test/console/reset#${token}`);
    expect((await server.get('/v1/auth/me', session)).status).toBe(200);
    expect((await complete(token)).status).toBe(204);
    expect((await server.get('/v1/auth/me', session)).status).toBe(401);
    await server.login(email, NEW_PASSWORD);
    const [told] = (await mailsTo(email)).slice(-1);
    expect(told!.subject).toBe('[Chancery] The password of your account was reset');
    expect(told!.raw).not.toContain(NEW_PASSWORD);
    const query = `audit-events?action=user.reset_started,user.password_reset`;
    const { items } = (await server.get(`${tenant.path}/${query}`, tenant.owner)).body;
    expect((items as unknown as Shape[]).length).toBe(2);
  });

  it('a new password by e-mail is asked for in the same way where there is no account', async () => {
    const { email } = await newMember();
    await mailsTo(email);
    const [known, unknown] = [await ask(email), await ask('no-one@unknown.test')];
    const shown = ({ status, body, headers }: typeof known) => [status, Object.keys(body), [...headers.keys()]];
    expect(shown(unknown)).toEqual(shown(known));
    // Both are the same row, and neither has looked for an account.
    const rows = () => plain.query<object[]>('SELECT email FROM reset_requests ORDER BY email');
    expect((await rows()).length).toBe(2);
    expect(await mailsTo('no-one@unknown.test')).toEqual([]);
    expect(await rows()).toEqual([]);
  });

  it('a new password by e-mail is sent once within some minutes, however often it is asked for', async () => {
    const { email } = await newMember();
    const resets = async () => (await mailsTo(email)).filter(({ subject }) => subject.includes('new password')).length;
    for (let times = 0; times < 3; times += 1) {
      expect((await ask(email)).status).toBe(202);
      expect(await resets()).toBe(1);
    }
    clock.advance(6 * MINUTE);
    await ask(email);
    expect(await resets()).toBe(2);
  });

  it('a new password by e-mail is chosen within an hour', async () => {
    const { email } = await newMember();
    await ask(email);
    const token = await lastTokenTo(email);
    clock.advance(HOUR);
    expect((await complete(token)).body['code']).toBe('RESET_INVALID');
  });

  it('a new password that the platform administrator starts goes to the account alone', async () => {
    const { email, userId } = await newMember();
    const admin = { token: await server.login() };
    const started = await server.post(`/v1/users/${userId}/reset`, { password: ADMIN.password }, admin);
    expect([started.status, Object.keys(started.body)]).toEqual([201, ['expiresAt']]);
    expect((await complete(await lastTokenTo(email))).status).toBe(204);
  });

  it('a new password that anybody asks for ends no token that the platform administrator started', async () => {
    const email = newAddress();
    const without = await startTestServer({ database, clock });
    const { body } = await without.post(`${tenant.path}/members`, { email, role: 'auditor' }, tenant.owner);
    const asNew = { token: body['token'], name: 'Grace Hopper', password: PASSWORD };
    const userId = (await without.post('/v1/invitations/accept', asNew)).body['userId']!;
    await without.close();
    const admin = { token: await server.login() };
    const byAdmin = { password: ADMIN.password };
    expect((await server.post(`/v1/users/${userId}/verification`, byAdmin, admin)).status).toBe(201);
    const verification = await lastTokenTo(email);
    await ask(email, { tenant: tenant.slug });
    const own = await lastTokenTo(email);
    expect(own).not.toBe(verification);
    expect((await complete(verification)).status).toBe(204);
    expect(
      (await server.get('/v1/auth/me', { token: await server.login(email, NEW_PASSWORD) })).body['user'],
    ).toMatchObject({ emailVerified: true });
    // A password that was set ends what was asked for before.
    expect((await complete(own)).body['code']).toBe('RESET_INVALID');
  });

  it('a new password that was set on the command line of the host is told to the account', async () => {
    const { email } = await newMember();
    const users = server.server.app.get(Users);
    await users.resetPassword(platformScope(systemOrigin('cli')), email, NEW_PASSWORD);
    const [told] = (await mailsTo(email)).slice(-1);
    expect(told!.subject).toBe('[Chancery] The password of your account was reset');
  });

  it('a new password is not asked for by e-mail where none is sent', async () => {
    const without = await startTestServer({ database, clock });
    const answers = [tenant.owner.email, 'no-one@unknown.test'].map((email) =>
      without.post('/v1/auth/reset', { email }),
    );
    for (const { status, body } of await Promise.all(answers)) {
      expect([status, body['code']]).toEqual([409, 'MAIL_NOT_CONFIGURED']);
    }
    await without.close();
  });
});
