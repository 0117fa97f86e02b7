import { AsyncLocalStorage } from 'node:async_hooks';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { DomainError, type TenantScope, coreErrors } from '#core';
import { sealingErrors, uuidv7 } from '#crypto';
import {
  type Basis,
  type Database,
  In,
  type OnceRow,
  type PreparedWork,
  type SharedStep,
  TransactionMisuse,
  type Tx,
} from '#database';

import { AuditEvent } from '../../../libs/audit/audit-event.entity.js';
import { withCode } from '../../support/errors.js';
import { Note, type Sample, note, noteEvents, openAgain, openSample, platform, tenantScope } from './sample.js';
import { recordEvents } from '../../support/history.js';

let sample: Sample;
let database: Database;
/** The configurations of the tenants, as committed; a tenant that is not named has the number 1. */
const numbers = new Map<string, number>();
const configurations = async (_: unknown, tenantIds: readonly string[]) => {
  for (const id of tenantIds) reads.get(id)?.push(caller.getStore());
  return new Map(tenantIds.map((id) => [id, numbers.get(id) ?? 1]));
};
const caller = new AsyncLocalStorage<string>();
/** Of the tenants that are watched: on whose behalf each of their numbers was read. */
const reads = new Map<string, (string | undefined)[]>();
/** How many transactions wrote events, and the events of each. */
let batches: number[] = [];

beforeAll(async () => {
  sample = await openSample({
    configurations,
    recorder: async (tx, works) => {
      batches.push(works.length);
      await recordEvents(tx, works);
    },
  });
  ({ database } = sample);
});
afterAll(() => sample.drop());
beforeEach(() => {
  batches = [];
});

const ALWAYS: Basis = { configVersion: 1, from: -Infinity, until: Infinity };

/** Work that records one event about `target`. */
const recording = (target: string, more: Partial<PreparedWork<string>> = {}): PreparedWork<string> => ({
  basis: ALWAYS,
  finish: () => ({ result: target, events: [noteEvents.written(target)] }),
  ...more,
});

const once = (scope: TenantScope, id: string): OnceRow => ({
  entity: Note,
  id,
  row: (now) => note({ id, name: id, tenantId: scope.tenantId, createdAt: now }),
});

async function eventsOf({ tenantId }: TenantScope): Promise<{ target: string; sequence: number }[]> {
  const events = await database.readPlatform(platform, (view) =>
    view.find(AuditEvent, { tenantId }, { order: { sequence: 'ASC' } }),
  );
  return events.map(({ targetId, sequence }) => ({ target: targetId, sequence }));
}

/** Whether the caller is within a transaction, where none can be opened. */
const isInTransaction = (): Promise<boolean> =>
  database
    .platform(platform, async (tx) => tx.housekeeping('a test'))
    .then(
      () => false,
      () => true,
    );

const names = (count: number): string[] => Array.from({ length: count }, (_, number) => `work ${number}`);

describe('prepared work of many requests', () => {
  it('prepared work of many requests shares few transactions, and each is answered once its event is durable', async () => {
    const scopes = [tenantScope(), tenantScope(), tenantScope()];
    const works = names(90);
    const results = await Promise.all(
      works.map((name, index) => database.commit(scopes[index % 3]!, async () => recording(name))),
    );
    expect(results).toEqual(works);
    expect(batches.length).toBeLessThan(5);
    for (const [place, scope] of scopes.entries()) {
      const events = await eventsOf(scope);
      expect(events.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 30 }, (_, sequence) => sequence));
      expect(new Set(events.map(({ target }) => target))).toEqual(new Set(works.filter((_, i) => i % 3 === place)));
    }
  });

  it('prepared work that is wrong fails alone, whatever shares its transaction', async () => {
    const scope = tenantScope();
    const wrong = recording('wrong', {
      finish: () => {
        throw new Error('wrong');
      },
    });
    const outcomes = await Promise.allSettled(
      [recording('one'), wrong, recording('two')].map((work) => database.commit(scope, async () => work)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await eventsOf(scope)).map(({ target }) => target)).toEqual(['one', 'two']);
  });

  it('prepared work inserts rows of its own tenant only, and names no other history', async () => {
    const [mine, theirs] = [tenantScope(), tenantScope()];
    const foreignRow = database.commit(mine, async () => recording('row', { once: once(theirs, uuidv7(1)) }));
    await expect(foreignRow).rejects.toThrow(TransactionMisuse);
    const events = [noteEvents.written('event', { tenantId: theirs.tenantId })];
    const foreignEvent = database.commit(mine, async () =>
      recording('event', { finish: () => ({ result: '', events }) }),
    );
    await expect(foreignEvent).rejects.toThrow(TransactionMisuse);
    expect([await eventsOf(mine), await eventsOf(theirs)]).toEqual([[], []]);
  });

  it('prepared work that would wait behind too much work of its tenant is rejected, that of another is not', async () => {
    const [busy, other] = [tenantScope(), tenantScope()];
    const flood = names(700).map((name) => database.commit(busy, async () => recording(name)));
    const modest = database.commit(other, async () => recording('modest'));
    const outcomes = await Promise.allSettled(flood);
    const rejected = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(rejected.length).toBeGreaterThan(0);
    expect(rejected.every((error) => error instanceof DomainError && error.code === 'BUSY')).toBe(true);
    expect(await modest).toBe('modest');
    expect(await eventsOf(busy)).toHaveLength(700 - rejected.length);
  });
});

