import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type EventDraft, ManualClock, SECOND, type TenantScope, defineLifecycle } from '#core';
import { uuidv7 } from '#crypto';
import { Database, TransactionMisuse, type Tx } from '#database';

import { withCode } from '../../support/errors.js';
import { Gauge, Note, type Sample, note, noteLifecycle, openSample, sampleEntities, tenantScope } from './sample.js';

const { finish, delete: remove } = noteLifecycle.event;

let sample: Sample;
let database: Database;
let events: EventDraft[] = [];
beforeAll(async () => {
  sample = await openSample();
  const { url, clock } = sample;
  database = await Database.open({
    url,
    clock,
    entities: sampleEntities,
    recorder: async (_, works) => void (events = works.flatMap((work) => work.events)),
  });
});
afterAll(async () => {
  await database.close();
  await sample.drop();
});

const stored = (scope: TenantScope, id: string): Promise<Note> =>
  database.read(scope, (view) => view.get(Note, { id }));
const changing = <T>(scope: TenantScope, work: (tx: Tx) => Promise<T>): Promise<T> => {
  events = [];
  return database.transaction(scope, async (tx) => {
    tx.housekeeping('a test');
    return work(tx);
  });
};

describe('a state', () => {
  it.each<[string, (tx: Tx, row: Note) => Promise<unknown>]>([
    ['update', (tx, { id }) => tx.update(Note, { id }, { count: 1, state: 'done' } as object)],
    ['note', (tx, { id }) => tx.note(Note, { id }, { state: 'done' } as object)],
    ['change', (tx, row) => tx.change(Note, row, { state: 'done' } as object)],
    ['insert', (tx) => tx.insert(Note, note({ state: 'done' }))],
    ['insertIfAbsent', (tx) => tx.insertIfAbsent(Note, note({ state: 'deleted' }))],
  ])('a state is written by the lifecycle only, not by %s', async (_method, write) => {
    const scope = tenantScope();
    const row = await sample.write(scope);
    await expect(changing(scope, (tx) => write(tx, row))).rejects.toThrow(TransactionMisuse);
    expect(await stored(scope, row.id)).toMatchObject({ state: 'open', count: 0, version: 1 });
  });

  it('a state beside the lifecycle is an error of types, too', () => {
    const write = (tx: Tx): unknown[] => [
      // @ts-expect-error the type of a change has no state
      tx.update(Note, { id: '1' }, { state: 'done' }),
      // @ts-expect-error nor does the type of what a transition sets
      tx.transition(Note, note(), finish, { set: { state: 'done' } }),
      // @ts-expect-error rows without a state have no transitions
      tx.transition(Gauge, { name: 'x', reading: 1 }, finish),
    ];
    expect(write).toBeInstanceOf(Function);
  });

  it('a state changes by the events of its own lifecycle only', async () => {
    const scope = tenantScope();
    const row = await sample.write(scope);
    const { event } = defineLifecycle({
      noun: 'other',
      states: ['open', 'done', 'deleted'],
      initial: ['open'],
      live: ['open'],
      events: { finish: { from: ['open'], to: 'done', done: 'finished', records: null } },
    });
    await expect(changing(scope, (tx) => tx.transition(Note, row, event.finish))).rejects.toThrow(TransactionMisuse);
  });
});

describe('a transition', () => {
  it('a transition sets the columns of its row and those of the use-case, and records the event of the table', async () => {
    const scope = tenantScope();
    const row = await sample.write(scope, { name: 'chores' });
    const addition = { set: { pinned: true }, content: { details: { by: 'me' } } };
    const moved = await changing(scope, (tx) => tx.transition(Note, row, finish, addition));
    expect(moved).toMatchObject({ state: 'done', readAt: sample.clock.now(), pinned: true, version: 2 });
    expect(moved).toEqual(await stored(scope, row.id));
    const details = { name: 'chores', by: 'me' };
    expect(events).toEqual([
      { action: 'note.finished', targetType: 'note', targetId: row.id, outcome: 'success', details },
    ]);
  });

  it('a transition that the lifecycle accepts again changes and records nothing', async () => {
    const scope = tenantScope();
    const row = await sample.write(scope);
    const deleted = await changing(scope, (tx) => tx.transition(Note, row, remove));
    expect(await changing(scope, (tx) => tx.transition(Note, deleted, remove))).toBe(deleted);
    expect(events).toEqual([]);
    expect(await stored(scope, row.id)).toMatchObject({ version: 2 });
    const finished = changing(scope, (tx) => tx.transition(Note, deleted, finish));
    await expect(finished).rejects.toThrow('A note that is deleted cannot be finished');
  });

  it('a transition goes by the state that counts now, not by the recorded one', async () => {
    const scope = tenantScope();
    const row = await sample.write(scope, { count: sample.clock.now() / SECOND });
    const finished = changing(scope, (tx) => tx.transition(Note, row, finish));
    await expect(finished).rejects.toThrow('A note that is deleted cannot be finished');
  });

  it('a transition of a row that another transaction moved meanwhile is rejected', async () => {
    const scope = tenantScope();
    const row = await sample.write(scope);
    await changing(scope, (tx) => tx.transition(Note, row, finish));
    await expect(changing(scope, (tx) => tx.transition(Note, row, finish))).rejects.toThrow(withCode('WRONG_STATE'));
  });
});

