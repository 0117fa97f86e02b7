import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { DomainError } from '#core';

import { isLostRace } from '../../../libs/database/driver-errors.js';
import type { Gateway } from '../../../libs/database/gateway.js';
import { openSqlite } from '../../../libs/database/sqlite.js';

const folder = mkdtempSync(join(tmpdir(), 'chancery-shared-commit-'));
const path = join(folder, 'shared.db');
let gateway: Gateway;
/** Another process: it sees what is committed. */
let other: DatabaseSync;

beforeAll(async () => {
  gateway = await openSqlite(path, [], []);
  await gateway.write(share(0), (manager) => manager.query('CREATE TABLE lines (id int PRIMARY KEY)'));
  other = new DatabaseSync(path, { readOnly: true });
});
afterAll(async () => {
  other.close();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => gateway.write(share(0), (manager) => manager.query('DELETE FROM lines')));

const share = (number: number) => ({ owner: `owner ${number % 5}`, rows: 1 });
const insert = (manager: EntityManager, id: number): Promise<unknown> =>
  manager.query('INSERT INTO lines VALUES (?)', [id]);
const committed = (): unknown[] =>
  other
    .prepare('SELECT id FROM lines ORDER BY id')
    .all()
    .map(({ id }) => id);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

describe('transactions of the embedded database that follow one another', () => {
  it('transactions that follow one another share commits, and none is answered before its own', async () => {
    const seen = new Set<number>();
    const early: number[] = [];
    const write = async (id: number): Promise<void> => {
      await gateway.write(share(id), async (manager) => {
        await insert(manager, id);
        seen.add(committed().length);
      });
      if (!committed().includes(id)) early.push(id);
    };
    await Promise.all(numbers(100).map(write));
    // Each commit is seen by those that come after it.
    expect(seen.size).toBeLessThan(20);
    expect(early).toEqual([]);
    expect(committed()).toEqual(numbers(100));
  });

  it('a transaction that fails is taken back by itself, whatever it wrote, and sees what those before it wrote', async () => {
    const outcomes = await Promise.allSettled(
      numbers(30).map((id) =>
        gateway.write(share(0), async (manager) => {
          await insert(manager, id);
          const [{ count }] = (await manager.query('SELECT COUNT(*) AS count FROM lines')) as [{ count: number }];
          if (id % 3 === 1) throw new Error(`not ${id}`);
          return count;
        }),
      ),
    );
    const rejected = outcomes.flatMap(({ status }, id) => (status === 'rejected' ? [id] : []));
    expect(rejected).toEqual(numbers(30).filter((id) => id % 3 === 1));
    expect(committed()).toEqual(numbers(30).filter((id) => id % 3 !== 1));
    const counts = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(counts).toEqual(numbers(20).map((number) => number + 1));
  });

  it('transactions that are taken back because of another one are told that they lost a race', async () => {
    const outcomes = await Promise.allSettled(
      numbers(4).map((id) =>
        gateway.write(share(0), async (manager) => {
          await insert(manager, id);
          // As SQLite does by itself where the disk is full.
          if (id === 2) await manager.query('ROLLBACK');
          if (id === 2) throw new Error('full');
        }),
      ),
    );
    const errors = outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as Error) : undefined));
    expect(errors.map((error) => error && (isLostRace(error) ? 'lost race' : error.message))).toEqual([
      'lost race',
      'lost race',
      'full',
      undefined,
    ]);
    expect(committed()).toEqual([3]);
  });

  it('a commit that fails is the answer of each that waited for it', async () => {
    await gateway.write(share(0), (manager) =>
      manager.query(
        'CREATE TABLE parents (id int PRIMARY KEY, parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED)',
      ),
    );
    const outcomes = await Promise.allSettled(
      [insertParent(1, null), insertParent(2, 99), insertParent(3, null)].map((work) => gateway.write(share(0), work)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(other.prepare('SELECT id FROM parents').all()).toEqual([]);
    await gateway.write(share(0), insertParent(4, null));
    expect(other.prepare('SELECT id FROM parents').all()).toEqual([{ id: 4 }]);
  });

  it('transactions beyond what may wait are rejected, and what is open is committed before the database is closed', async () => {
    const outcomes = await Promise.allSettled(
      numbers(700).map((id) => gateway.write({ owner: 'one', rows: 1 }, (manager) => insert(manager, id))),
    );
    const isBusy = (outcome: PromiseSettledResult<unknown>): boolean =>
      outcome.status === 'rejected' && outcome.reason instanceof DomainError && outcome.reason.code === 'BUSY';
    expect(outcomes.filter(isBusy).length).toBeGreaterThan(0);
    expect(committed()).toHaveLength(outcomes.filter(({ status }) => status === 'fulfilled').length);
    const last = await openSqlite(path, [], []);
    await Promise.all([last.write(share(0), (manager) => insert(manager, 1_000)), last.close()]);
    expect(committed().at(-1)).toBe(1_000);
  });
});

const insertParent =
  (id: number, parent: number | null) =>
  (manager: EntityManager): Promise<unknown> =>
    manager.query('INSERT INTO parents VALUES (?, ?)', [id, parent]);
