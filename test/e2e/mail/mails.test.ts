import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';

import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { DAY, HOUR, MINUTE, ManualClock, SECOND, platformScope, systemOrigin, toRfc3339 } from '#core';
import { MailDeliveries } from '#mail';
import { RefusedUses } from '#service-keys';

import { createMigratedDatabase } from '../../support/database.js';
import { type MailServer, type ReceivedMail, startMailServer } from '../../support/mail-server.js';
import { Workshop } from '../../support/openssl.js';
import { holdTimers, passTime } from '../../support/passed-time.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

const PUBLIC_URL = 'https://chancery.test';

const database = await createMigratedDatabase();
const clock = new ManualClock();
const mailServer: MailServer = await startMailServer();
const environment = {
  CHANCERY_SMTP_URL: `smtp://chancery:a-password-of-smtp@127.0.0.1:${mailServer.port}`,
  CHANCERY_MAIL_FROM: 'chancery@example.com',
  CHANCERY_PUBLIC_URL: PUBLIC_URL,
  CHANCERY_METRICS_TOKEN: 'a-token-for-metrics',
};
let plain: DataSource;
let server: TestServer;
/** A second instance, configured as the first. */
let other: TestServer;
let tenant: TestTenant;

beforeAll(async () => {
  plain = await openPlainDataSource(database.url);
  server = await startTestServer({ database, clock, environment });
  other = await startTestServer({ database, clock, environment });
});
afterAll(async () => {
  await server.close();
  await other.close();
  await mailServer.close();
  await plain.destroy();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTenant(server);
});
afterEach(() => {
  vi.useRealTimers();
  mailServer.rejectBy = undefined;
});

const send = (by = server): Promise<void> => by.server.app.get(MailDeliveries).sendDue();
const received = (to: string): ReceivedMail[] => mailServer.received.filter((mail) => mail.to.includes(to));

const createService = async (name: string, contacts: readonly string[]): Promise<Shape> => {
  const { status, text, body } = await server.post(`${tenant.path}/services`, { name, contacts }, tenant.owner);
  if (status !== 201) throw new Error(text);
  return Object.assign({}, body['service'], body);
};
const createCredential = async (serviceId: string, name: string, lasts: number): Promise<Shape> => {
  const request = { authType: 'jwt', name, expiresAt: toRfc3339(clock.now() + lasts) };
  const path = `${tenant.path}/services/${serviceId}/credentials`;
  const { status, text, body } = await server.post(path, request, tenant.owner);
  if (status !== 201) throw new Error(text);
  return body;
};
const attemptsTo = (to: string): number => mailServer.attempted.filter((each) => each === to).length;

interface MailRow {
  readonly id: string;
  readonly state: string;
  readonly lastError: string | null;
  readonly sealedContent: Buffer | null;
}
const rowsTo = async (to: string): Promise<MailRow[]> =>
  plain.query(`SELECT * FROM mails WHERE recipient = '${to}' ORDER BY createdAt`);