describe('a transition of many rows', () => {
  it('a transition of 1,203 rows moves those that the event leads from, with one event for each', async () => {
    const scope = tenantScope();
    await changing(scope, async (tx) => {
      const rows = Array.from({ length: 1_204 }, (_, n) => note({ id: uuidv7(1), name: `${n}`, pinned: n > 0 }));
      for (let start = 0; start < rows.length; start += 200) await tx.insert(Note, rows.slice(start, start + 200));
    });
    const [done] = await database.read(scope, (view) => view.find(Note, { name: '3' }));
    await changing(scope, (tx) => tx.transition(Note, done!, finish));
    const moved = await changing(scope, (tx) => tx.transitionAll(Note, { pinned: true }, finish));
    expect(moved).toBe(1_202);
    expect(events.map(({ action }) => action)).toEqual(Array.from({ length: 1_202 }, () => 'note.finished'));
    expect(new Set(events.map(({ targetId }) => targetId)).size).toBe(1_202);
    const open = await database.read(scope, (view) => view.find(Note, { state: 'open' }));
    expect(open.map(({ name }) => name)).toEqual(['0']);
  });

  it('a transition of many rows may say more about each', async () => {
    const scope = tenantScope();
    for (const name of ['a', 'b']) await sample.write(scope, { name });
    const more = ({ name }: Note) => ({ set: { pinned: name === 'b' }, content: { details: { was: name } } });
    await changing(scope, (tx) => tx.transitionAll(Note, { state: 'open' }, remove, more));
    const rows = await database.read(scope, (view) => view.find(Note, {}, { order: { name: 'ASC' } }));
    expect(rows.map(({ state, pinned }) => [state, pinned])).toEqual([
      ['deleted', false],
      ['deleted', true],
    ]);
    expect(events.map(({ details }) => details)).toEqual([
      { name: 'a', was: 'a' },
      { name: 'b', was: 'b' },
    ]);
  });
});

describe('what is due', () => {
  it('what is due is recorded once, with the event of the table', async () => {
    const scope = tenantScope();
    const row = await sample.write(scope, { count: sample.clock.now() / SECOND });
    const apply = async (tx: Tx): Promise<Note> => tx.applyDue(Note, await tx.lock(Note, { id: row.id }));
    expect(await changing(scope, apply)).toMatchObject({ state: 'deleted', version: 2 });
    expect(events.map(({ action }) => action)).toEqual(['note.deleted']);
    expect(await changing(scope, apply)).toMatchObject({ state: 'deleted', version: 2 });
    expect(events).toEqual([]);
  });

  it('what is due tomorrow is left as it is', async () => {
    const scope = tenantScope();
    const row = await sample.write(scope, { count: sample.clock.now() / SECOND + 1 });
    expect(await changing(scope, (tx) => tx.applyDue(Note, row))).toBe(row);
    expect(events).toEqual([]);
  });

  it('what is due only by a time that is not confirmed, and cannot be taken back, is not recorded', async () => {
    const scope = tenantScope();
    const row = await sample.write(scope, { count: sample.clock.now() / SECOND + 1 });
    const ahead = { now: () => sample.clock.now() + 5 * SECOND, confirmed: () => sample.clock.now() };
    const clock = Object.assign(new ManualClock(sample.clock.now()), ahead);
    const jumped = await Database.open({
      url: sample.url,
      clock,
      entities: sampleEntities,
      recorder: async () => undefined,
    });
    try {
      const after = await jumped.transaction(scope, async (tx) => {
        tx.housekeeping('a test');
        return tx.applyDue(Note, row);
      });
      expect(after).toBe(row);
    } finally {
      await jumped.close();
    }
  });
});
