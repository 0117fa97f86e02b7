import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SECOND, systemClock } from '#core';

import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../support/database.js';
import { openPlainDataSource } from '../support/plain-data-source.js';
import { PASSWORD, TEST_MASTER_KEY } from '../support/server.js';
import { prepareTenants } from './prepared-tenants.js';
import { type ServerProcess, build, request, startProcess } from './server-process.js';

/** A database server has two processes that do everything, schedulers included; the embedded database has one. */
const PROCESSES = testServerUrl === undefined ? 1 : 2;
/** Continuous integration asks a database server for more. */
const SERVICES_PER_KIND = Number(process.env.RACE_SERVICES ?? (testServerUrl === undefined ? 30 : 60));
/** Each lane is a tenant with an owner of its own: no limit per person is in the way, and lanes run side by side. */
const LANES = 10;
const LIMIT = 3;
const PATIENCE = { timeout: 240_000 };

interface Lane {
  readonly path: string;
  readonly token: string;
  /** In place of the password of the owner. */
  readonly stepUp: string;
}

/** Where a service's service keys are, and their ids by the part that they play. */
interface Prepared {
  readonly lane: Lane;
  readonly path: string;
  readonly active: readonly [string, string?];
  readonly inactive: string | undefined;
}

type Racer = (at: ServerProcess, prepared: Prepared) => Promise<string>;

