import { afterAll, describe, expect, it } from 'vitest';

import { HOUR, type ManualClock, SECOND } from '#core';
import { Scheduler } from '#scheduler';

import { createMigratedDatabase } from '../../support/database.js';
import { type DueSample, dueSamples, literal } from '../../support/due-samples.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { createTenant, startTestServer } from '../../support/server.js';

// Opened while the tests are collected: the samples say for which kinds there is a test.
const database = await createMigratedDatabase();
const server = await startTestServer({ database });
const plain = await openPlainDataSource(database.url);
const samples = dueSamples(server, await createTenant(server), plain);
const kinds = Object.keys(samples).toSorted();

afterAll(async () => {
  await plain.destroy();
  await server.close();
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
      (server.clock as ManualClock).advance(20 * SECOND);
      await server.runScheduler();
      expect(await sample.unhandled(planted)).toEqual([]);
    },
  );
});
