import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Secret } from '#core';
import { createLogger } from '#logging';

import { KeyStores } from './key-stores.service.js';

const logs: string[] = [];
let folder: string;
let status: number;
let engine: Server;
let stores: KeyStores;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chancery-store-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'token');
  status = 503;
  engine = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.end(`HTTP/1.1 ${status} Any\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`));
  });
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  const { port } = engine.address() as AddressInfo;
  const uri = `transit+http://127.0.0.1:${port}/transit?token-file=${tokenFile}`;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  stores = new KeyStores(
    {
      keyStores: [{ name: 'bao', type: 'transit', uri }],
      keyStoreTenants: [],
      foreignVariables: new Secret({}),
    },
    createLogger('info', { write: (line) => logs.push(line) }),
  );
});
afterEach(async () => {
  await stores.onApplicationShutdown();
  vi.useRealTimers();
  await new Promise((resolve) => engine.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

describe('a key store that did not answer', () => {
  it('a key store that did not answer is asked again by itself, until it does', async () => {
    await stores.examine();
    expect(stores.isDegraded).toBe(true);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(stores.isDegraded).toBe(true);
    status = 404;
    // The engine answers in its own time, which is none of this clock.
    await vi.waitFor(
      async () => {
        await vi.advanceTimersByTimeAsync(30_000);
        expect(stores.isDegraded).toBe(false);
      },
      { timeout: 30_000, interval: 50 },
    );
    expect(logs.join()).toContain('A key store answers again');
  });
});
