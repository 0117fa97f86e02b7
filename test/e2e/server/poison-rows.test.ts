import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HOUR, type ManualClock, SECOND } from '#core';
import { Scheduler } from '#scheduler';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { type DueSample, dueSamples, literal } from '../../support/due-samples.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { type TestServer, createTenant, startTestServer } from '../../support/server.js';

// The nouns of the samples: a kind of the scheduler without one fails the first test.
const KINDS = [
  'credential',
  'credential-succession',
  'credential-cleanup',
  'session',
  'refresh token',
  'password attempt',
  'invitation',
  'ended invitation',
  'password reset',
  'key rotation',
  'key version',
  'deleted key',
  'replay record',
  'token transaction',
  'rate window',
  'repeated event',
  'idempotency-record',
  'idempotent answer',
  'certificate',
  'certificate authority',
  'unfinished certificate',
  'CRL',
];

let database: TestDatabase;
let plain: DataSource;
let server: TestServer;
let samples: Readonly<Record<string, DueSample>>;

beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database });
  plain = await openPlainDataSource(database.url);
  samples = dueSamples(server, await createTenant(server), plain);
});
afterAll(async () => {
  await plain.destroy();
  await server.close();
  await database.drop();
});

/** Lets the database refuse the statement that handles one item, while the work runs. */
async function whilePoisoned({ table, statement, key }: DueSample, item: string, work: () => Promise<void>) {
  const condition = `OLD.${key} = ${literal(item)}`;
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
    expect(server.server.app.get(Scheduler).kinds.toSorted()).toEqual(KINDS.toSorted());
    expect(Object.keys(samples).toSorted()).toEqual(KINDS.toSorted());
  });

  it.each(KINDS)(
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
