import { Webhook as Verifier } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Deliveries } from '#announcements';
import { DAY, HOUR, ManualClock, MINUTE, SECOND, platformScope, systemOrigin, toRfc3339 } from '#core';

import { createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { type Received, type Receiver, startReceiver } from '../../support/receiver.js';
import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

const database = await createMigratedDatabase();
// The library that verifies compares with the clock of the host, so that the tests that let days pass come last.
const clock = new ManualClock(Date.now());
const environment = { CHANCERY_WEBHOOK_NETWORKS: '127.0.0.0/8', CHANCERY_WEBHOOK_PLAIN_HTTP: 'true' };
let server: TestServer;
/** A second instance, configured as the first. */
let other: TestServer;
let receiver: Receiver;
let tenant: TestTenant;

beforeAll(async () => {
  server = await startTestServer({ database, clock, environment });
  other = await startTestServer({ database, clock, environment });
});
afterAll(async () => {
  await server.close();
  await other.close();
  await database.drop();
});
beforeEach(async () => {
  receiver = await startReceiver();
  tenant = await createTenant(server);
});
afterEach(async () => {
  await receiver.close();
});

const deliver = (by = server): Promise<void> => by.server.app.get(Deliveries).deliverDue();

async function createWebhook(
  actions: readonly string[],
  url = receiver.url,
): Promise<{ path: string; secret: string }> {
  const { status, text, body } = await server.post(`${tenant.path}/webhooks`, { url, actions }, tenant.owner);
  if (status !== 201) throw new Error(`The webhook was refused: ${text}`);
  return { path: `${tenant.path}/webhooks/${body['webhook']!['id']}`, secret: body['secret']! };
}

const createKey = async (name: string): Promise<void> => {
  const answer = await server.post(`${tenant.path}/keys`, { name, algorithm: 'HS256' }, tenant.owner);
  if (answer.status !== 201) throw new Error(`The key was refused: ${answer.text}`);
};

/** Sessions end while time passes. */
const letPass = async (milliseconds: number): Promise<void> => {
  clock.advance(milliseconds);
  const token = await server.login(tenant.owner.email, PASSWORD);
  tenant = { ...tenant, owner: { ...tenant.owner, token } };
};

const eventOf = ({ body }: Received): Shape => JSON.parse(body) as Shape;
const typesOf = (received: readonly Received[]): string[] => received.map((one) => eventOf(one)['type']!);

const read = async (path: string): Promise<Shape> => (await server.get(path, tenant.owner)).body;
const deliveries = async (path: string): Promise<Shape[]> =>
  (await read(`${path}/deliveries?limit=200`))['items'] as unknown as Shape[];
const actionsOf = async (action: string): Promise<Shape[]> =>
  (await read(`${tenant.path}/audit-events?action=${action}`))['items'] as unknown as Shape[];

describe('a webhook', () => {
  it('a webhook receives each event that it subscribed to once, signed, as a CloudEvent', async () => {
    const { path, secret } = await createWebhook(['key.*']);
    await createKey('one');
    await server.patch(tenant.path, { name: 'Not subscribed' }, tenant.owner);
    await createKey('two');
    await deliver();
    await deliver();
    expect(typesOf(receiver.received)).toEqual(['key.generated', 'key.generated']);
    for (const { headers, body } of receiver.received) {
      expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
      const event = new Verifier(secret).verify(body, headers as Record<string, string>) as Shape;
      const { sequence } = event['data']!;
      expect(event['data']).toEqual(await read(`${tenant.path}/audit-events/${sequence}`));
      expect(event).toMatchObject({ specversion: '1.0', source: `${server.url}/v1/tenants/${tenant.id}` });
    }
    const listed = await deliveries(path);
    expect(listed).toMatchObject([1, 2].map(() => ({ state: 'delivered', attempts: 1, lastStatus: 204 })));
    expect(listed.map(({ id }) => id).toSorted()).toEqual(
      receiver.received.map(({ headers }) => headers['webhook-id']).toSorted(),
    );
  });

  it('a webhook receives what happens after its creation, its creation first', async () => {
    await createKey('before');
    await createWebhook(['*']);
    await deliver();
    expect(typesOf(receiver.received)).toEqual(['webhook.created']);
  });

  it('a webhook receives each event once from two instances that deliver at the same time', async () => {
    const { path } = await createWebhook(['service.*', 'credential.*']);
    for (let index = 0; index < 20; index += 1) {
      await server.post(`${tenant.path}/services`, { name: `service ${index}` }, tenant.owner);
    }
    await Promise.all([deliver(server), deliver(other), deliver(other), deliver(server)]);
    await deliver(other);
    const ids = receiver.received.map((message) => eventOf(message)['id']);
    expect(ids.length).toBeGreaterThanOrEqual(20);
    expect(new Set(ids).size).toBe(ids.length);
    expect((await deliveries(path)).every(({ state }) => String(state) === 'delivered')).toBe(true);
  });

  it('a webhook whose receiver is slow keeps no other waiting', async () => {
    const slow = await startReceiver();
    const release: (() => void)[] = [];
    slow.answer = (response) => void release.push(() => response.writeHead(204).end());
    await createWebhook(['webhook.created'], slow.url);
    const first = deliver();
    await expect.poll(() => release.length).toBe(1);
    await createWebhook(['webhook.created']);
    await deliver();
    expect([receiver.received.length, slow.received.length]).toEqual([1, 1]);
    slow.answer = 204;
    release.forEach((end) => end());
    await first;
    await slow.close();
  });
});

describe('the turns of webhooks', () => {
  it('the turns of webhooks leave room for other tenants while the receivers of one are slow', async () => {
    const slow = await startReceiver();
    const release: (() => void)[] = [];
    slow.answer = (response) => void release.push(() => response.writeHead(204).end());
    for (let number = 0; number < 20; number += 1) await createWebhook(['webhook.created'], slow.url);
    const first = deliver();
    await expect.poll(() => release.length).toBeGreaterThanOrEqual(4);
    tenant = await createTenant(server);
    await createWebhook(['webhook.created']);
    await deliver();
    expect(receiver.received).toHaveLength(1);
    slow.answer = 204;
    release.forEach((end) => end());
    await first;
    await slow.close();
  });
});

describe('a clock that jumps 400 days forward and back', () => {
  /** The clock of the server, and its sessions, are as before afterwards. */
  const whileAhead = async (work: () => Promise<void>): Promise<void> => {
    clock.jump(400 * DAY);
    await server.server.installation.clockWatch.beat();
    await work();
    clock.jump(-400 * DAY);
    await server.server.installation.clockWatch.confirm(platformScope(systemOrigin('test')));
  };

  it('a clock that jumps 400 days forward and back gives up no delivery that fails meanwhile, and delays it no longer than usual', async () => {
    const { path } = await createWebhook(['key.*']);
    await createKey('before the jump');
    receiver.answer = 500;
    await deliver();
    await whileAhead(() => deliver());
    expect(receiver.received).toHaveLength(2);
    expect(await deliveries(path)).toMatchObject([{ state: 'pending', attempts: 2 }]);
    receiver.answer = 204;
    await deliver();
    expect(await deliveries(path)).toMatchObject([{ state: 'delivered', attempts: 3 }]);
    expect(await read(path)).toMatchObject({ state: 'active', failingSince: null });
  });
});

describe('the secret of a webhook', () => {
  const verifies = (secret: string, { headers, body }: Received): boolean => {
    try {
      new Verifier(secret).verify(body, headers as Record<string, string>);
      return true;
    } catch {
      return false;
    }
  };

  it('the secret of a webhook that is rotated signs beside the new one until its overlap ends', async () => {
    const { path, secret } = await createWebhook(['key.*']);
    const rotated = await server.post(`${path}/rotate-secret`, { overlapSeconds: 60 }, tenant.owner);
    const newer: string = rotated.body['secret']!;
    expect(rotated.body['webhook']).toMatchObject({ previousSecretUntil: toRfc3339(clock.now() + MINUTE) });
    await createKey('overlap');
    await deliver();
    clock.advance(MINUTE);
    await createKey('afterwards');
    await deliver();
    const [during, after] = receiver.received as [Received, Received];
    const verdicts = [during, after].map((message) => [verifies(secret, message), verifies(newer, message)]);
    expect(verdicts).toEqual([
      [true, true],
      [false, true],
    ]);
    expect(await read(path)).toMatchObject({ previousSecretUntil: null, version: 2 });
  });

  it('the secret of a webhook whose row was altered delays that webhook only, and a new one mends it', async () => {
    const { path } = await createWebhook(['key.*']);
    const id = path.split('/').at(-1)!;
    const plain = await openPlainDataSource(database.url);
    const [{ sealedSecret }] = await plain.query<[{ sealedSecret: Buffer }]>(
      `SELECT sealedSecret FROM webhook_secrets WHERE webhookId = '${id}'`,
    );
    // The version of the data key that it names.
    sealedSecret[5]! ^= 0x40;
    const altered = sealedSecret.toString('hex');
    await plain.query(`UPDATE webhook_secrets SET sealedSecret = X'${altered}' WHERE webhookId = '${id}'`);
    await plain.destroy();
    await createKey('delayed');
    const behind = await createWebhook(['webhook.created']);
    await deliver();
    expect(await deliveries(path)).toMatchObject([{ state: 'pending', attempts: 1, lastError: 'SECRET_UNREADABLE' }]);
    expect(await deliveries(behind.path)).toMatchObject([{ state: 'delivered' }]);
    const rotated = await server.post(`${path}/rotate-secret`, { overlapSeconds: 60 }, tenant.owner);
    clock.advance(MINUTE);
    await deliver();
    expect(await deliveries(path)).toMatchObject([{ state: 'delivered', attempts: 2 }]);
    expect(verifies(rotated.body['secret']!, receiver.received.at(-1)!)).toBe(true);
  });

  it('the secret of a webhook is shown by its creation only, and again to the same request', async () => {
    const call = { ...tenant.owner, headers: { 'Idempotency-Key': 'once' } };
    const request = { url: receiver.url, actions: ['*'] };
    const first = await server.post(`${tenant.path}/webhooks`, request, call);
    const second = await server.post(`${tenant.path}/webhooks`, request, call);
    expect(first.body['secret']).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(second.body).toEqual(first.body);
    expect(await actionsOf('webhook.secret_repeated')).toHaveLength(1);
    const path = `${tenant.path}/webhooks/${first.body['webhook']!['id']}`;
    for (const shown of [path, `${tenant.path}/webhooks`]) {
      expect((await server.get(shown, tenant.owner)).text).not.toContain('whsec_');
    }
    await server.delete(path, undefined, tenant.owner);
    expect((await server.post(`${tenant.path}/webhooks`, request, call)).body['code']).toBe('GONE');
  });
});

describe('a failed attempt', () => {
  it('a failed attempt is repeated later with the same id and body, one at a time until the receiver accepts', async () => {
    const { path } = await createWebhook(['key.*']);
    receiver.answer = 500;
    for (const name of ['a', 'b', 'c']) await createKey(name);
    await deliver();
    const [first] = receiver.received;
    expect(receiver.received).toHaveLength(3);
    await deliver();
    expect(receiver.received).toHaveLength(3);
    expect(await read(path)).toMatchObject({ state: 'active', failingSince: toRfc3339(clock.now()) });
    expect(await deliveries(path)).toMatchObject(
      [1, 2, 3].map(() => ({ state: 'pending', attempts: 1, lastStatus: 500 })),
    );
    clock.advance(13 * SECOND);
    await deliver();
    expect(receiver.received).toHaveLength(4);
    receiver.answer = 200;
    clock.advance(MINUTE);
    await deliver();
    expect(receiver.received).toHaveLength(7);
    const again = receiver.received
      .slice(3)
      .find(({ headers }) => headers['webhook-id'] === first!.headers['webhook-id']);
    expect(again!.body).toBe(first!.body);
    expect(await read(path)).toMatchObject({ failingSince: null, deliveredAt: toRfc3339(clock.now()) });
  });

  it('failed attempts over five days disable the webhook, which is an event; enabled again, it gets what is pending', async () => {
    const { path } = await createWebhook(['key.*']);
    receiver.answer = 404;
    await createKey('first');
    await deliver();
    await letPass(5 * DAY - HOUR);
    await createKey('later');
    await deliver();
    expect(await read(path)).toMatchObject({ state: 'active' });
    await letPass(DAY);
    await deliver();
    expect(await read(path)).toMatchObject({ state: 'disabled' });
    expect(await actionsOf('webhook.failed')).toMatchObject([{ outcome: 'failed', details: { isGone: false } }]);
    const states = (await deliveries(path)).map(({ state }) => state);
    expect(states.toSorted()).toEqual(['failed', 'pending']);

    const before = receiver.received.length;
    receiver.answer = 204;
    await createKey('while disabled');
    await letPass(DAY);
    await deliver();
    expect(receiver.received).toHaveLength(before);
    expect((await server.post(`${path}/enable`, undefined, tenant.owner)).body).toMatchObject({ state: 'active' });
    await deliver();
    expect(receiver.received.slice(before).map((one) => eventOf(one)['data']!['after']!['name'])).toEqual(['later']);
  });

  it('a failed attempt because the receiver is gone (410) disables the webhook immediately', async () => {
    const { path } = await createWebhook(['webhook.created']);
    receiver.answer = 410;
    await deliver();
    expect(await read(path)).toMatchObject({ state: 'disabled' });
    expect(await actionsOf('webhook.failed')).toMatchObject([{ details: { isGone: true } }]);
  });

  it('a failed attempt is one that is answered by a redirect, which is not followed', async () => {
    const target = await startReceiver();
    receiver.answer = (response) => void response.writeHead(307, { Location: target.url }).end();
    const { path } = await createWebhook(['webhook.created']);
    await deliver();
    expect(await deliveries(path)).toMatchObject([{ state: 'pending', lastStatus: 307 }]);
    expect(target.received).toEqual([]);
    await target.close();
  });

  it('a failed attempt without an answer says why', async () => {
    const { path } = await createWebhook(['webhook.created']);
    await receiver.close();
    await deliver();
    expect(await deliveries(path)).toMatchObject([{ lastStatus: null, lastError: 'CONNECTION_FAILED' }]);
    receiver = await startReceiver();
  });

  it('a delivery whose event the history has no longer is given up', async () => {
    const { path } = await createWebhook(['webhook.created']);
    receiver.answer = 500;
    await deliver();
    const [{ eventId }] = (await deliveries(path)) as [Shape];
    const plain = await openPlainDataSource(database.url);
    await plain.query(`DELETE FROM audit_events WHERE id = '${eventId}'`);
    await plain.destroy();
    clock.advance(MINUTE);
    await deliver();
    expect(await deliveries(path)).toMatchObject([{ state: 'failed', lastError: 'EVENT_NOT_FOUND' }]);
  });
});

describe('a redelivery', () => {
  it('a redelivery sends the same message again, and is an event', async () => {
    const { path } = await createWebhook(['webhook.created']);
    await deliver();
    const [{ id }] = (await deliveries(path)) as [Shape];
    const again = await server.post(`${path}/deliveries/${id}/redeliver`, undefined, tenant.owner);
    expect(again).toMatchObject({ status: 200, body: { id, state: 'pending', attempts: 0 } });
    expect(await server.post(`${path}/deliveries/${id}/redeliver`, undefined, tenant.owner)).toMatchObject({
      status: 409,
      body: { code: 'WRONG_STATE' },
    });
    await deliver();
    const [first, second] = receiver.received;
    expect([second!.headers['webhook-id'], second!.body]).toEqual([first!.headers['webhook-id'], first!.body]);
    expect(await actionsOf('webhook.redelivered')).toMatchObject([{ details: { deliveryId: id } }]);
  });

  it('a redelivery of a disabled webhook is rejected', async () => {
    const { path } = await createWebhook(['webhook.created']);
    await deliver();
    const [{ id }] = (await deliveries(path)) as [Shape];
    expect((await server.post(`${path}/disable`, undefined, tenant.owner)).body).toMatchObject({ state: 'disabled' });
    const answer = await server.post(`${path}/deliveries/${id}/redeliver`, undefined, tenant.owner);
    expect(answer).toMatchObject({ status: 409, body: { code: 'WRONG_STATE' } });
  });
});

describe('the resource of a webhook', () => {
  it('the resource of a webhook is changed and deleted by its ETag, and its events do not tell the query of its URL', async () => {
    const { path } = await createWebhook(['key.*'], `${receiver.url}/hook?key=confidential`);
    const tag = (await server.get(path, tenant.owner)).headers.get('etag')!;
    const changed = await server.patch(
      path,
      { actions: ['credential.*'] },
      { ...tenant.owner, headers: { 'If-Match': tag } },
    );
    expect(changed).toMatchObject({ status: 200, body: { actions: ['credential.*'], version: 2 } });
    for (const method of ['PATCH', 'DELETE']) {
      const call = { ...tenant.owner, headers: { 'If-Match': tag } };
      const stale = await server.request(method, path, method === 'PATCH' ? { actions: ['*'] } : undefined, call);
      expect(stale).toMatchObject({ status: 412, body: { code: 'PRECONDITION_FAILED' } });
    }
    expect((await server.delete(path, undefined, tenant.owner)).status).toBe(204);
    expect((await server.get(path, tenant.owner)).status).toBe(404);
    await deliver();
    expect(receiver.received).toEqual([]);
    for (const action of ['created', 'changed', 'deleted']) {
      const [event] = await actionsOf(`webhook.${action}`);
      expect(JSON.stringify(event)).toContain(`${receiver.url}/hook`);
      expect(JSON.stringify(event)).not.toContain('confidential');
    }
  });

  it.each([
    [{ url: 'ftp://example.com', actions: ['*'] }, '/url', 'INVALID_URL'],
    [{ url: 'https://10.0.0.1', actions: ['*'] }, '/url', 'ADDRESS_NOT_ALLOWED'],
    [{ url: 'https://example.com', actions: ['key.*', 'key.unheard_of'] }, '/actions/1', 'UNKNOWN_ACTION'],
  ])('the resource of a webhook is rejected for %j', async (request, pointer, code) => {
    const answer = await server.post(`${tenant.path}/webhooks`, request, tenant.owner);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR', errors: [{ pointer, code }] } });
  });

  it('the resource of a webhook is one of at most twenty', async () => {
    for (let index = 0; index < 20; index += 1) await createWebhook(['key.*']);
    const answer = await server.post(`${tenant.path}/webhooks`, { url: receiver.url, actions: ['*'] }, tenant.owner);
    expect(answer).toMatchObject({ status: 409, body: { code: 'WEBHOOK_LIMIT_REACHED' } });
  });

  it('the resource of a webhook ends with its tenant', async () => {
    await createWebhook(['*']);
    const token = await server.login();
    const proof = { password: 'correct horse battery staple', confirm: tenant.slug };
    expect((await server.delete(`/v1/tenants/${tenant.id}`, proof, { token })).status).toBe(204);
    await deliver();
    expect(receiver.received).toEqual([]);
    const plain = await openPlainDataSource(database.url);
    const left = await plain.query<object[]>(`SELECT id FROM webhooks WHERE tenantId = '${tenant.id}'`);
    await plain.destroy();
    expect(left).toEqual([]);
  });
});

describe('a suspended tenant', () => {
  const move = async (action: 'suspend' | 'reactivate'): Promise<void> => {
    const answer = await server.post(`${tenant.path}/${action}`, undefined, { token: await server.login() });
    if (answer.status !== 200) throw new Error(`The tenant did not change: ${answer.text}`);
  };

  it('a suspended tenant sends nothing but that it is suspended; what waits goes out once it is active again', async () => {
    const { path } = await createWebhook(['*']);
    const failing = await startReceiver();
    failing.answer = 500;
    const { path: failingPath } = await createWebhook(['key.*'], failing.url);
    await createKey('before');
    await deliver();
    await createKey('pending');
    await move('suspend');
    await deliver();
    // Longer than anything is tried, and than a receiver may fail.
    for (let days = 0; days < 6; days += 1) {
      clock.advance(DAY);
      await deliver();
    }
    expect(typesOf(receiver.received)).toEqual([
      'webhook.created',
      'webhook.created',
      'key.generated',
      'tenant.suspended',
    ]);
    expect(failing.received.length).toBe(1);
    await move('reactivate');
    await deliver();
    await deliver();
    await letPass(0);
    const types = typesOf(receiver.received).slice(4);
    expect(types.toSorted()).toEqual(['key.generated', 'tenant.reactivated']);
    // One more failure after the suspension neither gives up a delivery nor disables its webhook.
    expect(failing.received.length).toBeGreaterThan(1);
    expect(await deliveries(failingPath)).toMatchObject([{ state: 'pending' }, { state: 'pending' }]);
    expect(await read(failingPath)).toMatchObject({ state: 'active' });
    expect((await deliveries(path)).every(({ state }) => String(state) === 'delivered')).toBe(true);
    await failing.close();
  });
});

describe('an address that is not public', () => {
  it('an address that is not public gets nothing by a name either, without the permission of the operator', async () => {
    const strict = await startTestServer({ environment: { CHANCERY_WEBHOOK_PLAIN_HTTP: 'true' } });
    const own = await createTenant(strict);
    const url = receiver.url.replace('127.0.0.1', 'localhost');
    const created = await strict.post(`${own.path}/webhooks`, { url, actions: ['*'] }, own.owner);
    expect(created.status).toBe(201);
    await strict.server.app.get(Deliveries).deliverDue();
    const path = `${own.path}/webhooks/${created.body['webhook']!['id']}/deliveries`;
    const { items } = (await strict.get(path, own.owner)).body;
    expect(items).toMatchObject([{ state: 'pending', lastStatus: null, lastError: 'ADDRESS_NOT_ALLOWED' }]);
    expect(receiver.received).toEqual([]);
    await strict.close();
  });
});
