import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { BODY, certify, requestToken } from '../e2e/vendors/vendor.js';
import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../support/database.js';
import { TEST_MASTER_KEY, createTenant, startTestServer } from '../support/server.js';
import { type ServerProcess, build, startProcess } from './server-process.js';

/** A database server has two processes; the embedded database has one. */
const PROCESSES = testServerUrl === undefined ? 1 : 2;
/** Continuous integration asks a database server for more. */
const ROUNDS = Number(process.env.REPLAY_ROUNDS ?? 40);
const RACERS = 32;

describe(`one jti, ${RACERS} racers, ${PROCESSES} server process(es)`, () => {
  let database: TestDatabase;
  let kid: string;
  const processes: ServerProcess[] = [];

  beforeAll(async () => {
    build();
    database = await createMigratedDatabase();
    const setUp = await startTestServer({ database, clock: systemClock });
    kid = await certify(setUp, await createTenant(setUp, 'race'));
    await setUp.close();
    const environment = { DATABASE_URL: database.url, CHANCERY_MASTER_KEY: TEST_MASTER_KEY };
    while (processes.length < PROCESSES) processes.push(await startProcess(environment));
  });
  afterAll(async () => {
    for (const server of processes) await server.stop();
    await database.drop();
  });

  async function send({ address }: ServerProcess, token: string): Promise<string> {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` };
    const answer = await fetch(`${address}/v1/licensing/update`, { method: 'POST', headers, body: BODY });
    return ((await answer.json()) as { status?: unknown; code?: string }).code ?? `accepted ${answer.status}`;
  }

  // The negative control, without the unique key, is in test/e2e/vendors/replay-race.test.ts.
  it(
    `one jti of ${RACERS} racers at ${PROCESSES} server process(es) is accepted exactly once in each of ${ROUNDS} rounds`,
    { timeout: 300_000 },
    async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const token = requestToken({ kid, clock: systemClock, claims: { jti: randomUUID() } });
        const racers = Array.from({ length: RACERS }, (_, racer) => send(processes[racer % PROCESSES]!, token));
        const answers = (await Promise.all(racers)).toSorted();
        expect(answers).toEqual([...Array<string>(RACERS - 1).fill('DUPLICATE_JTI'), 'accepted 200']);
      }
    },
  );
});