describe('announcements by e-mail', () => {
  it('announcements by e-mail go to the contacts once for each lead, from two instances', async () => {
    const contact = `ops@${tenant.slug}.test`;
    const service = await createService('crm', [contact]);
    await createCredential(service['id']!, 'billing', 20 * DAY);
    const runBoth = async (): Promise<void> => {
      await Promise.all([server.runScheduler(), other.runScheduler()]);
      await Promise.all([send(), send(other)]);
    };
    const begin = clock.now();
    // Around the days on which the leads of 14 days, 7 days and a day begin.
    for (const day of [0, 1, 5, 6, 7, 12, 13, 14, 18, 19]) {
      clock.set(begin + day * DAY);
      await runBoth();
      await runBoth();
    }
    const announced = received(contact).filter(({ subject }) => subject.includes('billing expires within'));
    expect(announced.map(({ subject }) => subject)).toEqual(
      ['30 days', '14 days', '7 days', 'a day'].map(
        (lead) => `[Chancery] ${tenant.slug}: credential billing expires within ${lead}`,
      ),
    );
    const [mail] = announced;
    expect(mail).toMatchObject({ from: 'chancery@example.com', to: [contact], user: 'chancery' });
    expect(mail!.text).toContain(`${PUBLIC_URL}/console/t/${tenant.slug}/calendar`);
    expect(mail!.headers['auto-submitted']).toBe('auto-generated');
    expect(mail!.headers['content-type']).toMatch(/^text\/plain; charset=utf-8/);
    expect(new Set(announced.map(({ headers }) => headers['message-id'])).size).toBe(4);
    expect(received(tenant.owner.email).filter(({ text }) => text.includes('billing'))).toEqual([]);
  });

  it('announcements by e-mail go to the owners where a thing has no contacts, many things in one', async () => {
    const service = await createService('crm', []);
    await server.patch(tenant.path, { settings: { credentialsPerType: 10 } }, tenant.owner);
    for (const name of ['one', 'two', 'three']) await createCredential(service['id']!, name, 5 * DAY);
    await server.runScheduler();
    await send();
    const mails = received(tenant.owner.email);
    expect(mails.map(({ subject }) => subject)).toEqual([
      `[Chancery] ${tenant.slug}: 3 expirations and the like within 7 days`,
    ]);
    for (const name of ['one', 'two', 'three']) expect(mails[0]!.text).toContain(`- credential ${name} expires: 20`);
  });

  it('an e-mail shows names as text in one line, whatever they are made of', async () => {
    const contact = `ops@${tenant.slug}.test`;
    const service = await createService('<img src=x onerror=alert(1)>', [contact]);
    await createCredential(
      service['id']!,
      '<script>alert("ü")</script> =?UTF-8?Q?x?= %0d%0aBcc: eve@example.com',
      5 * DAY,
    );
    await server.runScheduler();
    await send();
    const [mail] = received(contact);
    expect(mail!.subject).toContain('credential <script>alert("ü")</script> =?UTF-8?Q?x?= %0d%0aBcc: eve@example.com');
    expect(mail!.text).toContain('- credential <script>alert("ü")</script>');
    expect(mail!.to).toEqual([contact]);
    expect(Object.keys(mail!.headers)).not.toContain('bcc');
    expect(mail!.raw).not.toMatch(/text\/html/i);
  });

  it('a successor that the scheduler made is told to the contacts, without its secret', async () => {
    const contact = `ops@${tenant.slug}.test`;
    const created = await createService('crm', [contact]);
    const { id, serviceId } = created['jwtCredential']!;
    const path = `${tenant.path}/services/${serviceId!}/credentials`;
    await server.patch(`${path}/${id!}`, { expiresAt: toRfc3339(clock.now() + 100 * DAY) }, tenant.owner);
    const used = `UPDATE credentials SET lastUsedAt = ${clock.now()} WHERE id = '${id!}'`;
    await plain.query(used);
    clock.advance(87 * DAY);
    await Promise.all([server.runScheduler(), other.runScheduler()]);
    await send();
    const [mail, ...more] = received(contact).filter(({ subject }) => subject.includes('successor'));
    expect(more).toEqual([]);
    expect(mail!.subject).toContain(`JWT credential ${id!} of the service crm got a successor`);
    expect(mail!.text).toContain(`${PUBLIC_URL}/console/t/${tenant.slug}/services/${serviceId!}`);
    const owner = { token: await server.login(tenant.owner.email, PASSWORD) };
    const successor = ((await server.get(`${path}?authType=jwt`, owner)).body['items'] as unknown as Shape[]).at(-1)!;
    const { secret } = (await server.post(`${path}/${successor['id']!}/reveal`, {}, owner)).body;
    expect(mail!.raw).not.toContain(secret);
    expect(mail!.text).not.toContain(secret);
  });

  it('refused uses of a credential are told once a day, however many there are, by however many instances', async () => {
    const contact = `ops@${tenant.slug}.test`;
    const created = await createService('crm', [contact]);
    const { id, serviceId, secret } = created['serviceKey']!;
    const path = `${tenant.path}/services/${serviceId!}/credentials`;
    await server.post(path, { authType: 'service_key' }, tenant.owner);
    expect((await server.post(`${path}/${id!}/discard`, {}, tenant.owner)).status).toBe(200);
    const use = async (): Promise<void> => {
      for (const each of [server, other, server]) {
        expect((await each.get('/v1/whoami', { serviceKey: secret! })).body['code']).toBe('CREDENTIAL_INACTIVE');
      }
      await send();
    };
    await use();
    await use();
    const told = () => received(contact).filter(({ subject }) => subject.includes('is used and rejected'));
    expect(told().length).toBe(1);
    expect(told()[0]!.text).toContain('CREDENTIAL_INACTIVE');
    expect(told()[0]!.raw).not.toContain(secret!);
    clock.advance(DAY);
    await use();
    // Further uses are written together.
    await server.server.app.get(RefusedUses).flush();
    await send();
    expect(told().length).toBe(2);
  });
});

