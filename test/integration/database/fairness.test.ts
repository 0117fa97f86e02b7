import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { testServerUrl } from '../../support/database.js';
import { Note, type Sample, openSample, tenantScope } from './sample.js';

/** Several times as many transactions as run at the same time on any database. */
const FLOOD = 100;
/** More than one tenant may have waiting. */
const TOO_MANY = 600;

let sample: Sample;
beforeAll(async () => {
  sample = await openSample();
});
afterAll(() => sample.drop());

/** Transactions of one tenant, each of which ends when the gate opens. */
function flood(scope: ReturnType<typeof tenantScope>, count: number, log: string[], gate: Promise<void>) {
  return Array.from({ length: count }, (_, number) =>
    sample.database.transaction(scope, async (tx) => {
      log.push(`flood ${number + 1}`);
      await gate;
      await tx.exists(Note, { name: 'none' });
    }),
  );
}

describe('transactions of many tenants', () => {
  it('one tenant that asks for much does not make another wait for all of it', async () => {
    const log: string[] = [];
    const gate = Promise.withResolvers<void>();
    const flooding = flood(tenantScope(), FLOOD, log, gate.promise);
    const other = sample.database.transaction(tenantScope(), async () => {
      log.push('other');
    });
    // What runs already holds the connections of this database: one on SQLite, several on a server.
    const running = sample.database.dialect.name === 'sqlite' ? 1 : 20;
    gate.resolve();
    await Promise.all([...flooding, other]);
    expect(log.indexOf('other')).toBeGreaterThan(0);
    expect(log.indexOf('other')).toBeLessThanOrEqual(2 * running);
  });

  // On a server twenty run at the same time, in no order of their own.
  it.skipIf(testServerUrl !== undefined)('a batch waits for as many turns as it writes rows', async () => {
    const log: string[] = [];
    const [batches, singles] = [tenantScope(), tenantScope()];
    const write = (scope: typeof batches, name: string, rows: number) =>
      sample.database.transaction(scope, async () => void log.push(name), rows);
    await Promise.all([
      write(batches, 'batch 1', 3),
      write(batches, 'batch 2', 3),
      ...['1', '2', '3', '4'].map((name) => write(singles, name, 1)),
    ]);
    expect(log).toEqual(['batch 1', '1', '2', '3', 'batch 2', '4']);
  });

  it('one tenant cannot take every place in the line: it is told to wait, and another is still served', async () => {
    const gate = Promise.withResolvers<void>();
    const taken = flood(tenantScope(), TOO_MANY, [], gate.promise);
    const outcomes = Promise.allSettled(taken);
    const other = sample.database.transaction(tenantScope(), async () => 'served');
    await expect(taken.at(-1)).rejects.toMatchObject({ code: 'BUSY', retryAfterSeconds: 1 });
    gate.resolve();
    expect(await other).toBe('served');
    const accepted = (await outcomes).filter(({ status }) => status === 'fulfilled');
    expect(accepted.length).toBeGreaterThanOrEqual(500);
  });
});
