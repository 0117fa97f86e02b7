import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type TestDatabase, createMigratedDatabase } from '../support/database.js';
import { TEST_MASTER_KEY } from '../support/server.js';
import { softHsm } from '../support/token.js';
import { prepareTenants } from './prepared-tenants.js';
import { build, request, startProcess } from './server-process.js';

/** The processes of a server in which a token is open, or that watch for its end beside one of them. */
const processesOf = (pid: number, word: 'pkcs11-token' | 'kill -9'): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && statusOf(name).includes(`\nPPid:\t${pid}\n`))
    .filter((name) => readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word))
    .map(Number);

function statusOf(pid: number | string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

const hasLoaded = (pid: number, file: string): boolean => readFileSync(`/proc/${pid}/maps`, 'utf8').includes(file);
const isRunning = (pid: number): boolean => statusOf(pid) !== '' && !statusOf(pid).includes('State:\tZ');

/** A module of PKCS#11 whose first call never returns, as that of a token behind a network that drops its packets. */
const HANGING_MODULE = `
#include <unistd.h>
unsigned long C_GetFunctionList(void **list) { (void)list; for (;;) pause(); }
`;
/** One that is never loaded to its end, as from a network drive that is gone. */
const ENDLESS_MODULE = `
#include <unistd.h>
__attribute__((constructor)) static void load(void) { for (;;) pause(); }
`;
const folder = join(tmpdir(), `modules-${randomUUID()}`);
const pinFile = join(tmpdir(), `pin-${randomUUID()}`);

/** Where our binding to PKCS#11 is built, and so a compiler is there. */
describe.skipIf(softHsm === undefined)('a process of a token', () => {
  let database: TestDatabase;
  const modules = { hanging: HANGING_MODULE, endless: ENDLESS_MODULE };
  const fileOf = (name: string): string => join(folder, `${name}.so`);

  beforeAll(async () => {
    build();
    mkdirSync(folder);
    for (const [name, input] of Object.entries(modules)) {
      execFileSync('cc', ['-shared', '-fPIC', '-x', 'c', '-o', fileOf(name), '-'], { input });
    }
    writeFileSync(pinFile, 'pin');
    database = await createMigratedDatabase();
  });
  afterAll(async () => {
    await database.drop();
    for (const path of [folder, pinFile]) rmSync(path, { recursive: true, force: true });
  });

  it('a process of a token that waits in a call of its module, or for it to be loaded, ends with a server that is killed', async () => {
    const [tenant] = await prepareTenants(database, ['killed']);
    const server = await startProcess({
      CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
      CHANCERY_ROLES: 'admin',
      DATABASE_URL: database.url,
      CHANCERY_KEY_STORES: Object.keys(modules)
        .map((name) => `${name}=pkcs11:token=any?module-path=${fileOf(name)}&pin-source=file:${pinFile}`)
        .join(', '),
      CHANCERY_KEY_STORE_TENANTS: 'hanging=*, endless=*',
    });
    const lost = Object.keys(modules).map((keyStore) => {
      const body = { name: keyStore, algorithm: 'ES256', keyStore };
      return request(server, 'POST', `${tenant!.path}/keys`, { token: tenant!.owner.token, body }).then(
        () => 'answered',
        () => 'lost',
      );
    });
    // It makes the call right after it has loaded the module.
    const loaded = (): boolean[] =>
      processesOf(server.pid, 'pkcs11-token').map((pid) =>
        Object.keys(modules).some((name) => hasLoaded(pid, fileOf(name))),
      );
    await expect.poll(loaded, { timeout: 60_000 }).toEqual([true, true]);
    const pids = (['pkcs11-token', 'kill -9'] as const).flatMap((word) => processesOf(server.pid, word));
    expect(pids).toHaveLength(4);
    await server.kill();
    expect(await Promise.all(lost)).toEqual(['lost', 'lost']);
    await expect.poll(() => pids.filter(isRunning), { timeout: 30_000 }).toEqual([]);
  });
});