describe('the outbox of e-mail', () => {
  /** One mail that waits to be sent. */
  const announce = async (): Promise<string> => {
    const contact = `ops@${tenant.slug}.test`;
    const service = await createService('crm', [contact]);
    await createCredential(service['id']!, 'billing', 20 * DAY);
    await server.runScheduler();
    return contact;
  };

  it('the outbox of e-mail tries again after a temporary rejection, with the same message id', async () => {
    const contact = await announce();
    mailServer.rejectBy = 451;
    await send();
    await send();
    expect([attemptsTo(contact), received(contact).length]).toEqual([1, 0]);
    clock.advance(15 * SECOND);
    await send();
    expect(attemptsTo(contact)).toBe(2);
    mailServer.rejectBy = undefined;
    clock.advance(MINUTE);
    await send();
    await send();
    expect(received(contact).length).toBe(1);
  });

  it('the outbox of e-mail gives up after a final rejection, and says so', async () => {
    const contact = await announce();
    mailServer.rejectBy = 550;
    await send();
    mailServer.rejectBy = undefined;
    clock.advance(HOUR);
    await send();
    expect([attemptsTo(contact), received(contact).length]).toEqual([1, 0]);
    expect(await rowsTo(contact)).toMatchObject([{ state: 'failed', lastError: 'REJECTED', sealedContent: null }]);
    expect(server.logs.join('')).toContain('An e-mail was given up');
    const metrics = await server.get('/metrics', { token: environment.CHANCERY_METRICS_TOKEN });
    expect(metrics.text).toMatch(/chancery_mails_total\{outcome="failed"\} [1-9]/);
    expect(metrics.text).toMatch(/chancery_mail_waiting_seconds \d/);
  });

  it.each([
    ['its end', -1],
    ['the version of its key', 5],
  ])('the outbox of e-mail gives up a mail whose row was altered (%s), and sends the next one', async (_, place) => {
    const altered = await announce();
    const [{ sealedContent }] = (await rowsTo(altered)) as [MailRow];
    const content = Buffer.from(sealedContent!);
    const offset = place < 0 ? content.length + place : place;
    content[offset]! ^= 1;
    await plain.query(`UPDATE mails SET sealedContent = X'${content.toString('hex')}' WHERE recipient = '${altered}'`);
    tenant = await createTenant(server);
    clock.advance(SECOND);
    const next = await announce();
    await send();
    expect(received(altered)).toEqual([]);
    expect(await rowsTo(altered)).toMatchObject([{ state: 'failed', lastError: 'UNREADABLE', sealedContent: null }]);
    expect(received(next).length).toBe(1);
  });

  it('the outbox of e-mail holds the mails of a suspended tenant until it is active again, and drops those of a deleted one', async () => {
    const admin = async () => ({ token: await server.login() });
    const move = async (action: 'suspend' | 'reactivate') => {
      expect((await server.post(`${tenant.path}/${action}`, undefined, await admin())).status).toBe(200);
    };
    const contact = await announce();
    const second = `second@${tenant.slug}.test`;
    const service = await createService('other', [second]);
    await createCredential(service['id']!, 'billing', 20 * DAY);
    await move('suspend');
    // Written while it is suspended.
    await server.runScheduler();
    await send();
    // Longer than a mail is tried.
    clock.advance(4 * DAY);
    await send();
    expect([...received(contact), ...received(second)]).toEqual([]);
    expect(await rowsTo(contact)).toMatchObject([{ state: 'pending' }]);
    await move('reactivate');
    await send();
    expect([received(contact).length, received(second).length]).toEqual([1, 1]);

    tenant = await createTenant(server);
    const dropped = await announce();
    await move('suspend');
    const proof = { password: 'correct horse battery staple', confirm: tenant.slug };
    expect((await server.delete(tenant.path, proof, await admin())).status).toBe(204);
    await send();
    expect(received(dropped)).toEqual([]);
    expect(await rowsTo(dropped)).toMatchObject([
      { state: 'failed', lastError: 'TENANT_DELETED', sealedContent: null },
    ]);
  });

  it('the outbox of e-mail sends nothing that was of no use any more when its tenant became active again, and says so', async () => {
    const admin = { token: await server.login() };
    const contact = await announce();
    await server.post(`${tenant.path}/suspend`, undefined, admin);
    // What it tells happens within 20 days.
    clock.advance(21 * DAY);
    const later = { token: await server.login() };
    expect((await server.post(`${tenant.path}/reactivate`, undefined, later)).status).toBe(200);
    await send();
    expect(received(contact)).toEqual([]);
    const [row] = await rowsTo(contact);
    expect(row).toMatchObject({ state: 'failed', lastError: 'NO_LONGER_USEFUL', sealedContent: null });
    const owner = await server.login(tenant.owner.email, PASSWORD);
    const path = `${tenant.path}/audit-events?action=mail.dropped`;
    const { body } = await server.get(path, { token: owner });
    expect(body['items']).toMatchObject([{ target: { id: row!.id }, outcome: 'failed', details: { email: contact } }]);
    const metrics = await server.get('/metrics', { token: environment.CHANCERY_METRICS_TOKEN });
    expect(metrics.text).toMatch(/chancery_mails_total\{outcome="dropped"\} [1-9]/);
  });

  it('the outbox of e-mail gives up after three days', async () => {
    const contact = await announce();
    mailServer.rejectBy = 451;
    for (let hours = 0; hours < 90; hours += 10) {
      await send();
      clock.advance(10 * HOUR);
    }
    const before = attemptsTo(contact);
    await send();
    expect([attemptsTo(contact), await rowsTo(contact)]).toMatchObject([before, [{ state: 'failed' }]]);
    expect(before).toBeGreaterThan(4);
  });

  it('the outbox of e-mail gives up no mail while the clock is 400 days ahead, and delays it no longer than usual', async () => {
    const contact = await announce();
    mailServer.rejectBy = 451;
    await send();
    clock.jump(400 * DAY);
    const { clockWatch } = server.server.installation;
    await clockWatch.beat();
    await send();
    clock.jump(-400 * DAY);
    await clockWatch.confirm(platformScope(systemOrigin('test')));
    mailServer.rejectBy = undefined;
    await send();
    expect([attemptsTo(contact), received(contact).length]).toEqual([3, 1]);
  });

  it('the outbox of e-mail sends again what a process had claimed that was killed, and no sooner than the claim ends', async () => {
    const contact = await announce();
    // What a process leaves that ends between the claim and the note of what became of it.
    await plain.query(`UPDATE mails SET dueAt = ${clock.now() + 2 * MINUTE} WHERE recipient = '${contact}'`);
    await send(other);
    expect(received(contact)).toEqual([]);
    clock.advance(2 * MINUTE);
    await Promise.all([send(), send(other)]);
    expect(received(contact).length).toBe(1);
  });

  it('the outbox of e-mail holds no text in the clear, and none at all once it was sent', async () => {
    const contact = await announce();
    const [{ sealedContent }] = (await rowsTo(contact)) as [MailRow];
    expect(sealedContent!.length).toBeGreaterThan(100);
    expect(sealedContent!.toString('latin1')).not.toMatch(/billing|Tenant/);
    await send();
    expect(await rowsTo(contact)).toMatchObject([{ state: 'delivered', sealedContent: null }]);
  });

  it('the outbox of e-mail logs neither the password of the mail server nor what a mail says', async () => {
    await announce();
    await send();
    const logs = [...server.logs, ...other.logs].join('');
    expect(logs).not.toContain('a-password-of-smtp');
    expect(logs).not.toContain('billing expires');
  });
});

