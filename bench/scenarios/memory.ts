import { readFileSync } from 'node:fs';

import type { Pair, Row, Scenario } from '../harness/scenario.ts';
import { type LoadResult, load } from '../harness/load.ts';
import { TokenCheck, signRequest } from '../harness/tokens.ts';

const CONNECTIONS = 32;
const ROUND_SECONDS = 30;
/** The first minute warms up; the ten after it are measured. */
const WARM_ROUNDS = 2;
const ROUNDS = 20;

/** Resident memory of a process in MiB (proc_pid_status(5)). */
function residentMemory(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kilobytes) / 1_024;
}

/** Memory after eleven minutes of signing against memory after the first of them. */
export const memory: Scenario = {
  name: 'memory',
  title: 'Memory at steady load, eleven minutes',
  long: true,
  async run({ fixture }): Promise<Row[]> {
    const service = await fixture.createService(await fixture.createTenant(), 'ES256');
    const request = signRequest(fixture, service, { connections: CONNECTIONS, seconds: ROUND_SECONDS });
    const check = await TokenCheck.start(fixture, service);
    const { pid } = fixture.server;
    const results: LoadResult[] = [];
    const sizes: number[] = [];
    for (let round = 0; round < WARM_ROUNDS + ROUNDS; round += 1) {
      results.push(await load(request));
      sizes.push(residentMemory(pid));
    }
    const measured: Pair = { value: sizes.at(-1)!, floor: sizes[WARM_ROUNDS - 1]! };
    return [
      {
        scenario: 'memory',
        name: `resident memory after ${((WARM_ROUNDS + ROUNDS) * ROUND_SECONDS) / 60} minutes of ES256`,
        unit: 'MiB',
        comparedWith: 'after 1 minute',
        goal: { atMost: 1.1 },
        repetitions: [measured],
        faults: await check.faults(results),
        notes: [`at most ${Math.round(Math.max(...sizes))} MiB`],
      },
    ];
  },
};
