import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { TenantScope } from '#core';
import { uuidv7 } from '#crypto';
import {
  type Basis,
  type ConfigurationCheck,
  type Database,
  type EventRecorder,
  In,
  KeyTaken,
  type OnceRow,
  type PreparedWork,
  TransactionMisuse,
  completing,
  knownChange,
  knownTransition,
} from '#database';

import { AuditEvent } from '../../../libs/audit/audit-event.entity.js';
import { HistorySize } from '../../../libs/audit/log.entities.js';
import { PlannedTransaction } from '../../../libs/database/planned-transaction.js';
import {
  Note,
  type Sample,
  note,
  noteEvents,
  noteLifecycle,
  openAgain,
  openSample,
  platform,
  sampleEntities,
  tenantScope,
} from './sample.js';
import { testServerUrl } from '../../support/database.js';
import { recordEvents } from '../../support/history.js';

// The number of a tenant's configuration is in a row, as it is in the product: what a group of work assumes is compared with it.
const configurations: ConfigurationCheck = (view, tenantIds) => view.holdNumbers(Note, tenantIds, 'count');

/** Whether each transaction that recorded was planned. */
let planned: boolean[] = [];
/** How many statements each plan has beside those of its events. */
let steps: number[] = [];
const recorder: EventRecorder = async (tx, works) => {
  planned.push(tx instanceof PlannedTransaction);
  if (tx instanceof PlannedTransaction) steps.push(tx.plan.steps.length);
  await recordEvents(tx, works);
};

let sample: Sample;
let database: Database;
let other: Database;

beforeAll(async () => {
  sample = await openSample({ configurations, recorder });
  ({ database } = sample);
  other = await openAgain(sample, {
    configurations,
    recorder: recordEvents,
    entities: [...sampleEntities, AuditEvent, HistorySize],
  });
});
afterAll(async () => {
  await other.close();
  await sample.drop();
});

/** A tenant whose configuration has the number 1, which this process has read. */
async function knownTenant(): Promise<TenantScope> {
  const scope = tenantScope();
  await sample.write(scope, { id: scope.tenantId, count: 1 });
  await basisOf(scope);
  return scope;
}

const basisOf = async ({ tenantId }: TenantScope) =>
  (await database.known(tenantId, async () => ({ value: undefined, from: -Infinity, until: Infinity }))).basis;

const work = (target: string, basis: Basis, more: Partial<PreparedWork<string>> = {}): PreparedWork<string> => ({
  basis,
  finish: () => ({ result: target, events: [noteEvents.written(target)] }),
  ...more,
});

const recording = async (scope: TenantScope, target: string, more?: Partial<PreparedWork<string>>) =>
  work(target, await basisOf(scope), more);

/** The events of a tenant, without that of the row with the number, in the order of their sequence. */
async function eventsOf({ tenantId }: TenantScope): Promise<{ sequence: number; target: string }[]> {
  const events = await database.readPlatform(platform, (view) =>
    view.find(AuditEvent, { tenantId }, { order: { sequence: 'ASC' } }),
  );
  return events.slice(1).map(({ sequence, targetId }) => ({ sequence, target: targetId }));
}

const onceRow = ({ tenantId }: TenantScope, id: string): OnceRow => ({
  entity: Note,
  id,
  row: (now) => note({ id, tenantId, name: id, createdAt: now }),
});

/** A scope whose work is answered under a key: of all that have it one is done. */
function keyed({ tenantId, ...origin }: TenantScope, name: string): TenantScope {
  const row = (result: unknown): Note => note({ tenantId, name, labels: [String(result)] });
  return completing(
    { ...origin, tenantId },
    {
      complete: async (tx, result) => {
        if (!(await tx.insertIfAbsent(Note, row(result)))) throw new KeyTaken();
      },
      shared: {
        entity: Note,
        key: { tenantId, name },
        row: async (_, result) => (result === 'refused' ? undefined : row(result)),
      },
    },
  );
}

