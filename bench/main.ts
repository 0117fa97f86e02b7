// `npm run bench -- [--only <scenario>[,<scenario>]] [--full] [--repetitions n] [--seconds n]`: see bench/README.md.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { createBenchDatabase } from './harness/database.ts';
import { Fixture } from './harness/fixture.ts';
import { startFloors } from './harness/floors.ts';
import {
  type Environment,
  type OmittedScenario,
  type RatedRow,
  rate,
  toMarkdown,
  writeReport,
} from './harness/report.ts';
import type { Scenario } from './harness/scenario.ts';
import { type ServerProcess, startServer } from './harness/server.ts';
import { repetitionsWithinBudget } from './harness/time-budget.ts';
import { warmUpServer } from './harness/tokens.ts';
import { scenarios } from './scenarios/index.ts';

const DEFAULTS = { seconds: 2, repetitions: 2, fullSeconds: 10, fullRepetitions: 3 } as const;
const RESULTS = join(import.meta.dirname, 'results');

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
const omitted: OmittedScenario[] = scenarios
  .filter((scenario) => !chosen.includes(scenario))
  .map(({ title, long }) => ({ title, why: long && options.only === undefined ? 'long: --full' : 'not chosen' }));
const started = performance.now();
/** Of the scenario that begins now. A run that names its scenarios or its repetitions has them all. */
const repetitionsNow = (begun: number): number => {
  const isBounded = !options.full && options.only === undefined && options.repetitions === undefined;
  if (!isBounded) return repetitions;
  return repetitionsWithinBudget(repetitions, performance.now() - started, { begun, all: chosen.length });
};

/** The server under load, and another one in its place where it has ended. */
async function startWarm(): Promise<Fixture> {
  const fixture = new Fixture(await startServer(database), database);
  await warmUpServer(fixture);
  return fixture;
}

const secondServer = async (fixture: Fixture): Promise<ServerProcess | undefined> => {
  if (database.serverUrl === undefined) return undefined;
  const server = await startServer(database);
  await warmUpServer(fixture, server);
  return server;
};

/** What fails is a row of the report, so that the others are not lost. */
const failed = (scenario: Scenario, error: unknown): RatedRow =>
  rate({
    scenario: scenario.name,
    name: scenario.title,
    unit: 'ms',
    comparedWith: 'nothing',
    repetitions: [],
    faults: [error instanceof Error ? error.message : String(error)],
    notes: [],
  });

/** A server that does not end by itself is a row, too. */
const ended = (scenario: Scenario, { server }: Fixture): Promise<unknown> =>
  server.stop().catch((error: unknown) => rows.push(failed(scenario, error)));

let report = '';
try {
  const floors = await startFloors();
  let fixture = await startWarm();
  try {
    for (const [place, scenario] of chosen.entries()) {
      const begun = performance.now();
      const times = repetitionsNow(place);
      if (times === 0) {
        omitted.push({ title: scenario.title, why: `no time was left: --only ${scenario.name}` });
        continue;
      }
      console.error(`bench: ${scenario.title} ...`);
      try {
        const context = { fixture, floors, seconds, repetitions: times };
        const measured = await scenario.run({ ...context, secondServer: () => secondServer(fixture) });
        if ('omitted' in measured) omitted.push({ title: scenario.title, why: measured.omitted });
        else rows.push(...measured.map(rate));
      } catch (error) {
        rows.push(failed(scenario, error));
      }
      const { running, output } = fixture.server.state();
      if (output.includes('"level":"error"')) rows.push(failed(scenario, `The server wrote errors:\n${output}`));
      if (!running || output.includes('"level":"error"')) {
        await ended(scenario, fixture);
        fixture = await startWarm();
      }
      // After each: what was measured is not lost, however the run ends.
      report = writeReport(RESULTS, rows, environment, omitted);
      console.error(`bench: ${((performance.now() - begun) / 1_000).toFixed(0)} s`);
    }
  } finally {
    await Promise.all([ended(chosen.at(-1)!, fixture), floors.stop()]);
  }
} finally {
  await database.drop();
}
console.log(toMarkdown(rows, environment, omitted));
console.error(`bench: ${((performance.now() - started) / 1_000).toFixed(0)} s in all; written to ${report}`);
// A missed goal is a result; something that is not correct is a failure.
if (rows.some(({ verdict }) => verdict === 'failed')) process.exitCode = 1;
