import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, it } from 'vitest';

import { ManualClock, MINUTE, Secret } from '#core';
import { generateServiceKey } from '#crypto';
import { createLogger } from '#logging';

import { RedisCounters } from '../../../apps/server/src/http/redis-counters.js';
import { Workshop } from '../../support/openssl.js';
import { type RedisProcess, type RedisProcessOptions, isRedisInstalled, redisProcess } from '../../support/redis.js';
import { type TestServer, type TestServerOptions, startTestServer } from '../../support/server.js';

const QUOTA = 5;
const LOST = 'Redis does not answer';
const BACK = 'Redis answers again';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function startRedis(options: RedisProcessOptions = {}): Promise<RedisProcess> {
  const redis = await redisProcess(options);
  closing.push(() => redis.stop());
  await redis.start();
  return redis;
}

async function startServer(
  environment: Readonly<Record<string, string>>,
  rateLimitQuotas: TestServerOptions['rateLimitQuotas'] = { public: QUOTA },
): Promise<TestServer> {
  const server = await startTestServer({ environment, rateLimitQuotas });
  closing.push(() => server.close());
  return server;
}

/** Statuses of so many calls of a route that is counted by address. */
async function calls(server: TestServer, count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let call = 0; call < count; call += 1) statuses.push((await server.get('/openapi.json')).status);
  return statuses;
}
const times = (count: number, status: number): number[] => Array.from({ length: count }, () => status);
const logged = ({ logs }: TestServer, text: string): string[] => logs.filter((line) => line.includes(text));
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}
const degraded = async (server: TestServer) => {
  const { status, body } = await server.get('/health/ready');
  return [status, body['degraded']];
};

