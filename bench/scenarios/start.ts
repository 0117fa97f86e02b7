import { createBenchDatabase } from '../harness/database.ts';
import { type Scenario, repeat } from '../harness/scenario.ts';
import { startPeer } from '../harness/peers.ts';
import { type ServerProcess, startServer } from '../harness/server.ts';

/** From the start of the process to the first answered request, on an SQLite database that is there already. */
export const start: Scenario = {
  name: 'start',
  title: 'Start of a process',
  async run({ repetitions }) {
    const database = await createBenchDatabase(undefined);
    try {
      const first = await startServer(database);
      await first.stop();
      // What was compiled before is not measured.
      await (await startPeer('nest-hello')).stop();
      const faults: string[] = [];
      const measured = await repeat(repetitions, async () => {
        const floor = await untilAnswered(() => startPeer('nest-hello'), '/', faults);
        return { value: await untilAnswered(() => startServer(database), '/health/ready', faults), floor };
      });
      return [
        {
          scenario: 'start',
          name: 'start on an existing SQLite database to the first answer',
          unit: 'ms' as const,
          comparedWith: 'node and Nest hello world',
          goal: { atMost: 2 },
          repetitions: measured,
          faults,
          notes: [],
        },
      ];
    } finally {
      await database.drop();
    }
  },
};

async function untilAnswered(begin: () => Promise<ServerProcess>, path: string, faults: string[]): Promise<number> {
  const started = performance.now();
  const server = await begin();
  try {
    const { status } = await fetch(server.address + path);
    const milliseconds = performance.now() - started;
    if (status !== 200) faults.push(`${path} was answered ${status}`);
    return milliseconds;
  } finally {
    await server.stop();
  }
}