const answersOf = async (scope: TenantScope): Promise<string[]> =>
  (await database.read(scope, (view) => view.find(Note, {}))).flatMap(({ labels }) => labels).sort();

const targetsOf = async (scope: TenantScope): Promise<string[]> =>
  (await eventsOf(scope)).map(({ target }) => target).sort();

const raiseNumber = (by: Database, scope: TenantScope): Promise<void> =>
  by.transaction(scope, async (tx) => {
    await tx.increment(Note, { id: scope.tenantId }, 'count');
    tx.housekeeping('a test');
  });

describe('a group of work by assumed numbers', () => {
  it('a group of work by assumed numbers records each event once, numbered without gaps, for one tenant and for several', async () => {
    const scopes = await Promise.all([knownTenant(), knownTenant(), knownTenant()]);
    for (const group of [scopes.slice(0, 1), scopes]) {
      const works = Array.from({ length: 45 }, (_, place) => [group[place % group.length]!, `work ${place}`] as const);
      const commits = works.map(([scope, name]) => database.commit(scope, () => recording(scope, name)));
      expect(await Promise.all(commits)).toEqual(works.map(([, name]) => name));
    }
    const counts = [45 + 15, 15, 15];
    for (const [place, scope] of scopes.entries()) {
      const events = await eventsOf(scope);
      expect(events.map(({ sequence }) => sequence)).toEqual(Array.from({ length: counts[place]! }, (_, at) => at + 1));
    }
  });

  it('a group of work by a number that another process has raised leaves nothing, and is prepared again', async () => {
    for (const others of [[], [await knownTenant()]]) {
      const scope = await knownTenant();
      const outdated = await basisOf(scope);
      await raiseNumber(other, scope);
      const bases = await Promise.all(others.map(basisOf));
      let attempts = 0;
      const changed = database.commit(scope, async () => {
        attempts += 1;
        const name = `attempt ${attempts}`;
        // The first time nothing is read, so that this process knows only the number that it assumes.
        return attempts === 1 ? work(name, outdated) : recording(scope, name);
      });
      const beside = others.map((one, at) => database.commit(one, async () => work('beside', bases[at]!)));
      expect(await Promise.all([changed, ...beside])).toEqual(['attempt 2', ...others.map(() => 'beside')]);
      expect(await eventsOf(scope)).toEqual([{ sequence: 1, target: 'attempt 2' }]);
      for (const one of others) expect(await eventsOf(one)).toEqual([{ sequence: 1, target: 'beside' }]);
    }
  });

  it('a group of work raises instants once, together with its events', async () => {
    const scope = await knownTenant();
    const id = scope.tenantId;
    const raising = (to: number) =>
      database.commit(scope, () => recording(scope, 'raise', { raised: { entity: Note, id, column: 'readAt', to } }));
    await Promise.all([300, 500, 400].map(raising));
    expect((await database.read(scope, (view) => view.get(Note, { id }))).readAt).toBe(500);
    expect(await eventsOf(scope)).toHaveLength(3);
  });

  // On SQLite it waits for nothing: where another process writes, the work is done by a transaction that is not planned.
  const waits = testServerUrl !== undefined;
  it.skipIf(!waits)('a group of work whose time has come while it waited for a lock is prepared again', async () => {
    const scope = await knownTenant();
    const finished = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const holding = other.transaction(scope, async (tx) => {
      await tx.lock(Note, { id: scope.tenantId });
      held.resolve();
      await finished.promise;
      tx.housekeeping('a test');
    });
    await held.promise;
    const until = sample.clock.now() + 1;
    let attempts = 0;
    const result = await database.commit(scope, async () => {
      attempts += 1;
      const name = `attempt ${attempts}`;
      const basis = await basisOf(scope);
      return {
        basis: attempts === 1 ? { ...basis, until } : basis,
        finish: () => {
          // It is planned, and waits for what the other process holds.
          sample.clock.advance(1);
          finished.resolve();
          return { result: name, events: [noteEvents.written(name)] };
        },
      };
    });
    await holding;
    expect(result).toBe('attempt 2');
    expect(await eventsOf(scope)).toEqual([{ sequence: 1, target: 'attempt 2' }]);
  });
});

