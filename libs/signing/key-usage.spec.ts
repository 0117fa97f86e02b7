import { describe, expect, it } from 'vitest';

import type { Database, Tx } from '#database';
import type { Keys } from '#keys';

import type { KeyUseRecord } from './entities.js';
import { KeyUsage } from './key-usage.js';

const USE = { tenantId: 't', keyId: 'k', kid: 'v1', profile: 'p', serviceId: 's' };

/** A database that only remembers what was inserted, one list for each transaction. */
function recordingDatabase(failures: number) {
  const transactions: Pick<KeyUseRecord, 'serviceId' | 'tokens' | 'firstUsedAt' | 'lastUsedAt'>[][] = [];
  let failing = failures;
  const database = {
    platform: async (_: unknown, work: (tx: Tx) => Promise<void>) => {
      if (failing-- > 0) throw new Error('the database is away');
      const insertAbsent = async (_entity: unknown, rows: ReadonlyMap<string, KeyUseRecord>) => {
        const kept = [...rows.values()].map(({ serviceId, tokens, firstUsedAt, lastUsedAt }) => ({
          serviceId,
          tokens,
          firstUsedAt,
          lastUsedAt,
        }));
        transactions.push(kept);
        return new Set(rows.keys());
      };
      await work({ now: 1_000, housekeeping: () => undefined, insertAbsent } as unknown as Tx);
    },
  } as unknown as Database;
  const keys = { noteUse: async () => undefined } as unknown as Keys;
  return { usage: new KeyUsage(database, keys), transactions };
}

describe('the use of a key', () => {
  it('the use of a key costs no write when a token is signed, and one when it is flushed', async () => {
    const { usage, transactions } = recordingDatabase(0);
    for (let now = 1; now <= 500; now += 1) usage.note(USE, now);
    expect(transactions).toEqual([]);
    await usage.flush();
    await usage.flush();
    expect(transactions).toEqual([[{ serviceId: 's', tokens: 500, firstUsedAt: 1, lastUsedAt: 500 }]]);
  });

  it('the use of a key is counted on while the database is away', async () => {
    const { usage, transactions } = recordingDatabase(1);
    usage.note(USE, 1);
    const flushing = usage.flush();
    usage.note(USE, 2);
    await expect(flushing).rejects.toThrow('away');
    usage.note(USE, 3);
    await usage.flush();
    expect(transactions).toEqual([[{ serviceId: 's', tokens: 3, firstUsedAt: 1, lastUsedAt: 3 }]]);
  });

  it('the use of a key is kept in bounded memory and written in bounded batches', async () => {
    const { usage, transactions } = recordingDatabase(0);
    for (let number = 0; number < 50_001; number += 1) usage.note({ ...USE, serviceId: `s${number}` }, 1);
    usage.note({ ...USE, serviceId: 's0' }, 2);
    await usage.flush();
    expect(transactions.flat()).toHaveLength(50_000);
    expect(Math.max(...transactions.map(({ length }) => length))).toBe(200);
    expect(transactions.flat().find(({ serviceId }) => serviceId === 's0')).toMatchObject({ tokens: 2 });
  });

  it('a use in the future was noted while the clock was ahead: it is written as of now', async () => {
    const { usage, transactions } = recordingDatabase(0);
    usage.note(USE, 2_000);
    await usage.flush();
    expect(transactions).toEqual([[{ serviceId: 's', tokens: 1, firstUsedAt: 1_000, lastUsedAt: 1_000 }]]);
  });
});
