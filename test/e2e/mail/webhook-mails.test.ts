import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Deliveries } from '#announcements';
import { DAY, ManualClock, SECOND } from '#core';
import { MailDeliveries } from '#mail';

import { createMigratedDatabase } from '../../support/database.js';
import { type ReceivedMail, startMailServer } from '../../support/mail-server.js';
import { type Receiver, startReceiver } from '../../support/receiver.js';
import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

const database = await createMigratedDatabase();
const clock = new ManualClock();
const mailServer = await startMailServer();
const environment = {
  CHANCERY_SMTP_URL: `smtp://chancery:a-password-of-smtp@127.0.0.1:${mailServer.port}`,
  CHANCERY_MAIL_FROM: 'chancery@example.com',
  CHANCERY_PUBLIC_URL: 'https://chancery.test',
  CHANCERY_WEBHOOK_NETWORKS: '127.0.0.0/8',
  CHANCERY_WEBHOOK_PLAIN_HTTP: 'true',
};
let server: TestServer;
/** A second instance, configured as the first. */
let other: TestServer;
let tenant: TestTenant;
let receiver: Receiver;

beforeAll(async () => {
  server = await startTestServer({ database, clock, environment });
  other = await startTestServer({ database, clock, environment });
});
afterAll(async () => {
  await server.close();
  await other.close();
  await mailServer.close();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTenant(server);
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
});

const send = (): Promise<void> => server.server.app.get(MailDeliveries).sendDue();
const received = (to: string): ReceivedMail[] => mailServer.received.filter((mail) => mail.to.includes(to));

describe('e-mail about webhooks', () => {
  it('the owners get an e-mail when a webhook is disabled because its receiver failed, without its URL', async () => {
    receiver.answer = 410;
    const request = { url: `${receiver.url}?secret=of-the-receiver`, actions: ['webhook.*'], name: 'tickets' };
    const { status } = await server.post(`${tenant.path}/webhooks`, request, tenant.owner);
    expect(status).toBe(201);
    await server.server.app.get(Deliveries).deliverDue();
    await send();
    const mails = received(tenant.owner.email);
    expect(mails.map(({ subject }) => subject)).toEqual([
      `[Chancery] ${tenant.slug}: the webhook tickets was disabled`,
    ]);
    expect(mails[0]!.text).toContain(`to ${new URL(receiver.url).host} was disabled`);
    expect(mails[0]!.text).not.toContain('of-the-receiver');
  });
});

describe('messages that wait', () => {
  it('messages of a webhook that waited for 30 days are given up by one event and one e-mail, and can be requested again', async () => {
    const request = { url: receiver.url, actions: ['webhook.created', 'service.created'] };
    const created = await server.post(`${tenant.path}/webhooks`, request, tenant.owner);
    const path = `${tenant.path}/webhooks/${created.body['webhook']!['id']}`;
    await server.post(`${tenant.path}/services`, { name: 'billing' }, tenant.owner);
    receiver.answer = 500;
    await server.server.app.get(Deliveries).deliverDue();
    await server.post(`${path}/disable`, undefined, tenant.owner);
    clock.advance(30 * DAY - SECOND);
    await server.runScheduler();
    const login = async (): Promise<{ token: string }> => ({
      token: await server.login(tenant.owner.email, PASSWORD),
    });
    const states = async (): Promise<unknown[]> => {
      const items = (await server.get(`${path}/deliveries`, await login())).body['items'] as unknown as Shape[];
      return items.map(({ state, lastError }) => [state, lastError]);
    };
    expect((await states()).map(String)).toEqual(['pending,', 'pending,']);
    clock.advance(2 * SECOND);
    await Promise.all([server.runScheduler(), other.runScheduler()]);
    await server.runScheduler();
    const givenUp = ['failed', 'WAITED_TOO_LONG'];
    expect(await states()).toEqual([givenUp, givenUp]);
    const action = 'webhook.deliveries_given_up';
    const events = (await server.get(`${tenant.path}/audit-events?action=${action}`, await login())).body['items'];
    expect(events).toMatchObject([{ outcome: 'failed', details: { count: 2, webhookState: 'disabled' } }]);
    await send();
    expect(received(tenant.owner.email).filter(({ subject }) => subject.includes('were given up'))).toHaveLength(1);

    receiver.answer = 204;
    await server.post(`${path}/enable`, undefined, await login());
    const [{ id }] = (await server.get(`${path}/deliveries`, await login())).body['items'] as unknown as [Shape];
    await server.post(`${path}/deliveries/${id}/redeliver`, undefined, await login());
    await server.runScheduler();
    await server.server.app.get(Deliveries).deliverDue();
    expect((await states()).map(String).toSorted()).toEqual(['delivered,', 'failed,WAITED_TOO_LONG']);
  });
});
