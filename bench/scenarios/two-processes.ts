import { type Scenario, repeat } from '../harness/scenario.ts';
import { load, perSecond, rejections } from '../harness/load.ts';
import { TokenCheck, signRequest } from '../harness/tokens.ts';

const CONNECTIONS = 64;

/** A second process on the same database, against one alone with as many connections. */
export const twoProcesses: Scenario = {
  name: 'two-processes',
  title: 'Two processes on one database server',
  async run({ fixture, seconds, repetitions, secondServer }) {
    const second = await secondServer();
    if (!second) return { omitted: 'an embedded database has one process (BENCH_DATABASE_URL)' };
    try {
      const tenant = await fixture.createTenant();
      const rows = [];
      for (const algorithm of ['HS256', 'ES256'] as const) {
        const service = await fixture.createService(tenant, algorithm);
        const one = signRequest(fixture, service, { connections: CONNECTIONS, seconds });
        const half = { ...one, connections: CONNECTIONS / 2 };
        const other = { ...half, url: one.url.replace(fixture.server.address, second.address) };
        const faults: string[] = [];
        const notes = new Set<string>();
        const measured = await repeat(repetitions, async () => {
          const check = await TokenCheck.start(fixture, service);
          const alone = await load(one);
          const both = await Promise.all([load(half), load(other)]);
          faults.push(...(await check.faults([alone, ...both])));
          for (const rejection of [alone, ...both].flatMap(rejections)) notes.add(rejection);
          return { value: both.reduce((sum, result) => sum + perSecond(result), 0), floor: perSecond(alone) };
        });
        rows.push({
          scenario: 'two-processes',
          name: `sign ${algorithm} on 2 processes, ${CONNECTIONS} connections in all`,
          unit: 'requests/s' as const,
          comparedWith: '1 process',
          goal: { atLeast: 1.5 },
          repetitions: measured,
          faults,
          notes: [...notes],
        });
      }
      return rows;
    } finally {
      await second.stop();
    }
  },
};
