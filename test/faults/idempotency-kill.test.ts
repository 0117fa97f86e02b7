import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SECOND } from '#core';
import { LEASE } from '#idempotency';

import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../support/database.js';
import { openPlainDataSource } from '../support/plain-data-source.js';
import { TEST_MASTER_KEY } from '../support/server.js';
import { prepareTenants } from './prepared-tenants.js';
import { type ProcessAnswer, type ServerProcess, build, request, startProcess } from './server-process.js';

/** How long after the first request the process is killed: before, between and after commits; one after the other. */
const KILLED_AFTER_MILLISECONDS = [10, 60, 140];
const ROUNDS = Number(process.env['CHANCERY_TEST_KILL_ROUNDS'] ?? KILLED_AFTER_MILLISECONDS.length);
const REQUESTS = 16;
const PATIENCE = { timeout: 180_000 + ROUNDS * 60_000 };

describe('a process that is killed while it answers idempotent requests', () => {
  const environment = { CHANCERY_MASTER_KEY: TEST_MASTER_KEY, CHANCERY_ROLES: 'admin,signing' };
  let database: TestDatabase;
  let path: string;
  let token: string;
  const running = new Set<ServerProcess>();

  const start = async (): Promise<ServerProcess> => {
    const server = await startProcess({ ...environment, DATABASE_URL: database.url });
    running.add(server);
    return server;
  };

  beforeAll(async () => {
    build();
    database = await createMigratedDatabase();
    const [tenant] = await prepareTenants(database, ['killed']);
    path = tenant!.path;
    token = tenant!.owner.token;
  });
  afterAll(async () => {
    for (const server of running) await server.stop();
    await database.drop();
  });

  const create = (server: ServerProcess, name: string): Promise<ProcessAnswer> =>
    request(server, 'POST', `${path}/services`, { token, body: { name }, headers: { 'Idempotency-Key': name } });

  /** Repeats a request as a client does: again after `Retry-After`, until it has waited for longer than a lease can take. */
  async function repeat(server: ServerProcess, name: string): Promise<ProcessAnswer> {
    for (let waited = 0; ;) {
      const answer = await create(server, name);
      const wait = Number(answer.headers.get('retry-after')) * SECOND;
      // Without the time that the answers take, which is that of the machine.
      waited += wait;
      if (answer.body['code'] !== 'IDEMPOTENCY_KEY_IN_USE' || waited > 2 * LEASE) return answer;
      await delay(wait);
    }
  }

  async function countByName(server: ServerProcess): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? 'limit=200' : `limit=200&cursor=${cursor}`;
      const { body } = await request(server, 'GET', `${path}/services?${query}`, { token });
      const items = body['items'] as unknown as readonly { name: string }[];
      for (const { name } of items) counts.set(name, (counts.get(name) ?? 0) + 1);
      cursor = body['nextCursor'] as unknown as string | null;
    }
    return counts;
  }

  /** What is wrong with a repeated request: it is stuck, done twice, or not the answer that was given before. */
  function faults(name: string, answer: ProcessAnswer, before: ProcessAnswer | undefined, count = 0): string[] {
    return [
      ...(answer.status === 201 ? [] : [`${name} is answered ${answer.status} ${answer.body['code']}`]),
      ...(count === 1 ? [] : [`${name} exists ${count} times`]),
      ...(before && JSON.stringify(before.body) !== JSON.stringify(answer.body) ? [`${name} has another answer`] : []),
    ];
  }

  it(
    'a process that is killed while it answers idempotent requests leaves each done once after its repetition at another process, and none stuck',
    PATIENCE,
    async () => {
      let victim = await start();
      // The embedded database has one process: its successor starts when it is gone.
      const second = testServerUrl === undefined ? undefined : await start();
      let unanswered = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const killedAfter = KILLED_AFTER_MILLISECONDS[round % KILLED_AFTER_MILLISECONDS.length];
        const names = Array.from({ length: REQUESTS }, (_, number) => `round-${round}-${number}`);
        const asked = names.map((name) => create(victim, name).catch(() => undefined));
        await delay(killedAfter);
        running.delete(victim);
        await victim.kill();
        const before = await Promise.all(asked);
        unanswered += before.filter((answer) => answer === undefined).length;

        const successor = second ?? (await start());
        const answers = await Promise.all(names.map((name) => repeat(successor, name)));
        const counts = await countByName(successor);
        const wrong = names.flatMap((name, index) => faults(name, answers[index]!, before[index], counts.get(name)));
        expect(wrong).toEqual([]);
        victim = second ? await start() : successor;
      }
      // Otherwise nothing was interrupted.
      expect(unanswered).toBeGreaterThan(REQUESTS);

      // Negative control: a claim without an end, as the version before the leases wrote it, is seen to be stuck.
      await create(victim, 'stuck');
      const plain = await openPlainDataSource(database.url);
      await plain.query(
        `UPDATE idempotency_records SET state = 'running', ownerId = NULL, leaseUntil = NULL, sealedAnswer = NULL
       WHERE createdAt = (SELECT last FROM (SELECT MAX(createdAt) AS last FROM idempotency_records) AS newest)`,
      );
      await plain.destroy();
      expect(faults('stuck', await repeat(victim, 'stuck'), undefined, 1)).toEqual([
        'stuck is answered 409 IDEMPOTENCY_KEY_IN_USE',
      ]);
    },
  );
});
