import { afterAll, describe, expect, it } from 'vitest';

import { HOUR, type ManualClock, SECOND } from '#core';
import { Scheduler } from '#scheduler';

import { createMigratedDatabase } from '../../support/database.js';
import { type DueSample, dueSamples, literal } from '../../support/due-samples.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { ADMIN, type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { transitKeys } from '../../support/transit-keys.js';

// Opened while the tests are collected: the samples say for which kinds there is a test.
const database = await createMigratedDatabase();
const engine = await transitKeys();
const server = await startTestServer({ database, environment: { CHANCERY_KEY_STORES: `transit=${engine.uri}` } });
const plain = await openPlainDataSource(database.url);
const tenant = await createTenant(server);
const samples = dueSamples(server, tenant, plain);
const kinds = Object.keys(samples).toSorted();

afterAll(async () => {
  await plain.destroy();
  await server.close();
  await engine.close();
  await database.drop();
});

/** Lets the database refuse the statement that handles one item, while the work runs. */
async function whilePoisoned({ table, statement, key }: DueSample, item: string, work: () => Promise<void>) {
  const condition = `${statement === 'INSERT' ? 'NEW' : 'OLD'}.${key} = ${literal(item)}`;
  await plain.query(
    database.url.startsWith('sqlite:')
      ? `CREATE TRIGGER poison BEFORE ${statement} ON ${table} WHEN ${condition} BEGIN SELECT RAISE(ABORT, 'poison'); END`
      : `CREATE TRIGGER poison BEFORE ${statement} ON ${table} FOR EACH ROW
           IF ${condition} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poison'; END IF`,
  );
  try {
    await work();
  } finally {
    await plain.query('DROP TRIGGER poison');
  }
}

describe('a row that the database refuses to change', () => {
  it('a row that the database refuses to change has a sample for each kind that the scheduler asks', () => {
    expect(kinds).toEqual(server.server.app.get(Scheduler).kinds.toSorted());
  });

  it.each(kinds)(
    'a row that the database refuses to change does not block the row behind it, and is handled later: %s',
    async (kind) => {
      const sample = samples[kind]!;
      const planted = await sample.plant(server.clock.now() - HOUR);
      const [first] = planted;
      expect(await sample.unhandled(planted)).toEqual(planted);
      await whilePoisoned(sample, first, async () => {
        await server.runScheduler();
        expect(await sample.unhandled(planted)).toEqual([first]);
      });
      expect(server.logs.some((line) => line.includes(`"kind":"${kind}","item":`))).toBe(true);
      // Longer than the first delay of the back-off, and short enough for the session.
      (server.clock as ManualClock).advance(12 * SECOND);
      await server.runScheduler();
      expect(await sample.unhandled(planted)).toEqual([]);
    },
  );
});

describe('what falls due of a deleted tenant', () => {
  it('what falls due of a deleted tenant is handled once, and is due no more', async () => {
    for (const kind of kinds) await samples[kind]!.plant(server.clock.now() - HOUR);
    const proof = { password: ADMIN.password, confirm: tenant.slug };
    expect((await server.delete(tenant.path, proof, { token: await server.login() })).status).toBe(204);
    const countersOf = (instance: TestServer) =>
      Object.fromEntries(
        [...instance.server.app.get(Scheduler).counters].filter(([, { handled, failed }]) => handled + failed > 0),
      );
    await server.runScheduler();
    // One that has not tried anything yet.
    const other = await startTestServer({ database, clock: server.clock });
    await other.runScheduler();
    await other.runScheduler();
    expect(countersOf(other)).toEqual({});
    expect(other.logs.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    await other.close();
  });
});
