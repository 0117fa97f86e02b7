import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { Redis, type RedisOptions } from 'ioredis';

/** Whether `redis-server` is installed, as it is in continuous integration. */
export const isRedisInstalled = spawnSync('redis-server', ['--version']).status === 0;

/** A real server on a free port of the loopback interface, which keeps nothing on disk. */
export interface RedisProcess {
  readonly port: number;
  readonly url: string;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Keeps its connections and answers nothing. */
  freeze(): void;
  thaw(): void;
  /** A client of the test's own. */
  client(): Redis;
  /** How often scripts were run since the start. */
  scriptCalls(): Promise<number>;
}

export interface RedisProcessOptions {
  /** Further parameters of `redis-server`. */
  readonly parameters?: readonly string[];
  /** Server and clients speak TLS. */
  readonly tls?: NonNullable<RedisOptions['tls']>;
  readonly password?: string;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Prepares a server; `start` starts it. */
export async function redisProcess({
  parameters = [],
  tls,
  password,
}: RedisProcessOptions = {}): Promise<RedisProcess> {
  const port = await freePort();
  const ports = tls ? ['--port', '0', '--tls-port', String(port)] : ['--port', String(port)];
  const clients: Redis[] = [];
  let child: ChildProcess | undefined;

  const client = (): Redis => {
    const made = new Redis({
      port,
      host: '127.0.0.1',
      retryStrategy: () => 20,
      ...(tls ? { tls } : {}),
      ...(password === undefined ? {} : { password }),
    });
    made.on('error', () => undefined);
    clients.push(made);
    return made;
  };
  const stop = async (): Promise<void> => {
    for (const open of clients.splice(0)) open.disconnect();
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    child = undefined;
    await exited;
  };
  return {
    port,
    url: `${tls ? 'rediss' : 'redis'}://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`,
    start: async () => {
      const own = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...ports, ...parameters];
      child = spawn('redis-server', own, { stdio: 'ignore' });
      const waiting = client();
      while ((await waiting.ping().catch(() => undefined)) !== 'PONG') await delay(20);
    },
    stop,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    client,
    scriptCalls: async () => {
      const statistics = await clients[0]!.info('commandstats');
      return Number(/cmdstat_eval:calls=(\d+)/.exec(statistics)?.[1] ?? 0);
    },
  };
}
