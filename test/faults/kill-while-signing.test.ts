import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { createIssuer } from '../e2e/signing/issuer.js';
import { type TestDatabase, createMigratedDatabase } from '../support/database.js';
import { openPlainDataSource } from '../support/plain-data-source.js';
import { TEST_MASTER_KEY, createTenant, startTestServer } from '../support/server.js';
import { type ServerProcess, build, request, startProcess } from './server-process.js';

const ROUNDS = Number(process.env['CHANCERY_TEST_KILL_ROUNDS'] ?? 2);
const CONNECTIONS = 16;
/** How long after the first answer the process is killed: within one batch or another. */
const KILLED_WITHIN_MILLISECONDS = 200;
const PATIENCE = { timeout: 60_000 + ROUNDS * 30_000 };

interface Round {
  readonly acknowledged: readonly string[];
  readonly asked: number;
}

describe('a process that is killed while it signs', () => {
  let database: TestDatabase;
  let tenantId: string;
  let profile: string;
  let serviceKey: string;

  beforeAll(async () => {
    build();
    database = await createMigratedDatabase();
    const setUp = await startTestServer({ database, clock: systemClock });
    const tenant = await createTenant(setUp, 'killed-while-signing');
    const issuer = await createIssuer(setUp, tenant, { algorithm: 'HS256' });
    [tenantId, profile, serviceKey] = [tenant.id, issuer.profile, issuer.service.serviceKey];
    await setUp.close();
  });
  afterAll(() => database.drop());

  /** Asks for tokens on many connections until the process is gone. */
  async function signUntilKilled(server: ServerProcess): Promise<Round> {
    const acknowledged: string[] = [];
    let asked = 0;
    const answered = Promise.withResolvers<void>();
    const client = async (): Promise<void> => {
      for (;;) {
        asked += 1;
        try {
          const headers = { 'X-Service-Key': serviceKey };
          const { status, body } = await request(server, 'POST', `/v1/sign/${profile}`, { body: {}, headers });
          if (status !== 200) throw new Error(`It was answered ${status}`);
          acknowledged.push(body['tokenId']!);
          answered.resolve();
        } catch {
          return;
        }
      }
    };
    const clients = Array.from({ length: CONNECTIONS }, client);
    await answered.promise;
    await delay(Math.random() * KILLED_WITHIN_MILLISECONDS);
    await server.kill();
    await Promise.all(clients);
    return { acknowledged, asked };
  }

  async function query<Row>(statement: string): Promise<Row[]> {
    const plain = await openPlainDataSource(database.url);
    try {
      return await plain.query(statement);
    } finally {
      await plain.destroy();
    }
  }

  it(
    `a process that is killed while it signs leaves, in ${ROUNDS} rounds, an event of each acknowledged token and no gap in the history`,
    PATIENCE,
    async () => {
      let asked = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const environment = { DATABASE_URL: database.url, CHANCERY_MASTER_KEY: TEST_MASTER_KEY };
        const killed = await signUntilKilled(await startProcess(environment));
        asked += killed.asked;
        const events = await query<{ tokenId: string | null; sequence: number | string; action: string }>(
          `SELECT tokenId, sequence, action FROM audit_events WHERE tenantId = '${tenantId}' ORDER BY sequence`,
        );
        const issued = events.filter(({ action }) => action === 'token.issued').map(({ tokenId }) => tokenId);
        expect(killed.acknowledged.filter((id) => !issued.includes(id))).toEqual([]);
        expect(issued.length).toBeLessThanOrEqual(asked);
        expect(new Set(issued).size).toBe(issued.length);
        expect(events.map(({ sequence }) => Number(sequence))).toEqual(events.map((_, place) => place));
        const [size] = await query<{ size: number | string }>(
          `SELECT size FROM history_sizes WHERE tenantId = '${tenantId}'`,
        );
        expect(Number(size!.size)).toBe(events.length);
      }
    },
  );
});
