import { createBenchDatabase } from '../harness/database.ts';
import { Fixture } from '../harness/fixture.ts';
import { type Scenario, repeat } from '../harness/scenario.ts';
import { load, perSecond, rejections } from '../harness/load.ts';
import { startServer } from '../harness/server.ts';
import { TokenCheck, signRequest, warmUpServer } from '../harness/tokens.ts';

const CONNECTIONS = 64;

/** The server as it is, against the same server where each request has a transaction of its own. */
export const groupCommit: Scenario = {
  name: 'group-commit',
  title: 'Group commit against one transaction for each request',
  async run({ fixture, seconds, repetitions }) {
    const database = await createBenchDatabase(fixture.database.serverUrl);
    const server = await startServer(database, { preload: './one-by-one.ts' });
    try {
      const alone = new Fixture(server, database);
      await warmUpServer(alone);
      const service = await fixture.createService(await fixture.createTenant(), 'HS256');
      const lonely = await alone.createService(await alone.createTenant(), 'HS256');
      const faults: string[] = [];
      const notes = new Set<string>();
      const measured = await repeat(repetitions, async () => {
        const measure = async (where: Fixture, of: typeof service): Promise<number> => {
          const check = await TokenCheck.start(where, of);
          const result = await load(signRequest(where, of, { connections: CONNECTIONS, seconds }));
          faults.push(...(await check.faults([result])));
          for (const rejection of rejections(result)) notes.add(rejection);
          return perSecond(result);
        };
        const floor = await measure(alone, lonely);
        return { value: await measure(fixture, service), floor };
      });
      return [
        {
          scenario: 'group-commit',
          name: `sign HS256 by group commit, ${CONNECTIONS} connections`,
          unit: 'requests/s' as const,
          comparedWith: 'one transaction for each request',
          goal: { atLeast: fixture.database.serverUrl === undefined ? 3 : 2 },
          repetitions: measured,
          faults,
          notes: [...notes],
        },
      ];
    } finally {
      await server.stop();
      await database.drop();
    }
  },
};