/** Runs where Debian's `redis-server` is installed, as continuous integration does. */
describe.skipIf(!isRedisInstalled)('rate limits in Redis (needs redis-server)', () => {
  it('rate limits in Redis (needs redis-server) are shared by two servers', async () => {
    const { url } = await startRedis();
    const servers = [await startServer({ REDIS_URL: url }), await startServer({ REDIS_URL: url })] as const;
    expect(await calls(servers[0], 3)).toEqual(times(3, 200));
    expect(await calls(servers[1], 3)).toEqual([...times(2, 200), 429]);
    expect(await calls(servers[0], 1)).toEqual([429]);
    expect(await degraded(servers[0])).toEqual([200, []]);
  });

  it('rate limits in Redis (needs redis-server) are shared for credentials that are rejected as well', async () => {
    const { url } = await startRedis();
    const start = () => startServer({ REDIS_URL: url }, { credentials: QUOTA });
    const servers = [await start(), await start()] as const;
    const guesses = async (server: TestServer, count: number): Promise<number[]> => {
      const statuses: number[] = [];
      for (let call = 0; call < count; call += 1) {
        statuses.push((await server.get('/v1/whoami', { serviceKey: generateServiceKey().reveal() })).status);
      }
      return statuses;
    };
    expect(await guesses(servers[0], 3)).toEqual(times(3, 401));
    expect(await guesses(servers[1], 3)).toEqual([...times(2, 401), 429]);
    expect(await guesses(servers[0], 1)).toEqual([429]);
  });

  it('rate limits are each server’s own without REDIS_URL: the control of those in Redis', async () => {
    const servers = [await startServer({}), await startServer({})] as const;
    for (const server of servers) expect(await calls(server, 6)).toEqual([...times(QUOTA, 200), 429]);
  });

  it('rate limits in Redis (needs redis-server) count in one step: of 400 parallel hits of two processes each has its own number', async () => {
    const redis = await startRedis();
    const settings = { url: new Secret(redis.url), keyPrefix: 'chancery:' };
    const counters = [await open(settings), await open(settings)] as const;
    const hits = await Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        const { totalHits, isBlocked } = await counters[index % 2 === 0 ? 0 : 1].increment('key', MINUTE, 100);
        expect(isBlocked).toBe(totalHits > 100);
        return totalHits;
      }),
    );
    expect(hits.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, index) => index + 1));
  });

  it('rate limits in Redis (needs redis-server) hold no address and no id in their keys, and each key ends with its window', async () => {
    const redis = await startRedis();
    const counters = await open({ url: new Secret(redis.url), keyPrefix: 'our:' });
    const others = await open({ url: new Secret(redis.url), keyPrefix: 'their:' });
    expect(await counters.increment('login:address:192.0.2.1', MINUTE, 9)).toMatchObject({
      totalHits: 1,
      timeToExpire: 60,
    });
    expect(await others.increment('login:address:192.0.2.1', MINUTE, 9)).toMatchObject({ totalHits: 1 });
    const client = redis.client();
    const keys = await client.keys('*');
    expect(keys.map((key) => key.split(':')[0]).toSorted()).toEqual(['our', 'their']);
    expect(keys.join()).not.toContain('192.0.2.1');
    const [key] = keys.filter((name) => name.startsWith('our:'));
    for (let hit = 2; hit < 4; hit += 1) {
      // A key that has lost its end gets one again.
      if (hit === 3) await client.persist(key!);
      await counters.increment('login:address:192.0.2.1', MINUTE, 9);
      const rest = await client.pttl(key!);
      expect(rest > 0 && rest <= MINUTE).toBe(true);
    }
  });

  it('rate limits in Redis (needs redis-server) continue in each process by itself when Redis is killed, and are shared again when it is back', async () => {
    const redis = await startRedis();
    const servers = [await startServer({ REDIS_URL: redis.url }), await startServer({ REDIS_URL: redis.url })] as const;
    expect(await calls(servers[0], 3)).toEqual(times(3, 200));
    await redis.stop();
    for (const server of servers) {
      expect(await calls(server, 6)).toEqual([...times(QUOTA, 200), 429]);
      expect(await degraded(server)).toEqual([200, ['sharedRateLimits']]);
      expect(logged(server, LOST)).toHaveLength(1);
      expect(logged(server, LOST)[0]).toContain('"level":"warn"');
    }
    await redis.start();
    for (const server of servers) await until(() => logged(server, BACK).length > 0);
    expect(await calls(servers[0], 4)).toEqual(times(4, 200));
    expect(await calls(servers[1], 2)).toEqual([200, 429]);
    for (const server of servers) {
      expect(await degraded(server)).toEqual([200, []]);
      expect([logged(server, LOST), logged(server, BACK)].map(({ length }) => length)).toEqual([1, 1]);
    }
  });

  it('rate limits in Redis (needs redis-server) wait for a Redis that hangs once, not with each request', async () => {
    const redis = await startRedis();
    const server = await startServer({ REDIS_URL: redis.url });
    expect(await calls(server, 1)).toEqual([200]);
    const before = await redis.scriptCalls();
    redis.freeze();
    expect(await calls(server, 50)).toEqual([...times(QUOTA, 200), ...times(45, 429)]);
    redis.thaw();
    // Only the first of the 50 was sent to Redis at all.
    await until(async () => (await redis.scriptCalls()) > before);
    expect(await redis.scriptCalls()).toBe(before + 1);
    await until(() => logged(server, BACK).length > 0);
    expect(logged(server, LOST)).toHaveLength(1);
  });

  it('rate limits in Redis (needs redis-server) do not keep a server from starting when Redis is not there yet', async () => {
    const redis = await redisProcess();
    closing.push(() => redis.stop());
    const server = await startServer({ REDIS_URL: redis.url });
    expect(await calls(server, 6)).toEqual([...times(QUOTA, 200), 429]);
    expect(await degraded(server)).toEqual([200, ['sharedRateLimits']]);
    await redis.start();
    await until(() => logged(server, BACK).length > 0);
    expect(await calls(server, 1)).toEqual([200]);
    expect(await redis.scriptCalls()).toBe(1);
  });

  it('rate limits in Redis (needs redis-server) are not used where the password is wrong, and no log line holds it', async () => {
    const redis = await startRedis({ parameters: ['--requirepass', 'right-password'], password: 'right-password' });
    const server = await startServer({ REDIS_URL: redis.url });
    expect(await degraded(server)).toEqual([200, []]);
    const other = await startServer({ REDIS_URL: redis.url.replace('right', 'wrong') });
    expect(await calls(other, 1)).toEqual([200]);
    expect(await degraded(other)).toEqual([200, ['sharedRateLimits']]);
    for (const { logs } of [server, other]) expect(logs.join('')).not.toMatch(/(right|wrong)-password/);
  });

  it('rate limits in Redis (needs redis-server) travel by TLS to a server whose certificate an authority of REDIS_CA_FILE has signed, and to no other', async () => {
    const workshop = new Workshop();
    closing.push(async () => workshop.clear());
    const subject = ['-subj', '/CN=redis', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'redis.key'];
    await workshop.openssl('req', '-x509', '-days', '2', ...subject, ...key, '-out', 'redis.crt');
    const certificate = workshop.read('redis.crt').toString();
    const file = (name: string): string => `${workshop.path}/${name}`;
    const redis = await startRedis({
      tls: { ca: certificate },
      parameters: [
        '--tls-cert-file',
        file('redis.crt'),
        '--tls-key-file',
        file('redis.key'),
        '--tls-auth-clients',
        'no',
      ],
    });
    const server = await startServer({ REDIS_URL: redis.url, REDIS_CA_FILE: file('redis.crt') });
    expect(await calls(server, 1)).toEqual([200]);
    expect([await degraded(server), await redis.scriptCalls()]).toEqual([[200, []], 1]);
    const other = await startServer({ REDIS_URL: redis.url });
    expect(await calls(other, 1)).toEqual([200]);
    expect([await degraded(other), await redis.scriptCalls()]).toEqual([[200, ['sharedRateLimits']], 1]);
    await expect(startServer({ REDIS_URL: redis.url, REDIS_CA_FILE: file('absent') })).rejects.toThrow('ENOENT');
  });
});

async function open(settings: Parameters<typeof RedisCounters.open>[0]): Promise<RedisCounters> {
  const counters = await RedisCounters.open(settings, new ManualClock(), createLogger('silent'));
  closing.push(() => counters.close());
  return counters;
}
