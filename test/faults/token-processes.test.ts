import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type TestDatabase, createMigratedDatabase } from '../support/database.js';
import { TEST_MASTER_KEY } from '../support/server.js';
import { softHsm } from '../support/token.js';
import { prepareTenants } from './prepared-tenants.js';
import { build, request, startProcess } from './server-process.js';

/** The processes of a server in which a token is open. */
const tokenProcessesOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && statusOf(name).includes(`\nPPid:\t${pid}\n`))
    .filter((name) => readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('pkcs11-token'))
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
/** Where our binding to PKCS#11 is built, and so a compiler is there. */
const modules = softHsm === undefined ? [] : [join(tmpdir(), `module-${randomUUID()}.so`)];
const pinFile = join(tmpdir(), `pin-${randomUUID()}`);

describe.each(modules)('a process of a token', (module) => {
  let database: TestDatabase;

  beforeAll(async () => {
    build();
    execFileSync('cc', ['-shared', '-fPIC', '-x', 'c', '-o', module, '-'], { input: HANGING_MODULE });
    writeFileSync(pinFile, 'pin');
    database = await createMigratedDatabase();
  });
  afterAll(async () => {
    await database.drop();
    for (const file of [module, pinFile]) rmSync(file, { force: true });
  });

  it('a process of a token that waits in a call of its module ends with a server that is killed', async () => {
    const [tenant] = await prepareTenants(database, ['killed']);
    const server = await startProcess({
      CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
      CHANCERY_ROLES: 'admin',
      DATABASE_URL: database.url,
      CHANCERY_KEY_STORES: `hsm=pkcs11:token=any?module-path=${module}&pin-source=file:${pinFile}`,
      CHANCERY_KEY_STORE_TENANTS: 'hsm=*',
    });
    const body = { name: 'never', algorithm: 'ES256', keyStore: 'hsm' };
    const lost = request(server, 'POST', `${tenant!.path}/keys`, { token: tenant!.owner.token, body }).then(
      () => 'answered',
      () => 'lost',
    );
    // It makes the call right after it has loaded the module.
    const loaded = (): boolean[] => tokenProcessesOf(server.pid).map((pid) => hasLoaded(pid, module));
    await expect.poll(loaded, { timeout: 60_000 }).toEqual([true]);
    const [pid] = tokenProcessesOf(server.pid);
    await server.kill();
    expect(await lost).toBe('lost');
    await expect.poll(() => isRunning(pid!), { timeout: 30_000 }).toBe(false);
  });
});