describe('a row that can be inserted once, in a planned group', () => {
  it('a row that can be inserted once is planned as absent, and where it is there its group is done by what finds out', async () => {
    const scope = await knownTenant();
    const want = (id: string, by = database): Promise<boolean> =>
      by.commit(scope, async () => ({
        basis: await basisOf(scope),
        once: onceRow(scope, id),
        finish: ({ isFirst }) => ({ result: isFirst, events: [noteEvents.written(`${id} ${isFirst}`)] }),
      }));
    const ids = Array.from({ length: 30 }, () => uuidv7(1));
    planned = [];
    expect(await Promise.all(ids.map((id) => want(id)))).toEqual(ids.map(() => true));
    expect(planned).toEqual(planned.map(() => true));

    const [first, ...rest] = [uuidv7(1), uuidv7(1), uuidv7(1)];
    await want(first!, other);
    expect(await Promise.all([first!, first!, ...rest].map((id) => want(id)))).toEqual([false, false, true, true]);
    expect(planned).toContain(false);
    // It is remembered that the row is there: no plan is made for nothing.
    planned = [];
    expect(await want(first!)).toBe(false);
    expect(planned).toEqual([false]);
    expect((await eventsOf(scope)).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 36 }, (_, at) => at + 1),
    );
  });
});

describe('work under a key', () => {
  const answer = (scope: TenantScope, name: string, result: string, by = database): Promise<string> =>
    by.commit(keyed(scope, name), () => recording(scope, result));
  const isTaken = (outcome: PromiseSettledResult<string>): boolean =>
    outcome.status === 'rejected' && outcome.reason instanceof KeyTaken;

  it('work under a key is planned together with other work, and its answer is stored with its event', async () => {
    const scope = await knownTenant();
    planned = [];
    const names = Array.from({ length: 25 }, (_, place) => `key ${String(place).padStart(2, '0')}`);
    const results = await Promise.all([
      ...names.map((name) => answer(scope, name, name)),
      database.commit(scope, () => recording(scope, 'without')),
      answer(scope, 'free', 'refused'),
    ]);
    expect(results).toEqual([...names, 'without', 'refused']);
    expect(planned).toEqual(planned.map(() => true));
    expect(planned.length).toBeLessThan(5);
    expect(await answersOf(scope)).toEqual(names);
    expect(await targetsOf(scope)).toEqual([...names, 'refused', 'without']);
    expect(await answer(scope, 'free', 'corrected')).toBe('corrected');
  });

  it('work under a key that is taken leaves nothing, and what shares its transaction is done', async () => {
    const [scope, beside] = [await knownTenant(), await knownTenant()];
    await answer(scope, 'taken', 'first', other);
    const id = uuidv7(1);
    const outcomes = await Promise.allSettled([
      database.commit(keyed(scope, 'taken'), () => recording(scope, 'second', { once: onceRow(scope, id) })),
      answer(scope, 'free', 'free'),
      answer(beside, 'taken', 'another tenant'),
    ]);
    expect(outcomes.map(isTaken)).toEqual([true, false, false]);
    expect([await answersOf(scope), await targetsOf(scope)]).toEqual([
      ['first', 'free'],
      ['first', 'free'],
    ]);
    expect(await answersOf(beside)).toEqual(['another tenant']);
    expect(await database.read(scope, (view) => view.exists(Note, { id }))).toBe(false);
  });

  it('work under the same key in two processes is done by one of them, as often as they meet', async () => {
    const scope = await knownTenant();
    const names = Array.from({ length: 20 }, (_, place) => `raced ${String(place).padStart(2, '0')}`);
    const outcomes = await Promise.all(
      names.map((name) =>
        Promise.allSettled([answer(scope, name, `${name} here`), answer(scope, name, `${name} there`, other)]),
      ),
    );
    expect(outcomes.map((of) => of.filter(isTaken).length)).toEqual(names.map(() => 1));
    const done = outcomes.flatMap((of) => of.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))).sort();
    expect([await answersOf(scope), await targetsOf(scope)]).toEqual([done, done]);
  });

  it('work under a key that is outdated again and again is answered in a transaction of its own, once', async () => {
    const scope = await knownTenant();
    let attempts = 0;
    const commit = (result: string): Promise<string> =>
      database.commit(keyed(scope, 'outdated'), async () => {
        attempts += 1;
        const basis = await basisOf(scope);
        return work(result, attempts < 3 ? { ...basis, configVersion: 0 } : basis);
      });
    expect(await commit('once')).toBe('once');
    attempts = 0;
    await expect(commit('twice')).rejects.toThrow(KeyTaken);
    expect([await answersOf(scope), await targetsOf(scope)]).toEqual([['once'], ['once']]);
  });
});

