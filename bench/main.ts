// `npm run bench -- [--only <scenario>[,<scenario>]] [--full] [--repetitions n] [--seconds n]`: see bench/README.md.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { createBenchDatabase } from './harness/database.ts';
import { Fixture } from './harness/fixture.ts';
import { load } from './harness/load.ts';
import { startFloors } from './harness/floors.ts';
import { type Environment, type RatedRow, rate, toMarkdown, writeReport } from './harness/report.ts';
import type { Scenario } from './harness/scenario.ts';
import { type ServerProcess, startServer } from './harness/server.ts';
import { signRequest } from './harness/tokens.ts';
import { scenarios } from './scenarios/index.ts';

const DEFAULTS = { seconds: 2, repetitions: 2, fullSeconds: 10, fullRepetitions: 3 } as const;
const RESULTS = join(import.meta.dirname, 'results');

/** A server runs for days: its first ten thousand requests, which are compiled meanwhile, are not measured. */
const WARM_UP = { connections: 64, seconds: 5 } as const;

async function warmUp(fixture: Fixture): Promise<void> {
  const service = await fixture.createService(await fixture.createTenant(), 'HS256');
  await load(signRequest(fixture, service, WARM_UP));
}

function selected(only: string | undefined, full: boolean): readonly Scenario[] {
  if (only === undefined) return scenarios.filter(({ long }) => full || !long);
  const names = only.split(',');
  const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0) {
    throw new Error(
      `No scenario is called ${unknown.join(', ')}; there are ${scenarios.map(({ name }) => name).join(', ')}`,
    );
  }
  return scenarios.filter(({ name }) => names.includes(name));
}

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    full: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    repetitions: { type: 'string' },
  },
});
const seconds = Number(options.seconds ?? (options.full ? DEFAULTS.fullSeconds : DEFAULTS.seconds));
const repetitions = Number(options.repetitions ?? (options.full ? DEFAULTS.fullRepetitions : DEFAULTS.repetitions));
if (!(seconds >= 1) || !(repetitions >= 1)) throw new Error('--seconds and --repetitions take a number from 1 on');

const chosen = selected(options.only, options.full);
const database = await createBenchDatabase(process.env.BENCH_DATABASE_URL || undefined);
const environment: Environment = {
  database: database.title,
  node: process.versions.node,
  cores: availableParallelism(),
  startedAt: new Date().toISOString(),
};
const rows: RatedRow[] = [];
const secondServer = async (): Promise<ServerProcess | undefined> =>
  database.serverUrl === undefined ? undefined : startServer(database);
try {
  const server = await startServer(database);
  const floors = await startFloors();
  try {
    const fixture = new Fixture(server, database);
    await warmUp(fixture);
    for (const scenario of chosen) {
      console.error(`bench: ${scenario.title} ...`);
      const measured = await scenario.run({ fixture, floors, seconds, repetitions, secondServer });
      rows.push(...measured.map(rate));
      const { running, output } = server.state();
      if (!running || output.includes('"level":"error"')) throw new Error(`The server failed:\n${output}`);
    }
  } finally {
    await Promise.all([server.stop(), floors.stop()]);
  }
} finally {
  await database.drop();
}
console.log(toMarkdown(rows, environment));
console.error(`bench: written to ${writeReport(RESULTS, rows, environment)}`);
// A missed goal is a result; something that is not correct is a failure.
if (rows.some(({ verdict }) => verdict === 'failed')) process.exitCode = 1;