describe('what requests read together', () => {
  it('what requests read together is read once for those that ask meanwhile, by the transaction of one that holds its rows, and in no other', async () => {
    const scope = tenantScope();
    const row = note({ id: uuidv7(1), tenantId: scope.tenantId, name: 'read together' });
    await sample.write(scope, row);
    const asked: number[] = [];
    const nameOf = database.readTogether(async (view, ids) => {
      asked.push(ids.length);
      const rows = await view.find(Note, { id: In([...ids]) });
      return new Map(rows.map(({ id, name }) => [id, name]));
    });
    const names = await Promise.all([row.id, uuidv7(1), row.id, uuidv7(1)].map((id) => nameOf(id)));
    expect([names, asked]).toEqual([[row.name, undefined, row.name, undefined], [3]]);

    const inside = database.transaction(scope, async (tx) => {
      tx.housekeeping('a test');
      return nameOf(row.id);
    });
    await expect(inside).rejects.toThrow(TransactionMisuse);
    // The third attempt holds the configuration, and reads by its own transaction.
    let attempts = 0;
    const result = await database.commit(scope, async () => {
      attempts += 1;
      const configVersion = attempts < 3 ? 0 : 1;
      return recording((await nameOf(row.id))!, { basis: { ...ALWAYS, configVersion } });
    });
    expect([attempts, result]).toEqual([3, row.name]);
  });
});

describe('a row that can be inserted once', () => {
  it('a row that can be inserted once is inserted by one of many that want it at the same time, in two processes', async () => {
    const scope = tenantScope();
    const other = await openAgain(sample, {
      configurations,
      entities: [AuditEvent, Note],
      recorder: async () => undefined,
    });
    const taken = uuidv7(1);
    const attempt = (by: Database, id: string): Promise<boolean> =>
      by.commit(scope, async () => ({
        basis: ALWAYS,
        once: once(scope, id),
        finish: ({ isFirst }) => ({ result: isFirst, events: [noteEvents.written(id)] }),
      }));
    await attempt(database, taken);
    const ids = Array.from({ length: 20 }, () => uuidv7(1));
    const outcomes = await Promise.all(
      [taken, ...ids].map((id) => Promise.all([database, other, database, other].map((by) => attempt(by, id)))),
    );
    expect(outcomes.map((of) => of.filter(Boolean).length)).toEqual([0, ...ids.map(() => 1)]);
    await other.close();
  });
});

