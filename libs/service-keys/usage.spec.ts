import { describe, expect, it } from 'vitest';

import type { Database, Tx } from '#database';

import { Service } from './entities.js';
import { CredentialUsage } from './usage.js';

const NOW = 1_000_000;

/** A database that only remembers what was noted, one list of credentials and one of services for each transaction. */
function recordingDatabase(failures = 0) {
  const transactions: [id: string, lastUsedAt: number][][] = [];
  const services: [id: string, lastUsedAt: number][][] = [];
  let failing = failures;
  const database = {
    platform: async (_: unknown, work: (tx: Tx) => Promise<void>) => {
      if (failing-- > 0) throw new Error('the database is away');
      const noted: [string, number][] = [];
      const notedServices: [string, number][] = [];
      const note = async (entity: unknown, [where]: [{ id: string }], set: { lastUsedAt: number }) => {
        (entity === Service ? notedServices : noted).push([where.id, set.lastUsedAt]);
      };
      await work({ now: NOW, housekeeping: () => undefined, note } as unknown as Tx);
      transactions.push(noted);
      services.push(notedServices);
    },
  } as unknown as Database;
  const usage = new CredentialUsage(database);
  const note = (id: string, now: number, serviceId = 's') => usage.note({ id, serviceId }, now);
  return { usage, note, transactions, services };
}

describe('the last use of a credential', () => {
  it('the last use of a credential costs no write when it happens, and one when it is flushed, however often it was used', async () => {
    const { usage, note, transactions } = recordingDatabase();
    for (let now = 1; now <= 1_000; now += 1) note('a', now);
    note('b', 5);
    expect(transactions).toEqual([]);
    await usage.flush();
    expect(transactions).toEqual([
      [
        ['a', 1_000],
        ['b', 5],
      ],
    ]);
  });

  it('the last use of a credential is written once: a second flush has nothing left', async () => {
    const { usage, note, transactions } = recordingDatabase();
    note('a', 1);
    await usage.flush();
    await usage.flush();
    expect(transactions).toHaveLength(1);
  });

  it('the last use of a credential is kept while the database is away, and while it is used again', async () => {
    const { usage, note, transactions } = recordingDatabase(1);
    note('a', 1);
    await expect(usage.flush()).rejects.toThrow('away');
    const flushing = usage.flush();
    note('a', 2);
    await flushing;
    await usage.flush();
    expect(transactions).toEqual([[['a', 1]], [['a', 2]]]);
  });

  it('the last use of a credential is written in bounded batches', async () => {
    const { usage, note, transactions } = recordingDatabase();
    for (let number = 0; number < 1_201; number += 1) note(`c${number}`, number);
    await usage.flush();
    expect(transactions.map((noted) => noted.length)).toEqual([500, 500, 201]);
  });

  it('the last use of a credential is kept in bounded memory; those already known are still brought up to date', async () => {
    const { usage, note, transactions } = recordingDatabase();
    for (let number = 0; number < 100_001; number += 1) note(`c${number}`, 1);
    note('c0', 2);
    await usage.flush();
    const written = transactions.flat();
    expect(written).toHaveLength(100_000);
    expect(written[0]).toEqual(['c0', 2]);
  });

  it('the last use of a service is the latest one of its credentials', async () => {
    const { usage, note, services } = recordingDatabase();
    note('a', 7, 'second');
    note('b', 3, 'first');
    note('c', 5, 'second');
    await usage.flush();
    expect(services).toEqual([
      [
        ['first', 3],
        ['second', 7],
      ],
    ]);
  });
});
