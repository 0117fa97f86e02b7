import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ManualClock } from '#core';
import { Tx } from '#database';
import { Licensing } from '#licensing';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { BODY, certify, requestToken } from './vendor.js';

/** `RACE_ROUNDS=200` for the long run; each round takes a quarter of a second on two cores. */
const ROUNDS = Number(process.env['RACE_ROUNDS'] ?? 48);
const RACERS = 32;
/** Rounds may overlap: they have different ids, and a round by itself leaves the server idle most of the time. */
const ROUNDS_AT_ONCE = 4;
const CONTROL_ROUNDS = 3;

let database: TestDatabase;
let servers: readonly [TestServer, TestServer];
let instances: readonly [Licensing, Licensing];
let kid: string;
const clock = new ManualClock();
beforeAll(async () => {
  database = await createMigratedDatabase();
  servers = [await startTestServer({ database, clock }), await startTestServer({ database, clock })];
  instances = [servers[0].server.app.get(Licensing), servers[1].server.app.get(Licensing)];
  kid = await certify(servers[0], await createTenant(servers[0], 'race'));
});
afterAll(async () => {
  for (const server of servers) await server.close();
  await database.drop();
});

/** How many of the racers, half of them at each instance, were accepted with one and the same request. */
async function acceptances(): Promise<number> {
  const token = requestToken({ kid, clock, claims: { jti: randomUUID() } });
  const request = { token, body: Buffer.from(BODY), requestId: 'race', sourceAddress: null };
  const racers = Array.from({ length: RACERS }, (_, racer) => instances[racer % 2 === 0 ? 0 : 1].accept(request));
  const refusals = (await Promise.allSettled(racers)).filter((outcome) => outcome.status === 'rejected');
  const codes = new Set(refusals.map(({ reason }) => (reason as { code: string }).code));
  expect([...codes]).toEqual(refusals.length > 0 ? ['DUPLICATE_JTI'] : []);
  return RACERS - refusals.length;
}

describe('one jti, many racers, two instances', () => {
  it(`one jti of many racers at two instances is accepted exactly once in each of ${ROUNDS} rounds`, async () => {
    for (let round = 0; round < ROUNDS; round += ROUNDS_AT_ONCE) {
      const accepted = await Promise.all(Array.from({ length: ROUNDS_AT_ONCE }, acceptances));
      expect(accepted).toEqual(accepted.map(() => 1));
    }
  }, 300_000);

  it('one jti is accepted more than once where the unique key does not decide: the race is real', async () => {
    const original = Tx.prototype.insertIfAbsent;
    // The usual mistake: ask first, then write, with a key that does not collide.
    Tx.prototype.insertIfAbsent = async function (this: Tx, entity, row) {
      if (entity.name !== 'ReplayRecord') return original.call(this, entity, row);
      const known = await this.exists(entity, { id: (row as { id: string }).id } as never);
      await original.call(this, entity, { ...row, id: randomUUID() });
      return !known;
    };
    try {
      const accepted: number[] = [];
      for (let round = 0; round < CONTROL_ROUNDS; round += 1) accepted.push(await acceptances());
      expect(Math.max(...accepted)).toBeGreaterThan(1);
    } finally {
      Tx.prototype.insertIfAbsent = original;
    }
  });
});
