import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#core';

import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../support/database.js';
import { openPlainDataSource } from '../support/plain-data-source.js';
import { joinTenant } from '../support/people.js';
import {
  ADMIN,
  PASSWORD,
  type Shape,
  TEST_MASTER_KEY,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../support/server.js';
import { ADMIN_RACES, type AdminRace, type Place, type Racer } from './admin-race-table.js';
import { type ServerProcess, build, request, startProcess } from './server-process.js';

// Two instances on one database get changes that meet: two processes on a database server, two servers of this process on the
// embedded database. `credential-races` and `authority-races` have those of the credentials of a service and of a caller's rights.

/** 50 for a change of what is locked. */
const ROUNDS = Number(process.env['CHANCERY_TEST_RACE_ROUNDS'] ?? 1);
const CONTROL_ROUNDS_MAX = 20;
const PATIENCE = { timeout: 120_000 + ROUNDS * 5_000 };

let database: TestDatabase;
let setUp: TestServer;
let instances: readonly { readonly address: string }[];
let end: () => Promise<unknown>;
let rounds = 0;

beforeAll(async () => {
  database = await createMigratedDatabase();
  setUp = await startTestServer({ database, clock: systemClock });
  if (testServerUrl === undefined) {
    const other = await startTestServer({ database, clock: systemClock });
    instances = [setUp, other].map(({ url }) => ({ address: url }));
    end = () => other.close();
    return;
  }
  build();
  const environment = {
    DATABASE_URL: database.url,
    CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
    CHANCERY_ROLES: 'admin,signing',
    CHANCERY_CHECKPOINT_FILE: 'off',
    // Limits of people who are not signed in are by address.
    TRUSTED_PROXIES: '127.0.0.1/32',
  };
  const processes = [await startProcess(environment), await startProcess(environment)];
  instances = processes;
  end = () => Promise.all(processes.map((server) => server.stop()));
});
afterAll(async () => {
  await end();
  await setUp.close();
  await database.drop();
});

interface Outcome {
  readonly status: number;
  readonly code: string | undefined;
  readonly requestId: string;
}

async function run(racers: readonly Racer[], { owner }: TestTenant, stepUp: string): Promise<readonly Outcome[]> {
  return Promise.all(
    racers.map(async ({ method, path, body, headers, token }, index) => {
      const at = instances[index % instances.length] as ServerProcess;
      const call = token === null ? {} : { token: token ?? owner.token };
      const answer = await request(at, method, path, {
        ...call,
        body,
        headers: { 'X-Step-Up': stepUp, 'X-Forwarded-For': `10.1.${(rounds >> 8) & 255}.${rounds & 255}`, ...headers },
      });
      const { status, body: answered } = answer;
      return { status, code: answered['code'] as string | undefined, requestId: answer.headers.get('x-request-id')! };
    }),
  );
}

const succeeded = ({ status }: Outcome): boolean => status < 300;

/** Requests that were answered as done and have no event, and requests that were refused and have one of a change. */
async function eventFaults(outcomes: readonly Outcome[], { repeats, begins }: AdminRace): Promise<string[]> {
  const plain = await openPlainDataSource(database.url);
  try {
    const rows: { requestId: string; outcome: string }[] = await plain.query('SELECT * FROM audit_events');
    return outcomes.flatMap((outcome) => {
      const changes = rows.filter((row) => row.requestId === outcome.requestId && row.outcome === 'success');
      if (!succeeded(outcome))
        return changes.length === 0 || begins ? [] : [`an event of a refused request ${outcome.code}`];
      return changes.length > 0 || repeats ? [] : ['a change without an event'];
    });
  } finally {
    await plain.destroy();
  }
}

/** What is wrong after one round of a race. */
async function faultsOf(race: AdminRace, place: Place, stepUps: StepUps): Promise<string[]> {
  const { racers, after } = await race.prepare(place);
  const isOfAdmin = racers[0]!.token === place.admin;
  const outcomes = await run(racers, place.tenant, isOfAdmin ? stepUps.admin : stepUps.owner);
  const [least, most] = typeof race.wins === 'number' ? [race.wins, race.wins] : race.wins;
  const wins = outcomes.filter(succeeded).length;
  const told = outcomes.map(({ status, code }) => `${status} ${code ?? ''}`.trim()).join(', ');
  return [
    ...(outcomes.some(({ status }) => status >= 500) ? ['an error of the server'] : []),
    ...(wins < least || wins > most ? [`${wins} winners`] : []),
    ...(await eventFaults(outcomes, race)),
    ...((await after?.()) ?? []),
  ].map((fault) => `${fault} (${told})`);
}

interface StepUps {
  readonly owner: string;
  readonly admin: string;
}

/** Rate limits are by person: nobody is in more races than this. */
const RACES_OF_TENANT = 5;
interface Party {
  readonly tenant: TestTenant;
  readonly admin: string;
  readonly stepUps: StepUps;
  races: number;
}
let party: Party | undefined;

/** The tenant, its owner and the administrator of a round. */
async function partyOf({ spendsTenant = false }: AdminRace): Promise<Party> {
  if (party === undefined || spendsTenant || party.races >= RACES_OF_TENANT) {
    const tenant = await createTenant(setUp, `race-${++rounds}`);
    const admin = await setUp.login();
    const stepUp = async (token: string, password: string): Promise<string> =>
      (await setUp.post('/v1/auth/step-up', { password }, { token })).body['stepUpToken']!;
    const stepUps = { owner: await stepUp(tenant.owner.token, PASSWORD), admin: await stepUp(admin, ADMIN.password) };
    party = { tenant, admin, stepUps, races: 0 };
  }
  const taken = party;
  taken.races += 1;
  if (spendsTenant) party = undefined;
  return taken;
}

describe.each(Object.entries(ADMIN_RACES))('%s', (name, race) => {
  it(`${name}: as many win as may, nothing breaks and no event is lost, ${ROUNDS} times`, PATIENCE, async () => {
    const faults: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { tenant, admin, stepUps } = await partyOf(race);
      faults.push(...(await faultsOf(race, { server: setUp, tenant, admin, unique: `raced-${++rounds}` }, stepUps)));
    }
    expect(faults).toEqual([]);
  });
});

describe('a negative control', () => {
  it('a negative control that reads before it writes, and locks nothing, leaves a tenant without an owner', async () => {
    const sources = await Promise.all([openPlainDataSource(database.url), openPlainDataSource(database.url)]);
    let broken = 0;
    for (let round = 0; round < CONTROL_ROUNDS_MAX && broken === 0; round += 1) {
      const tenant = await createTenant(setUp, `careless-${round}`);
      await joinTenant(setUp, tenant, { email: `careless-${round}@race.test`, role: 'owner' });
      const members: { id: string; tenantId: string; role: string }[] =
        await sources[0]!.query('SELECT * FROM members');
      const owners = members.filter(({ tenantId }) => tenantId === tenant.id);
      const ownersLeft = async (source: (typeof sources)[number]) => {
        const rows = await source.query<Shape[]>(`SELECT * FROM members WHERE role = 'owner'`);
        return rows.filter((row) => Object.values(row).includes(tenant.id as never)).length;
      };
      await Promise.all(
        sources.map(async (source, index) => {
          if ((await ownersLeft(source)) < 2) return;
          await source.query(`UPDATE members SET role = 'auditor' WHERE id = '${owners[index]!.id}'`);
        }),
      );
      if ((await ownersLeft(sources[0]!)) === 0) broken += 1;
    }
    for (const source of sources) await source.destroy();
    expect(broken).toBeGreaterThan(0);
  });
});
