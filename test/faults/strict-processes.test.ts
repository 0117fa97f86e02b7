import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { createAuthority, csrPem } from '../e2e/certificates/pki.js';
import { admitService } from '../support/admission.js';
import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../support/database.js';
import { TEST_MASTER_KEY, type TestServer, createTenant, startTestServer } from '../support/server.js';
import { type ServerProcess, build, request, startProcess } from './server-process.js';
import {
  CERTIFICATE_CHANGES,
  type ChangingInstance,
  type Outdated,
  STRICT_CHANGES,
  type StrictChange,
  raceAgainst,
  watched,
} from './strict-change-table.js';

// Two processes on one database server: the first signs without pause while the second makes a change. `strict-changes` has
// the same with two instances in one process, where nothing can be late between the two.

/** 100 for a change of the hot path: a round takes about half a second. */
const ROUNDS = Number(process.env['CHANCERY_TEST_RACE_ROUNDS'] ?? 1);
/** The negative control goes on until it has seen a token too many. */
const CONTROL_ROUNDS_MAX = 20;
const WORKERS = 16;
const PATIENCE = { timeout: 180_000 + ROUNDS * 10_000 };
const CARELESS = pathToFileURL(join(import.meta.dirname, 'careless-server.mjs')).href;

describe.skipIf(testServerUrl === undefined)('two processes on one database', () => {
  let database: TestDatabase;
  let setUp: TestServer;
  let admin: string;
  let signing: ServerProcess;
  let changing: ServerProcess;
  let careless: ServerProcess;
  const processes: ServerProcess[] = [];
  const start = async (environment: Readonly<Record<string, string>>): Promise<ServerProcess> => {
    const started = await startProcess(environment);
    processes.push(started);
    return started;
  };

  beforeAll(async () => {
    build();
    database = await createMigratedDatabase();
    setUp = await startTestServer({ database, clock: systemClock });
    admin = await setUp.login();
    const environment = {
      DATABASE_URL: database.url,
      CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
      CHANCERY_ROLES: 'admin,signing',
      CHANCERY_CHECKPOINT_FILE: 'off',
    };
    // One after the other: together, on a machine with other work, none of them listens in time.
    signing = await start(environment);
    changing = await start(environment);
    careless = await start({ ...environment, NODE_OPTIONS: `--import ${CARELESS}` });
  });
  afterAll(async () => {
    for (const process of processes) await process.stop();
    await setUp.close();
    await database.drop();
  });

  const second: ChangingInstance = {
    post: (path, body, { token }) => request(changing, 'POST', path, { body, token }),
    patch: (path, body, { token }) => request(changing, 'PATCH', path, { body, token }),
  };

  async function race(change: StrictChange, process: ServerProcess): Promise<Outdated> {
    const tenant = await createTenant(setUp);
    const issuer = await watched(setUp, tenant, change);
    const scope = await admitService(setUp, issuer.service.serviceKey);
    const headers = { 'X-Service-Key': issuer.service.serviceKey };
    const ask = async () => {
      const { path, ...asked } = issuer.send?.() ?? { path: `/v1/sign/${issuer.profile}`, body: issuer.input, headers };
      const { status, body } = await request(process, 'POST', path, asked);
      return status === 200 ? { kid: body['kid']!, token: body['token']! } : undefined;
    };
    return raceAgainst({ workers: WORKERS, ask, isOutdated: (token) => change.isOutdated(token, issuer) }, () =>
      change.make(second, { tenant, issuer, scope, admin }),
    );
  }

  describe.each(Object.entries(CERTIFICATE_CHANGES))('once it is acknowledged that %s', (name, make) => {
    const issueAgainst = async (process: ServerProcess): Promise<Outdated> => {
      const tenant = await createTenant(setUp);
      const { id: caId } = await createAuthority(setUp, tenant);
      const issuer = await watched(setUp, tenant, {} as StrictChange);
      const scope = await admitService(setUp, issuer.service.serviceKey);
      const asked = { body: { csr: csrPem() }, headers: { 'X-Service-Key': issuer.service.serviceKey } };
      const ask = async () => {
        const { status, body } = await request(process, 'POST', '/v1/certificates', asked);
        return status === 201 ? body : undefined;
      };
      return raceAgainst({ workers: WORKERS, ask, isOutdated: () => true }, () =>
        make(second, { tenant, issuer, scope, admin }, caId!),
      );
    };

    it(
      `once one process has acknowledged that ${name}, the other issues no certificate, ${ROUNDS} times`,
      PATIENCE,
      async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const { before, after } = await issueAgainst(signing);
          expect([before > 0, after]).toEqual([true, 0]);
        }
      },
    );

    it(`negative control: once ${name}, a process that reads no number issues some`, PATIENCE, async () => {
      let after = 0;
      for (let round = 0; round < CONTROL_ROUNDS_MAX && after === 0; round += 1) {
        ({ after } = await issueAgainst(careless));
      }
      expect(after).toBeGreaterThan(0);
    });
  });

  describe.each(Object.entries(STRICT_CHANGES))('once it is acknowledged that %s', (name, change) => {
    it(
      `once one process has acknowledged that ${name}, the other makes no token of the state before, ${ROUNDS} times`,
      PATIENCE,
      async () => {
        const total = { before: 0, after: 0 };
        for (let round = 0; round < ROUNDS; round += 1) {
          const { before, after } = await race(change, signing);
          expect(before).toBeGreaterThan(0);
          total.before += before;
          total.after += after;
        }
        expect(total.after).toBe(0);
      },
    );

    it.skipIf(change.isRead)(
      `negative control: once ${name}, a process that reads no number makes some`,
      PATIENCE,
      async () => {
        let after = 0;
        for (let round = 0; round < CONTROL_ROUNDS_MAX && after === 0; round += 1) {
          ({ after } = await race(change, careless));
        }
        expect(after).toBeGreaterThan(0);
      },
    );
  });
});