describe('a step that needs rows', () => {
  /** Inserts a note for each item, by one call for all that share a transaction. */
  class Notes implements SharedStep<{ readonly id: string; readonly tenantId: string }> {
    readonly name = 'tokens';
    readonly calls: number[] = [];

    async run(tx: Tx, items: readonly { readonly id: string; readonly tenantId: string }[]) {
      this.calls.push(items.length);
      expect(items.every(({ tenantId }) => tenantId === tx.scope.tenantId)).toBe(true);
      const rows = items.filter(({ id }) => id !== refused).map(({ id }) => [id, note({ id, name: id })] as const);
      await tx.insertAbsent(Note, new Map(rows));
      if (items.some(({ id }) => id === poison)) throw new Error('wrong');
      if (items.some(({ id }) => id === sealed)) throw sealingErrors.SEALED();
      return items.map(({ id }) => (id === refused ? coreErrors.FORBIDDEN() : undefined));
    }
  }
  const [poison, sealed, refused] = [uuidv7(1), uuidv7(1), uuidv7(1)];
  const asking = (step: Notes, scope: TenantScope, id: string) =>
    database.commit(scope, async () => recording(id, { shared: { step, item: { id, tenantId: scope.tenantId } } }));
  const notesOf = (scope: TenantScope) =>
    database.read(scope, async (view) => (await view.find(Note, {})).map(({ id }) => id).sort());

  it('a step that needs rows is done for many requests together, and for each tenant by itself', async () => {
    const step = new Notes();
    const scopes = [tenantScope(), tenantScope()];
    const ids = Array.from({ length: 40 }, () => uuidv7(1));
    const results = await Promise.all(ids.map((id, index) => asking(step, scopes[index % 2]!, id)));
    expect(results).toEqual(ids);
    expect(step.calls.length).toBeLessThan(10);
    for (const [place, scope] of scopes.entries()) {
      const own = ids.filter((_, index) => index % 2 === place);
      expect(await notesOf(scope)).toEqual(own.toSorted());
      expect(new Set((await eventsOf(scope)).map(({ target }) => target))).toEqual(new Set(own));
    }
  });

  it.each([
    ['ends the work of one', refused],
    ['fails for one', poison],
    ['finds the secrets of one sealed', sealed],
  ])('a step that needs rows and %s leaves the others as they are, and nothing of that one', async (_, bad) => {
    const step = new Notes();
    const scope = tenantScope();
    const good = Array.from({ length: 10 }, () => uuidv7(1));
    const outcomes = await Promise.allSettled([bad, ...good].map((id) => asking(step, scope, id)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', ...good.map(() => 'fulfilled')]);
    expect(await notesOf(scope)).toEqual(good.toSorted());
    expect((await eventsOf(scope)).map(({ target }) => target).toSorted()).toEqual(good.toSorted());
  });

  it('a step that needs rows is done for no work that the configuration has outdated', async () => {
    const step = new Notes();
    const scope = tenantScope();
    let attempts = 0;
    const id = uuidv7(1);
    await database.commit(scope, async () => {
      attempts += 1;
      const basis = attempts === 1 ? { ...ALWAYS, configVersion: 0 } : ALWAYS;
      return recording(id, { basis, shared: { step, item: { id, tenantId: scope.tenantId } } });
    });
    expect([attempts, step.calls]).toEqual([2, [1]]);
  });

  it('a step that needs rows reaches the rows of its own tenant only', async () => {
    const [mine, theirs] = [tenantScope(), tenantScope()];
    const { id } = await sample.write(theirs);
    const step: SharedStep<string> = {
      name: 'tokens',
      async run(tx: Tx, items) {
        expect(() => tx.ofTenant(theirs.tenantId)).toThrow(TransactionMisuse);
        expect(await tx.findOne(Note, { id, tenantId: theirs.tenantId })).toBeNull();
        return items.map(() => undefined);
      },
    };
    const done = database.commit(mine, async () => recording('own', { shared: { step, item: 'own' } }));
    expect(await done).toBe('own');
  });
});

describe('an instant that is raised', () => {
  it('an instant that is raised is the latest that any work asked for, and never goes back', async () => {
    const scope = tenantScope();
    const { id } = await sample.write(scope);
    const raising = (to: number) =>
      database.commit(scope, async () => recording('raise', { raised: { entity: Note, id, column: 'readAt', to } }));
    const readAt = async () => (await database.read(scope, (view) => view.get(Note, { id }))).readAt;
    await Promise.all([300, 500, 400].map(raising));
    expect(await readAt()).toBe(500);
    await raising(200);
    expect(await readAt()).toBe(500);
    await raising(600);
    expect(await readAt()).toBe(600);
  });
});

describe('a configuration that changes', () => {
  it('a configuration that changes between preparation and commit has the work prepared again', async () => {
    const scope = tenantScope();
    const kept = database.keep<number>('samples', 10);
    const read = () =>
      kept.get(scope.tenantId, 'value', async () => ({ value: numbers.get(scope.tenantId) ?? 1, ...ALWAYS }));
    const seen: number[] = [];
    const commit = () =>
      database.commit(scope, async () => {
        const { value, basis } = await read();
        seen.push(value);
        return recording(`prepared by ${value}`, { basis });
      });
    expect(await commit()).toBe('prepared by 1');
    numbers.set(scope.tenantId, 2);
    expect(await commit()).toBe('prepared by 2');
    expect(await commit()).toBe('prepared by 2');
    expect(seen).toEqual([1, 1, 2, 2]);
    expect((await eventsOf(scope)).map(({ target }) => target)).toEqual([
      'prepared by 1',
      'prepared by 2',
      'prepared by 2',
    ]);
  });

  it('a configuration that changes before each commit is held by the third attempt, which reads in its transaction', async () => {
    const scope = tenantScope();
    const kept = database.keep<number>('samples', 10);
    const present = () => numbers.get(scope.tenantId) ?? 1;
    const holding: boolean[] = [];
    const result = await database.commit(scope, async () => {
      const { value, basis } = await kept.get(scope.tenantId, 'value', async (view) => ({
        value: await view.count(Note, { name: 'none' }),
        ...ALWAYS,
      }));
      const isHeld = await isInTransaction();
      holding.push(isHeld);
      if (!isHeld) numbers.set(scope.tenantId, present() + 1);
      return recording(`prepared ${value}`, { basis });
    });
    expect([result, holding]).toEqual(['prepared 0', [false, false, true]]);
  });

  it('a configuration that is never the present one has the request answered that the server is busy', async () => {
    const scope = tenantScope();
    const outdated = { configVersion: 0, from: -Infinity, until: Infinity };
    const work = database.commit(scope, async () => recording('never', { basis: outdated }));
    await expect(work).rejects.toEqual(withCode('BUSY'));
    expect(await eventsOf(scope)).toEqual([]);
  });

  it('a rejection by an outdated configuration is decided again, one by the present configuration is the answer', async () => {
    const scope = tenantScope();
    const kept = database.keep<boolean>('samples', 10);
    const isAllowed = () =>
      kept.get(scope.tenantId, 'allowed', async () => ({ value: numbers.get(scope.tenantId) === 2, ...ALWAYS }));
    const attempt = () =>
      database.commit(scope, async () => {
        const { value, basis } = await isAllowed();
        if (!value) throw coreErrors.FORBIDDEN();
        return recording('allowed', { basis });
      });
    await expect(attempt()).rejects.toEqual(withCode('FORBIDDEN'));
    numbers.set(scope.tenantId, 2);
    expect(await attempt()).toBe('allowed');
  });

  it('an acceptance that nothing commits is held by the third attempt where the configuration changes again and again', async () => {
    const scope = tenantScope();
    const kept = database.keep<number>('samples', 10);
    const holding: boolean[] = [];
    const result = await database.confirming(scope.tenantId, async () => {
      await kept.get(scope.tenantId, 'value', async () => ({ value: 1, ...ALWAYS }));
      const isHeld = await isInTransaction();
      holding.push(isHeld);
      if (!isHeld) numbers.set(scope.tenantId, (numbers.get(scope.tenantId) ?? 1) + 1);
      return 'accepted';
    });
    expect([result, holding]).toEqual(['accepted', [false, false, true]]);
  });

  it('a rejection within a decision that holds its rows is final, and what others ask meanwhile is read outside of it', async () => {
    const [scope, other] = [tenantScope(), tenantScope()];
    const outside = AsyncLocalStorage.snapshot();
    const held: unknown[] = [];
    const attempt = database.commit(scope, async () => {
      const basis = { ...ALWAYS, configVersion: 0 };
      if (!(await isInTransaction())) return recording('outdated', { basis });
      for (const id of [scope.tenantId, other.tenantId]) reads.set(id, []);
      const rejection = caller.run('held', () =>
        database.deciding(scope.tenantId, async () => {
          throw coreErrors.FORBIDDEN();
        }),
      );
      // Both wait for the same turn.
      const asked = outside(() => database.stillHolds(other.tenantId, ALWAYS));
      held.push(...(await Promise.allSettled([rejection, asked])));
      await expect(database.commit(scope, async () => recording('nested'))).rejects.toThrow(TransactionMisuse);
      throw coreErrors.FORBIDDEN();
    });
    await expect(attempt).rejects.toEqual(withCode('FORBIDDEN'));
    expect(held).toEqual([
      { status: 'rejected', reason: withCode('FORBIDDEN') },
      { status: 'fulfilled', value: true },
    ]);
    expect([reads.get(scope.tenantId), reads.get(other.tenantId)]).toEqual([['held'], [undefined]]);
    reads.clear();
  });

  it('an acceptance that nothing commits is confirmed by the number itself', async () => {
    const scope = tenantScope();
    const kept = database.keep<number>('samples', 10);
    const decide = async () =>
      (await kept.get(scope.tenantId, 'value', async () => ({ value: numbers.get(scope.tenantId) ?? 1, ...ALWAYS })))
        .value;
    expect(await database.confirming(scope.tenantId, decide)).toBe(1);
    numbers.set(scope.tenantId, 5);
    expect(await database.confirming(scope.tenantId, decide)).toBe(5);
  });

  it('work whose time has come between preparation and commit is prepared again', async () => {
    const scope = tenantScope();
    const ends = sample.clock.now() + 1;
    let attempts = 0;
    const result = await database.commit(scope, async () => {
      attempts += 1;
      const until = attempts === 1 ? ends : Infinity;
      sample.clock.advance(1);
      return recording(`attempt ${attempts}`, { basis: { ...ALWAYS, until } });
    });
    expect(result).toBe('attempt 2');
  });
});
