import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';

import { SECOND, systemClock } from '#core';

import { createService } from '../e2e/signing/issuer.js';
import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../support/database.js';
import { openPlainDataSource } from '../support/plain-data-source.js';
import { TEST_MASTER_KEY, createTenant, startTestServer } from '../support/server.js';
import { type ServerProcess, build, startProcess } from './server-process.js';

/** 60 for a change of the scheduler: longer than a database waits for a lock. */
const FROZEN_SECONDS = Number(process.env['CHANCERY_TEST_FROZEN_SECONDS'] ?? 2);
const SERVICES = 40;
/** A service has one credential of each type. */
const CREDENTIALS = 2 * SERVICES;
const PATIENCE = { timeout: 240_000 + FROZEN_SECONDS * SECOND };

/** An embedded database has one process. */
describe.skipIf(testServerUrl === undefined)('a scheduler process that is frozen', () => {
  let database: TestDatabase;
  let plain: DataSource;
  let tenantId: string;
  const processes: ServerProcess[] = [];

  beforeAll(async () => {
    build();
    database = await createMigratedDatabase();
    plain = await openPlainDataSource(database.url);
    const setUp = await startTestServer({ database, clock: systemClock });
    const tenant = await createTenant(setUp, 'frozen');
    tenantId = tenant.id;
    for (let number = 0; number < SERVICES; number += 1) await createService(setUp, tenant);
    await setUp.close();
    await plain.query(`UPDATE credentials SET expiresAt = ${systemClock.now() - SECOND}`);
  });
  afterAll(async () => {
    for (const process of processes) await process.stop();
    await plain.destroy();
    await database.drop();
  });

  const eventsOf = async (action: string): Promise<string[]> => {
    const rows: { targetId: string }[] = await plain.query(
      `SELECT targetId FROM audit_events WHERE tenantId = '${tenantId}' AND action = '${action}' ORDER BY targetId`,
    );
    return rows.map(({ targetId }) => targetId);
  };

  it(
    `a scheduler process that is frozen for ${FROZEN_SECONDS} s while credentials fall due does no harm when it continues`,
    PATIENCE,
    async () => {
      const due: { id: string }[] = await plain.query('SELECT id FROM credentials ORDER BY id');
      expect(due).toHaveLength(CREDENTIALS);
      const environment = { DATABASE_URL: database.url, CHANCERY_MASTER_KEY: TEST_MASTER_KEY };
      processes.push(await startProcess(environment));
      const [frozen] = processes as [ServerProcess];
      await expect
        .poll(async () => (await eventsOf('credential.expired')).length, { interval: 5, timeout: 60_000 })
        .toBeGreaterThan(0);
      process.kill(frozen.pid, 'SIGSTOP');
      const before = (await eventsOf('credential.expired')).length;
      expect(before).toBeLessThan(CREDENTIALS);
      processes.push(await startProcess(environment));
      await delay(FROZEN_SECONDS * SECOND);
      process.kill(frozen.pid, 'SIGCONT');

      const ids = due.map(({ id }) => id);
      await expect.poll(() => eventsOf('credential.expired'), { timeout: 120_000 }).toEqual(ids);
      await expect.poll(() => eventsOf('credential.succeeded'), { timeout: 60_000 }).toEqual(ids);
      // What the frozen process was about to do is done once, or not at all.
      await delay(SECOND);
      expect([await eventsOf('credential.expired'), await eventsOf('credential.succeeded')]).toEqual([ids, ids]);
      const states: { state: string; number: number | string }[] = await plain.query(
        'SELECT state, COUNT(*) AS number FROM credentials GROUP BY state ORDER BY state',
      );
      expect(states.map(({ state, number }) => [state, Number(number)])).toEqual([
        ['active', CREDENTIALS],
        ['expired', CREDENTIALS],
      ]);
    },
  );
});
