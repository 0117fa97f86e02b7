import { createBenchDatabase } from '../harness/database.ts';
import { Fixture } from '../harness/fixture.ts';
import { type Scenario, repeat } from '../harness/scenario.ts';
import { load, perSecond, rejections } from '../harness/load.ts';
import { startServer } from '../harness/server.ts';
import { TokenCheck, signRequest, warmUpServer } from '../harness/tokens.ts';

const CONNECTIONS = 64;

/** The same server on an embedded database, against the database server of the run. */
export const embedded: Scenario = {
  name: 'embedded',
  title: 'Embedded SQLite against the database server',
  async run({ fixture, seconds, repetitions }) {
    if (fixture.database.serverUrl === undefined)
      return { omitted: 'the run is on the embedded database (BENCH_DATABASE_URL)' };
    const database = await createBenchDatabase(undefined);
    const server = await startServer(database);
    try {
      const inFile = new Fixture(server, database);
      const [tenant, other] = [await inFile.createTenant(), await fixture.createTenant()];
      await warmUpServer(inFile);
      const rows = [];
      for (const algorithm of ['HS256', 'ES256', 'EdDSA'] as const) {
        const [ours, theirs] = [
          await inFile.createService(tenant, algorithm),
          await fixture.createService(other, algorithm),
        ];
        const faults: string[] = [];
        const notes = new Set<string>();
        const measure = async (where: Fixture, service: typeof ours): Promise<number> => {
          const check = await TokenCheck.start(where, service);
          const result = await load(signRequest(where, service, { connections: CONNECTIONS, seconds }));
          faults.push(...(await check.faults([result])));
          for (const rejection of rejections(result)) notes.add(rejection);
          return perSecond(result);
        };
        const measured = await repeat(repetitions, async () => {
          const floor = await measure(fixture, theirs);
          return { value: await measure(inFile, ours), floor };
        });
        rows.push({
          scenario: 'embedded',
          name: `sign ${algorithm} on SQLite, ${CONNECTIONS} connections`,
          unit: 'requests/s' as const,
          comparedWith: fixture.database.title,
          goal: { atLeast: 1 },
          repetitions: measured,
          faults,
          notes: [...notes],
        });
      }
      return rows;
    } finally {
      await server.stop();
      await database.drop();
    }
  },
};
