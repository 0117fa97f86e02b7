import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../support/database.js';
import { TEST_MASTER_KEY } from '../support/server.js';
import { prepareTenants } from './prepared-tenants.js';
import { type ServerProcess, build, request, startProcess } from './server-process.js';

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
    database = await createMigratedDatabase();
    const [tenant] = await prepareTenants(database, ['full']);
    path = tenant!.path;
    token = tenant!.owner.token;
    const environment = {
      DATABASE_URL: database.url,
      CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
      CHANCERY_ROLES: 'admin,signing',
    };
    // Otherwise the signal ends the process before the write can fail.
    server = await startProcess(environment, "trap '' XFSZ");
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  const write = (name: string) => request(server, 'POST', `${path}/services`, { token, body: { name } });
  const ready = () => request(server, 'GET', '/health/ready');

  it('a full disk refuses changes with 503, says so at /health/ready, continues reading, and takes changes again without a restart', async () => {
    expect(await ready()).toMatchObject({ status: 200, body: { checks: { writable: true } } });
    const file = database.url.slice('sqlite:'.length);
    fileSizeLimit(server.pid, String(Math.max(...[file, `${file}-wal`].map((name) => statSync(name).size))));

    let refused = await write('before');
    for (let number = 0; refused.status === 201 && number < WRITES_MAX; number += 1) {
      refused = await write(`until it is full ${number}`);
    }
    expect([refused.status, refused.body['code']]).toEqual([503, 'AUDIT_UNAVAILABLE']);
    // What finds out whether the disk has room again is smaller than a change, and may go in where that did not.
    let state = await ready();
    for (let number = 0; state.status === 200 && number < WRITES_MAX; number += 1) {
      expect((await write(`still full ${number}`)).status).toBe(503);
      state = await ready();
    }
    expect(state).toMatchObject({
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
