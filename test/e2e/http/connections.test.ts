import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Fixture, startFixture } from './fixture.js';

let shell: Fixture;
const opened: Socket[] = [];
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await shell.app.close();
});

interface Connection {
  readonly socket: Socket;
  /** Everything that the server sent until it closed the connection. */
  readonly ended: Promise<string>;
}

async function open(localAddress = '127.0.0.2', text = ''): Promise<Connection> {
  const socket = connect({ port: shell.port, host: '127.0.0.1', localAddress });
  opened.push(socket);
  let received = '';
  socket.setEncoding('latin1').on('data', (chunk) => (received += String(chunk)));
  socket.on('error', () => undefined);
  // Not by `once`: an error of a late write to a closed connection is no end of its own.
  const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(received)));
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return { socket, ended };
}

const REQUEST = 'GET /v1/facts HTTP/1.1\r\nHost: a\r\n';
/** One whole request on a connection of its own. */
const status = async (localAddress: string): Promise<string | undefined> =>
  /^HTTP\/1\.1 (\d+)/.exec(await (await open(localAddress, `${REQUEST}Connection: close\r\n\r\n`)).ended)?.[1];
/** Until the server has counted what the kernel has connected. */
async function expectCount(expected: number): Promise<void> {
  const server = shell.app.getHttpServer();
  for (let open = -1; open !== expected; await delay(5)) {
    open = await new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
  }
}

describe('connections of one address', () => {
  it('connections of one address are closed beyond the limit with an answer that says why, and others are accepted', async () => {
    shell = await startFixture({ limits: { connectionsPerAddress: 3 } });
    const halfOpen = [await open(), await open('127.0.0.2', REQUEST), await open('127.0.0.2', 'G')];
    await expectCount(3);
    const rejected = await (await open('127.0.0.2', `${REQUEST}\r\n`)).ended;
    expect(rejected).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n.*application\/problem\+json.*Retry-After: 1\r\n/s);
    expect(JSON.parse(rejected.split('\r\n\r\n')[1]!)).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    expect(shell.log.filter((line) => line.includes('A connection was rejected'))).toHaveLength(1);
    expect(await status('127.0.0.3')).toBe('200');
    expect(await status('127.0.0.2')).toBe('429');
    halfOpen[0]!.socket.destroy();
    await expectCount(2);
    expect(await status('127.0.0.2')).toBe('200');
    expect(shell.log.filter((line) => line.includes('A connection was rejected'))).toHaveLength(1);
  });

  it('connections of one address read nothing of a request that came on a connection beyond the limit', async () => {
    shell = await startFixture({ limits: { connectionsPerAddress: 1 } });
    await open();
    await expectCount(1);
    shell.log.length = 0;
    for (let call = 0; call < 20; call += 1) await (await open('127.0.0.2', `${REQUEST}\r\n`)).ended;
    expect(shell.log.filter((line) => line.includes('"request"'))).toEqual([]);
  });

  it('connections of one address are not limited for a trusted proxy', async () => {
    shell = await startFixture({ limits: { connectionsPerAddress: 1 }, trustedProxies: ['127.0.0.2/32'] });
    for (let count = 0; count < 5; count += 1) await open();
    await expectCount(5);
    expect(await status('127.0.0.2')).toBe('200');
    await open('127.0.0.3');
    await expectCount(6);
    expect(await status('127.0.0.3')).toBe('429');
  });

  it('connections of one address are closed beyond the total, whatever their address is', async () => {
    shell = await startFixture({ limits: { connections: 3 }, trustedProxies: ['127.0.0.4'] });
    for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.4']) await open(address);
    await expectCount(3);
    for (const address of ['127.0.0.4', '127.0.0.5']) expect(await (await open(address)).ended).toBe('');
    expect(shell.log.join('')).toContain('too many connections');
  });
});

describe('a connection that is slow', () => {
  const FAST = { headersMilliseconds: 500, requestMilliseconds: 800, checkEveryMilliseconds: 20 };

  it.each([
    ['sends nothing', ''],
    ['sends a part of its headers', REQUEST],
  ])('a connection that is slow is closed: it %s', async (_, text) => {
    shell = await startFixture({ limits: { ...FAST, connectionsPerAddress: 1 } });
    expect(await (await open('127.0.0.2', text)).ended).toMatch(/^HTTP\/1\.1 408 /);
    await expectCount(0);
    expect(await status('127.0.0.2')).toBe('200');
  });

  it('a connection that is slow is closed though its headers keep arriving, byte by byte', async () => {
    shell = await startFixture({ limits: FAST });
    const { socket, ended } = await open('127.0.0.2', REQUEST);
    const drip = setInterval(() => socket.write('X'), 20);
    try {
      expect(await ended).toMatch(/^HTTP\/1\.1 408 /);
    } finally {
      clearInterval(drip);
    }
  });

  it('a connection that is slow is closed though its body keeps arriving, byte by byte', async () => {
    shell = await startFixture({ limits: FAST });
    const head = 'POST /v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n';
    const { socket, ended } = await open('127.0.0.2', head);
    const drip = setInterval(() => socket.write(' '), 20);
    try {
      expect(await ended).toMatch(/^HTTP\/1\.1 408 /);
    } finally {
      clearInterval(drip);
    }
  });

  it('a connection that is slow is closed where its client does not read the answers', async () => {
    shell = await startFixture({ limits: { idleMilliseconds: 200 } });
    const { socket } = await open();
    socket.pause();
    socket.write('GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20));
    await expectCount(1);
    await expectCount(0);
  });
});
