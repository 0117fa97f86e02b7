import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type TestDatabase, createTestDatabase, testServerUrl } from '../support/database.js';
import { type ServerProcess, build, request, startProcess } from './server-process.js';

const ADMIN = { email: 'admin@chancery.test', password: 'correct horse battery staple' };
const PASSWORD = 'a password that is long enough';
const WRITES_MAX = 2_000;

const fileSizeLimit = (pid: number, bytes: string): void => {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
};

/** A limit of the operating system on the size of a file fails a write just as a full disk does; Linux has it. */
const hasFileSizeLimits = spawnSync('prlimit', ['--version']).status === 0;

describe.skipIf(testServerUrl !== undefined || !hasFileSizeLimits)('an embedded database whose disk is full', () => {
  let database: TestDatabase;
  let server: ServerProcess;
  let path: string;
  let token: string;

  beforeAll(async () => {
    build();
    database = await createTestDatabase();
    const environment = {
      DATABASE_URL: database.url,
      CHANCERY_MASTER_KEY: randomBytes(32).toString('base64'),
      CHANCERY_ROLES: 'admin,signing',
      CHANCERY_ADMIN_EMAIL: ADMIN.email,
      CHANCERY_ADMIN_PASSWORD: ADMIN.password,
    };
    // Otherwise the signal ends the process before the write can fail.
    server = await startProcess(environment, "trap '' XFSZ");
    const login = async (email: string, password: string): Promise<string> =>
      (await request(server, 'POST', '/v1/auth/login', { body: { email, password } })).body['accessToken']!;
    const owner = { email: 'owner@full.test', name: 'Owner', password: PASSWORD };
    const created = { slug: 'full', name: 'Full', owner };
    const admin = await login(ADMIN.email, ADMIN.password);
    const { body } = await request(server, 'POST', '/v1/tenants', { token: admin, body: created });
    path = `/v1/tenants/${body['id']}`;
    token = await login(owner.email, PASSWORD);
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  const write = (name: string) => request(server, 'POST', `${path}/services`, { token, body: { name } });
  const ready = () => request(server, 'GET', '/health/ready');

  it('a full disk refuses changes with 503, says so at /health/ready, goes on reading, and takes changes again without a restart', async () => {
    expect(await ready()).toMatchObject({ status: 200, body: { checks: { writable: true } } });
    const file = database.url.slice('sqlite:'.length);
    fileSizeLimit(server.pid, String(Math.max(...[file, `${file}-wal`].map((name) => statSync(name).size))));

    let refused = await write('before');
    for (let number = 0; refused.status === 201 && number < WRITES_MAX; number += 1) {
      refused = await write(`until it is full ${number}`);
    }
    expect([refused.status, refused.body['code']]).toEqual([503, 'AUDIT_UNAVAILABLE']);
    expect(await ready()).toMatchObject({
      status: 503,
      body: { code: 'NOT_READY', checks: { database: true, writable: false } },
    });
    const listed = await request(server, 'GET', `${path}/services?limit=1`, { token });
    expect(listed.status).toBe(200);

    fileSizeLimit(server.pid, 'unlimited');
    expect(await ready()).toMatchObject({ status: 200, body: { checks: { writable: true } } });
    expect((await write('after')).status).toBe(201);
    expect(server.output()).not.toContain('INTERNAL_ERROR');
  });
});
