import { type Scenario, repeat } from '../harness/scenario.ts';
import { load, rejections } from '../harness/load.ts';
import { TokenCheck, signRequest } from '../harness/tokens.ts';

const CONNECTIONS = 64;

/** How much longer than most requests the slowest of a hundred takes. */
export const tail: Scenario = {
  name: 'tail',
  title: 'The slowest requests at steady load',
  async run({ fixture, seconds, repetitions }) {
    const tenant = await fixture.createTenant();
    const rows = [];
    for (const algorithm of ['HS256', 'ES256', 'RS256'] as const) {
      const service = await fixture.createService(tenant, algorithm, algorithm === 'RS256' ? 2_048 : undefined);
      const request = signRequest(fixture, service, { connections: CONNECTIONS, seconds });
      const faults: string[] = [];
      const notes = new Set<string>();
      const measured = await repeat(repetitions, async () => {
        const check = await TokenCheck.start(fixture, service);
        const result = await load(request);
        faults.push(...(await check.faults([result])));
        for (const rejection of rejections(result)) notes.add(rejection);
        return { value: result.latencyMilliseconds.p99, floor: result.latencyMilliseconds.p50 };
      });
      rows.push({
        scenario: 'tail',
        name: `p99 of sign ${algorithm}, ${CONNECTIONS} connections`,
        unit: 'ms' as const,
        comparedWith: 'its p50',
        goal: { atMost: 10 },
        repetitions: measured,
        faults,
        notes: [...notes],
      });
    }
    return rows;
  },
};
