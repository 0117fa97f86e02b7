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
/** At most: a busy machine can run one racer after the other, and so hide the race for some rounds. */
const CONTROL_ROUNDS = 40;

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

it('updates of one customer that arrive together at two instances are its next revisions, and a wrong one fails alone', async () => {
  const serial = randomUUID();
  const send = (number: number, changes: object = {}) => {
    const body = JSON.stringify({ serial, eliteSeats: number, ...changes });
    const token = requestToken({ kid, clock, body });
    return instances[number % 2]!.accept({ token, body: Buffer.from(body), requestId: 'race', sourceAddress: null });
  };
  const [wrong, count] = [{ eliteSeats: -1 }, 24];
  const outcomes = await Promise.allSettled(
    Array.from({ length: count }, (_, number) => send(number, number % 6 === 3 ? wrong : {})),
  );
  const revisions = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.revision] : []));
  expect(revisions.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  const codes = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [(outcome.reason as { code: string }).code] : [],
  );
  expect(codes).toEqual(Array(4).fill('VALIDATION_ERROR'));
});

describe('one jti, many racers, two instances', () => {
  it(`one jti of many racers at two instances is accepted exactly once in each of ${ROUNDS} rounds`, async () => {
    for (let round = 0; round < ROUNDS; round += ROUNDS_AT_ONCE) {
      const accepted = await Promise.all(Array.from({ length: ROUNDS_AT_ONCE }, acceptances));
      expect(accepted).toEqual(accepted.map(() => 1));
    }
  }, 300_000);

  it('one jti is accepted more than once where the unique key does not decide: the race is real', async () => {
    const original = Tx.prototype.insertAbsent;
    // The usual mistake: ask first, then write, with a key that does not collide.
    Tx.prototype.insertAbsent = async function (this: Tx, entity, rows, by) {
      if (entity.name !== 'ReplayRecord') return original.call(this, entity, rows, by);
      const free = new Set<string>();
      for (const [id, row] of rows) {
        if (await this.exists(entity, { id } as never)) continue;
        const other = randomUUID();
        await original.call(this, entity, new Map([[other, { ...row, id: other }]]));
        free.add(id);
      }
      return free;
    };
    try {
      let accepted = 0;
      for (let round = 0; round < CONTROL_ROUNDS && accepted < 2; round += 1) accepted = await acceptances();
      expect(accepted).toBeGreaterThan(1);
    } finally {
      Tx.prototype.insertAbsent = original;
    }
  });
});