describe('work that inserts rows and changes known ones', () => {
  /** @param believed for how many preparations the row is taken to be as it was written */
  const finishing = (scope: TenantScope, row: Note, { by = database, believed = 0 } = {}) => {
    let attempts = 0;
    return by.commit(scope, async () => {
      attempts += 1;
      const known = attempts > believed ? await by.read(scope, (view) => view.get(Note, { id: row.id })) : row;
      const moved = (now: number) => knownTransition(Note, known, noteLifecycle.event.finish, now);
      const result = attempts;
      return {
        basis: await basisOf(scope),
        changes: (now) => [moved(now).change],
        finish: () => ({ result, events: [noteEvents.finished(row.id)] }),
      };
    });
  };
  const stateOf = async (scope: TenantScope, { id }: Note) => {
    const { state, version } = await database.read(scope, (view) => view.get(Note, { id }));
    return [state, version];
  };

  it('work that inserts rows and changes known ones is planned together, and records what it did', async () => {
    const scope = await knownTenant();
    const known = await Promise.all(Array.from({ length: 12 }, () => sample.write(scope)));
    const added = Array.from({ length: 12 }, () => note({ tenantId: scope.tenantId, name: uuidv7(1) }));
    planned = [];
    await Promise.all([
      ...known.map((row) => finishing(scope, row)),
      ...added.map((row) =>
        database.commit(scope, async () => recording(scope, row.id, { inserts: [{ entity: Note, rows: [row] }] })),
      ),
    ]);
    expect(planned).toEqual(planned.map(() => true));
    expect(planned.length).toBeLessThan(8);
    for (const row of known) expect(await stateOf(scope, row)).toEqual(['done', 2]);
    for (const row of added) expect(await stateOf(scope, row)).toEqual(['open', 1]);
    const targets = await targetsOf(scope);
    for (const { id } of [...known, ...added]) expect(targets).toContain(id);
  });

  it('work that inserts more than a server takes in one packet is planned', async () => {
    const scope = await knownTenant();
    planned = [];
    const added = Array.from({ length: 20 }, (_, place) =>
      note({ tenantId: scope.tenantId, name: `large ${place}`, blob: Buffer.alloc(1_000_000, place) }),
    );
    const inserts = [{ entity: Note, rows: added }];
    await database.commit(scope, async () => recording(scope, 'large', { inserts }));
    expect(planned).toEqual([true]);
    for (const { id, blob } of added) {
      const row = await database.read(scope, (view) => view.get(Note, { id }));
      expect(row.blob!.equals(blob!)).toBe(true);
    }
  });

  /** Every kind of column changes, each row to values of its own, of which some are the same in several rows. */
  const changesOf = (rows: readonly Note[]) =>
    rows.map((row, place) => {
      const set = {
        name: `größer ${place}`,
        count: place,
        pinned: place % 2 === 0,
        labels: [`label ${place}`, '"'],
        blob: place % 3 === 0 ? null : Buffer.from([place, 0, 255]),
        readAt: place % 4 === 0 ? null : 1_795_867_200_000 + place,
        createdAt: 2,
      };
      return { change: knownChange(Note, row, set), row: { ...row, ...set, version: row.version + 1 } };
    });

  it.each(['a plan', 'a transaction'])('known rows that %s changes together have each their own values', async (by) => {
    const scope = await knownTenant();
    const written = await Promise.all(Array.from({ length: 23 }, () => sample.write(scope)));
    await database.transaction(scope, async (tx) => {
      for (const { id } of written.slice(0, 4)) await tx.update(Note, { id }, { count: 7 });
      tx.housekeeping('a test');
    });
    const known = await database.read(scope, (view) => view.find(Note, { id: In(written.map(({ id }) => id)) }));
    const changes = changesOf(known);
    steps = [];
    if (by === 'a plan') {
      await database.commit(scope, async () =>
        recording(scope, 'changed', { changes: () => changes.map(({ change }) => change) }),
      );
      // Those of another version are a statement of their own, and so are the last nine.
      expect(steps).toEqual([database.dialect.changesRowsTogether ? 3 : 23]);
    } else {
      const change = database.transaction(scope, async (tx) => {
        tx.housekeeping('a test');
        return tx.changeKnown(
          scope.tenantId,
          changes.map((one) => one.change),
        );
      });
      expect(await change).toBe(true);
    }
    const now = await database.read(scope, (view) => view.find(Note, { id: In(written.map(({ id }) => id)) }));
    const byId = (rows: readonly Note[]) => rows.toSorted((one, next) => (one.id < next.id ? -1 : 1));
    expect(byId(now)).toEqual(byId(changes.map(({ row }) => row)));
  });

  it('work that changes a row which another process has changed is prepared again, and what shares its transaction is done', async () => {
    const scope = await knownTenant();
    const [row, besides] = [await sample.write(scope), await sample.write(scope)];
    await other.transaction(scope, async (tx) => {
      await tx.update(Note, { id: row.id }, { count: 0, name: 'renamed' });
      tx.housekeeping('a test');
    });
    const before = (await eventsOf(scope)).length;
    // How often each was prepared.
    expect(await Promise.all([finishing(scope, row, { believed: 1 }), finishing(scope, besides)])).toEqual([2, 1]);
    expect([await stateOf(scope, row), await stateOf(scope, besides)]).toEqual([
      ['done', 3],
      ['done', 2],
    ]);
    expect(await eventsOf(scope)).toHaveLength(before + 2);
  });

  it('work of which one is done changes a known row once, in one process and in two, as often as they meet', async () => {
    const scope = await knownTenant();
    const rows = await Promise.all(Array.from({ length: 10 }, () => sample.write(scope)));
    const before = (await eventsOf(scope)).length;
    const outcomes = await Promise.all(
      rows.map((row) =>
        Promise.allSettled([finishing(scope, row), finishing(scope, row), finishing(scope, row, { by: other })]),
      ),
    );
    const refused = expect.objectContaining({ code: 'WRONG_STATE' }) as unknown;
    for (const of of outcomes) {
      expect(of.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))).toEqual([
        refused,
        refused,
      ]);
    }
    for (const row of rows) expect(await stateOf(scope, row)).toEqual(['done', 2]);
    expect(await eventsOf(scope)).toHaveLength(before + rows.length);
  });

  it('work of one tenant neither changes nor inserts the row of another', async () => {
    const [scope, foreign] = [await knownTenant(), await knownTenant()];
    const row = await sample.write(foreign);
    const change = knownTransition(Note, row, noteLifecycle.event.finish, 1).change;
    const changing = database.commit(scope, async () => recording(scope, 'foreign', { changes: () => [change] }));
    await expect(changing).rejects.toThrow(expect.objectContaining({ code: 'BUSY' }));
    const inserts = [{ entity: Note, rows: [note({ tenantId: foreign.tenantId, name: 'foreign' })] }];
    const inserting = database.commit(scope, async () => recording(scope, 'foreign', { inserts }));
    await expect(inserting).rejects.toThrow(TransactionMisuse);
    expect([await stateOf(foreign, row), await eventsOf(scope)]).toEqual([['open', 1], []]);
  });
});