describe(`credential actions that race on ${PROCESSES} server process(es)`, () => {
  let database: TestDatabase;
  const processes: ServerProcess[] = [];
  let lanes: Lane[];
  let services = 0;

  beforeAll(async () => {
    build();
    database = await createMigratedDatabase();
    const slugs = Array.from({ length: LANES }, (_, number) => `lane-${number}`);
    lanes = [];
    await prepareTenants(database, slugs, async (server, { path, owner }) => {
      await server.patch(path, { settings: { credentialsPerType: LIMIT } }, owner);
      const { body } = await server.post('/v1/auth/step-up', { password: PASSWORD }, owner);
      lanes.push({ path, token: owner.token, stepUp: body['stepUpToken']! });
    });
    const environment = {
      DATABASE_URL: database.url,
      CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
      CHANCERY_ROLES: 'admin,signing,scheduler',
    };
    while (processes.length < PROCESSES) processes.push(await startProcess(environment));
  });
  afterAll(async () => {
    const codes = await Promise.all(processes.map((server) => server.stop()));
    await database.drop();
    expect(codes).toEqual(processes.map(() => 0));
    for (const server of processes) expect(server.output()).not.toMatch(/could not be recorded|INTERNAL_ERROR/);
  });

  const [first, last] = [() => processes[0]!, () => processes.at(-1)!];

  /** The answer of a request that has to succeed. */
  async function must(method: string, path: string, call: { token?: string; body?: unknown }, at = first()) {
    const { status, body } = await request(at, method, path, call);
    if (status >= 300) throw new Error(`${method} ${path} was answered ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** A service with so many active service keys, and an inactive one where it is asked for. */
  async function prepare(lane: Lane, want: Situation): Promise<Prepared> {
    const { token } = lane;
    const body = { name: `service ${++services}` };
    const { service, serviceKey } = await must('POST', `${lane.path}/services`, { token, body });
    const path = `${lane.path}/services/${service!['id']}/credentials`;
    const add = async (): Promise<string> =>
      (await must('POST', path, { token, body: { authType: 'service_key' } }))['id']!;
    const active: [string, string?] = [serviceKey!['id']!];
    if (want.active === 2) active.push(await add());
    const inactive = want.inactive === 1 ? await add() : undefined;
    if (inactive !== undefined) await must('POST', `${path}/${inactive}/discard`, { token });
    return { lane, path, active, inactive };
  }

  interface Situation {
    readonly active: 1 | 2;
    readonly inactive: 0 | 1;
  }

  const act =
    (action: string, which: (prepared: Prepared) => string | undefined): Racer =>
    async (at, prepared) =>
      codeOf(await request(at, 'POST', `${prepared.path}/${which(prepared)}/${action}`, withToken(prepared, {})));
  const codeOf = ({ status, body }: { status: number; body: { code?: string } }): string =>
    status < 300 ? 'OK' : (body.code ?? String(status));
  const withToken = ({ lane: { token } }: Prepared, body: unknown) => ({ token, body });

  async function statesOf({ path, lane: { token } }: Prepared, at = last()): Promise<string[]> {
    const { items }: { items?: readonly { state: string }[] } = await must('GET', path, { token }, at);
    return items!.map(({ state }) => state);
  }
  const count = (states: readonly string[], state: string): number => states.filter((one) => one === state).length;

  /** Rule 3, said once more; the service's JWT credential is active beside its service keys and not counted. */
  function violations(states: readonly string[]): string[] {
    const [active, inactive] = [count(states, 'active') - 1, count(states, 'inactive')];
    return [
      ...(active < 1 ? ['no active service key'] : []),
      ...(inactive > 1 ? ['more than one inactive service key'] : []),
      ...(active + inactive > LIMIT ? ['more than the limit'] : []),
    ];
  }

  /** Past the processes, which are told nothing. */
  async function write(statement: string): Promise<void> {
    const source = await openPlainDataSource(database.url);
    try {
      await source.query(statement);
    } finally {
      await source.destroy();
    }
  }

  /** Does `work` for as many services as a kind has, each lane one after the other, all lanes side by side. */
  async function inLanes(work: (lane: Lane) => Promise<void>): Promise<void> {
    const perLane = SERVICES_PER_KIND / LANES;
    await Promise.all(
      lanes.map(async (lane) => {
        for (let done = 0; done < perLane; done += 1) await work(lane);
      }),
    );
  }

  const races: readonly [name: string, Situation, one: Racer, other: Racer, answers: readonly string[]][] = [
    [
      'discard and discard',
      { active: 2, inactive: 0 },
      act('discard', ({ active }) => active[0]),
      act('discard', ({ active }) => active[1]),
      ['LAST_ACTIVE_CREDENTIAL OK'],
    ],
    [
      'discard and delete',
      { active: 2, inactive: 1 },
      act('discard', ({ active }) => active[0]),
      async (at, prepared) => {
        const call = { ...withToken(prepared, {}), headers: { 'X-Step-Up': prepared.lane.stepUp } };
        return codeOf(await request(at, 'DELETE', `${prepared.path}/${prepared.inactive}`, call));
      },
      ['OK OK', 'INACTIVE_CREDENTIAL_EXISTS OK'],
    ],
    [
      'reactivate and create',
      { active: 2, inactive: 1 },
      act('reactivate', ({ inactive }) => inactive),
      async (at, prepared) =>
        codeOf(await request(at, 'POST', prepared.path, withToken(prepared, { authType: 'service_key' }))),
      ['CREDENTIAL_LIMIT_REACHED OK'],
    ],
    [
      'regenerate and discard',
      { active: 2, inactive: 0 },
      act('regenerate', ({ active }) => active[0]),
      act('discard', ({ active }) => active[1]),
      ['INACTIVE_CREDENTIAL_EXISTS OK'],
    ],
  ];

  it.each(races)(
    `%s race on ${PROCESSES} server process(es), at ${SERVICES_PER_KIND} services: the rules hold`,
    PATIENCE,
    async (_, situation, one, other, answers) => {
      let turn = 0;
      await inLanes(async (lane) => {
        const prepared = await prepare(lane, situation);
        // Neither process is always the first to be asked.
        const [here, there] = turn++ % 2 === 0 ? [first(), last()] : [last(), first()];
        const came = await Promise.all([one(here, prepared), other(there, prepared)]);
        expect(answers).toContain(came.toSorted().join(' '));
        expect(violations(await statesOf(prepared))).toEqual([]);
      });
    },
  );

  /** Without it the races above would prove nothing: they must be able to see what a missing lock does. */
  it('negative control: a discard that decides on what it read before, without the lock, breaks the rules', async () => {
    const prepared = await prepare(lanes[0]!, { active: 2, inactive: 0 });
    const { path, lane, active } = prepared;
    const ask = async (id: string | undefined, at: ServerProcess): Promise<unknown> =>
      (await must('GET', `${path}/${id}`, { token: lane.token }, at))['allowedActions'];
    const asked = await Promise.all([ask(active[0], first()), ask(active[1], last())]);
    for (const allowedActions of asked) expect(allowedActions).toContain('discard');
    for (const id of active) {
      await write(`UPDATE credentials SET state = 'inactive' WHERE id = '${id}' AND state = 'active'`);
    }
    expect(violations(await statesOf(prepared))).toEqual([
      'no active service key',
      'more than one inactive service key',
    ]);
  });

  it(
    `expire and discard race on ${PROCESSES} server process(es), at ${SERVICES_PER_KIND} services, with the schedulers running`,
    PATIENCE,
    async () => {
      const all: Prepared[] = [];
      await inLanes(async (lane) => {
        all.push(await prepare(lane, { active: 2, inactive: 0 }));
      });
      // Set once all are there, however long that took.
      const expiry = systemClock.now() + 3 * SECOND;
      const expiring = all.map(({ active }) => `'${active[1]}'`).join(', ');
      await write(`UPDATE credentials SET expiresAt = ${expiry} WHERE id IN (${expiring})`);
      // Around the instant of the expiry, half before it and half after it.
      const discard = act('discard', ({ active }) => active[0]);
      const answers = await Promise.all(
        all.map(async (prepared, index) => {
          const at = expiry - SECOND + (index / all.length) * 2 * SECOND;
          await delay(Math.max(0, at - systemClock.now()));
          return discard(processes[index % PROCESSES]!, prepared);
        }),
      );
      for (const answer of answers) expect(['OK', 'LAST_ACTIVE_CREDENTIAL']).toContain(answer);
      // A service without an active one gets a successor as soon as a scheduler has seen it.
      for (const prepared of all) {
        await expect.poll(async () => violations(await statesOf(prepared)), { interval: 200 }).toEqual([]);
        expect(count(await statesOf(prepared), 'expired')).toBe(1);
      }
    },
  );
});