describe('a mail server', () => {
  const workshop = new Workshop();
  let certificate: { readonly key: string; readonly cert: string };
  beforeAll(async () => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'smtp.key'];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,DNS:mail.test,IP:127.0.0.1'];
    await workshop.openssl('req', '-x509', ...key, ...names, '-days', '30', '-out', 'smtp.crt');
    certificate = { key: workshop.read('smtp.key').toString(), cert: workshop.read('smtp.crt').toString() };
  });
  afterAll(() => workshop.clear());

  /** Sends one mail by an instance with these settings. @returns what arrived, and what the row says */
  async function sendBy(url: string, at: MailServer, settings: Readonly<Record<string, string>> = {}) {
    const instance = await startTestServer({
      database,
      clock,
      environment: { ...environment, CHANCERY_SMTP_URL: url, ...settings },
    });
    const contact = `${randomUUID()}@tls.test`;
    const service = await createService(contact, [contact]);
    await createCredential(service['id']!, 'tls', 20 * DAY);
    await instance.runScheduler();
    await send(instance);
    await instance.close();
    const [row] = (await rowsTo(contact)) as [MailRow];
    await at.close();
    return { ...row, arrived: at.received.filter(({ to }) => to.includes(contact)) };
  }

  it('a mail server with TLS from the start gets mail if its certificate is trusted', async () => {
    const trusted = { CHANCERY_SMTP_CA_FILE: `${workshop.path}/smtp.crt` };
    const one = await startMailServer({ ...certificate, secure: true });
    const sent = await sendBy(`smtps://localhost:${one.port}`, one, trusted);
    expect([sent.arrived.map(({ isEncrypted }) => isEncrypted), sent.state]).toEqual([[true], 'delivered']);
    const two = await startMailServer({ ...certificate, secure: true });
    const refused = await sendBy(`smtps://localhost:${two.port}`, two);
    expect(refused).toMatchObject({ arrived: [], state: 'pending', lastError: 'CERTIFICATE_REJECTED' });
  });

  it('a mail server with a password in a file gets the password', async () => {
    const file = `${workshop.path}/${workshop.write('password', 'from a file\n')}`;
    const passwords = new Set<string | null | undefined>();
    const one = await startMailServer({
      onAuth: ({ username, password }, _, callback) => {
        passwords.add(password);
        callback(null, { user: username ?? '' });
      },
    });
    const sent = await sendBy(`smtp://user@127.0.0.1:${one.port}`, one, { CHANCERY_SMTP_PASSWORD_FILE: file });
    expect([sent.state, [...passwords]]).toEqual(['delivered', ['from a file']]);
  });

  it('a mail server that does not answer keeps no process from stopping in time', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    const connected = once(silent, 'connection');
    await once(silent, 'listening');
    const url = `smtp://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const instance = await startTestServer({
      database,
      clock,
      environment: { ...environment, CHANCERY_SMTP_URL: url },
    });
    const service = await createService('silent', ['ops@silent.test']);
    await createCredential(service['id']!, 'silent', 20 * DAY);
    await instance.runScheduler();
    let sent = false;
    void send(instance)
      .catch(() => undefined)
      .finally(() => (sent = true));
    const [socket] = (await connected) as [Socket];
    // What the process waits for when it stops: not the time limits of the connection, which began before.
    holdTimers();
    let isClosed = false;
    const closing = instance.close().finally(() => (isClosed = true));
    const stopped = (): boolean => {
      passTime(SECOND);
      return isClosed;
    };
    await expect.poll(stopped).toBe(true);
    await closing;
    expect(sent).toBe(false);
    socket.destroy();
    silent.close();
  });

  it('a mail server that rejects the sign-in is asked again later', async () => {
    const one = await startMailServer({ onAuth: (_, __, callback) => callback(new Error('no')) });
    expect(await sendBy(`smtp://user:wrong@127.0.0.1:${one.port}`, one)).toMatchObject({
      state: 'pending',
      lastError: 'SIGN_IN_REJECTED',
    });
  });
});
