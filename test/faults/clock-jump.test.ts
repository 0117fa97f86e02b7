import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HOUR, MINUTE, systemClock, toRfc3339 } from '#core';

import { run } from '../../apps/cli/src/program.js';
import { BODY, certify, requestToken } from '../e2e/vendors/vendor.js';
import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../support/database.js';
import { openPlainDataSource } from '../support/plain-data-source.js';
import { TEST_MASTER_KEY, createTenant, startTestServer } from '../support/server.js';
import { type ServerProcess, build, startProcess } from './server-process.js';

/** libfaketime is between a process and the system's clock; Debian's package `faketime` has it. */
const FAKETIME = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path));
/** How long a server process may take to notice its clock: its scheduler runs every 2 s. */
const NOTICED_WITHIN = 60_000;

describe.skipIf(FAKETIME === undefined)('a server process whose clock jumps', () => {
  let database: TestDatabase;
  let plain: DataSource;
  let folder: string;
  let kid: string;
  let expiring: string;
  const processes: ServerProcess[] = [];

  beforeEach(async () => {
    build();
    folder = mkdtempSync(join(tmpdir(), 'chancery-clock-'));
    database = await createMigratedDatabase();
    plain = await openPlainDataSource(database.url);
    const setUp = await startTestServer({ database, clock: systemClock });
    const tenant = await createTenant(setUp, 'clock');
    kid = await certify(setUp, tenant);
    const { body } = await setUp.post(`${tenant.path}/services`, { name: 'caller' }, tenant.owner);
    expiring = body['serviceKey']!['id']!;
    const path = `${tenant.path}/services/${body['service']!['id']}/credentials/${expiring}`;
    const changed = await setUp.patch(path, { expiresAt: toRfc3339(systemClock.now() + HOUR) }, tenant.owner);
    expect(changed.status).toBe(200);
    await setUp.close();
  });
  afterEach(async () => {
    for (const server of processes.splice(0)) await server.stop();
    await plain.destroy();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const environment = (): Record<string, string> => ({
    DATABASE_URL: database.url,
    CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
  });

  /** @param time what libfaketime is told: `+3h`; the file of that name where it changes while the process runs */
  async function start(time: Record<string, string> = {}): Promise<ServerProcess> {
    const preload = Object.keys(time).length === 0 ? {} : { LD_PRELOAD: FAKETIME!, ...time };
    const server = await startProcess({ ...environment(), ...preload });
    processes.push(server);
    return server;
  }

  async function startWithFile(): Promise<{ server: ServerProcess; show: (offset: string) => void }> {
    const file = join(folder, 'time');
    const show = (offset: string): void => writeFileSync(file, offset);
    show('+0');
    // The time that only runs is real: timers must go on as they would.
    const time = { FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
    return { server: await start(time), show };
  }

  async function use({ address }: ServerProcess, token: string): Promise<string> {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` };
    const answer = await fetch(`${address}/v1/licensing/update`, { method: 'POST', headers, body: BODY });
    return ((await answer.json()) as { code?: string }).code ?? `accepted ${answer.status}`;
  }

  const one = async <Row>(query: string): Promise<Row> => (await plain.query<Row[]>(query))[0]!;
  const isPaused = async (): Promise<boolean> => {
    const row = await one<{ pausedAt: string | null } | undefined>('SELECT pausedAt FROM clocks');
    return row !== undefined && row.pausedAt !== null;
  };
  const stateOfExpiring = async (): Promise<string> =>
    (await one<{ state: string }>(`SELECT state FROM credentials WHERE id = '${expiring}'`)).state;

  async function until(condition: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + NOTICED_WITHIN;
    while (!(await condition())) {
      if (performance.now() > end) throw new Error('It did not happen in time');
      await delay(100);
    }
  }

  async function chancery(line: string): Promise<string> {
    let output = '';
    const write = (text: string): void => void (output += text);
    await run(line.split(' '), { environment: environment(), write, fail: () => undefined });
    return output;
  }

  it('a server process whose clock jumps by three hours and back accepts no used jti again, records no expiry, and continues once it is confirmed', async () => {
    const { server, show } = await startWithFile();
    const others = testServerUrl === undefined ? [] : [await start()];
    const token = requestToken({ kid, clock: systemClock });
    expect(await use(server, token)).toBe('accepted 200');
    show('+3h');
    await until(isPaused);
    expect(await use(server, token)).toBe('EXPIRED_TOKEN');
    // Several runs of the scheduler with the wrong time.
    await delay(4_500);
    show('+0');
    for (const each of [server, ...others]) expect(await use(each, token)).toBe('DUPLICATE_JTI');
    expect(await stateOfExpiring()).toBe('active');
    expect(server.output()).toContain('The clock jumped forward');
    expect(await chancery('scheduler status')).toMatch(/^Paused since /);
    expect(await chancery('scheduler confirm')).toMatch(/^The clock is confirmed/);
    await until(async () => !(await isPaused()));
    const used = requestToken({ kid, clock: systemClock });
    for (const each of [server, ...others]) {
      const first = each === server;
      expect(await use(each, used)).toBe(first ? 'accepted 200' : 'DUPLICATE_JTI');
    }
    // Nothing was paused again by a process that had not heard of the confirmation.
    await delay(2_500);
    expect(await isPaused()).toBe(false);
  });

  it('a server process that starts with a clock 400 days ahead records no expiry until it is confirmed', async () => {
    await start({ FAKETIME: '+400d' });
    await until(isPaused);
    await delay(4_500);
    expect(await stateOfExpiring()).toBe('active');
    const { mark } = await one<{ mark: string }>('SELECT mark FROM clocks');
    expect(Number(mark)).toBeLessThan(systemClock.now() + 10 * MINUTE);
    await chancery('scheduler confirm');
    // The clock of the process is wrong, but its operator has said that it is right.
    await until(async () => (await stateOfExpiring()) === 'expired');
  });
});
