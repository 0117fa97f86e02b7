import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { TenantScope } from '#core';
import { uuidv7 } from '#crypto';
import { type Database, In, Not, TransactionMisuse, type Tx, type View, type Where } from '#database';

import { withCode } from '../../support/errors.js';
import { Gauge, Note, type Sample, note, noteLifecycle, openSample, platform, tenantScope } from './sample.js';

let sample: Sample;
let database: Database;
let mine: TenantScope;
let theirs: TenantScope;
let own: Note;
let foreign: Note;

beforeAll(async () => {
  sample = await openSample();
  ({ database } = sample);
  [mine, theirs] = [tenantScope(), tenantScope()];
  own = await sample.write(mine, { name: 'own' });
  foreign = await sample.write(theirs, { name: 'foreign' });
});
afterAll(() => sample.drop());

/** Work in my tenant, taken back at the end. */
async function trying<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  let result: T;
  const undone = new Error('undone');
  await database
    .transaction(mine, async (tx) => {
      result = await work(tx);
      throw undone;
    })
    .catch((error: unknown) => {
      if (error !== undone) throw error;
    });
  return result!;
}

/** Every way to name another tenant's row. */
const namings: [string, () => Where<Note>][] = [
  ['its id', () => ({ id: foreign.id })],
  ['its id and tenant', () => ({ id: foreign.id, tenantId: theirs.tenantId })],
  ['its tenant', () => ({ tenantId: theirs.tenantId })],
  ['its name', () => ({ name: 'foreign' })],
  ['both tenants', () => ({ id: foreign.id, tenantId: In([mine.tenantId, theirs.tenantId]) })],
  ['not its own tenant', () => ({ tenantId: Not(mine.tenantId) })],
  ['alternatives', () => [{ id: foreign.id }, { tenantId: theirs.tenantId }]],
];

describe.each(namings)("another tenant's row, named by %s", (name, where) => {
  it.each<[string, (view: View) => Promise<unknown>, unknown]>([
    ['find', (view) => view.find(Note, where()), []],
    ['findOne', (view) => view.findOne(Note, where()), null],
    ['texts', (view) => view.texts(Note, where(), 'name', 'id'), []],
    ['exists', (view) => view.exists(Note, where()), false],
    ['count', (view) => view.count(Note, where()), 0],
    ['page', (view) => view.page(Note, where(), [['id', 'ASC']], {}), { items: [], nextCursor: null }],
  ])(`another tenant's row, named by ${name}, is not seen by %s`, async (_method, read, nothing) => {
    expect(await database.read(mine, read)).toEqual(nothing);
    expect(await trying(read)).toEqual(nothing);
  });

  it.each<[string, (tx: Tx) => Promise<unknown>]>([
    ['update', (tx) => tx.update(Note, where(), { count: 9 })],
    ['increment', (tx) => tx.increment(Note, where(), 'count')],
    ['delete', (tx) => tx.delete(Note, where())],
  ])(`another tenant's row, named by ${name}, is not touched by %s`, async (_method, write) => {
    expect(await trying(write)).toBe(0);
  });

  it.each<[string, (tx: Tx) => Promise<unknown>]>([
    ['get', (tx) => tx.get(Note, where())],
    ['lock', (tx) => tx.lock(Note, where())],
  ])(`another tenant's row, named by ${name}, does not exist for %s`, async (_method, take) => {
    await expect(trying(take)).rejects.toThrow(withCode('NOT_FOUND'));
  });
});

describe("another tenant's row", () => {
  it("another tenant's row cannot be moved along its lifecycle, nor changed by a copy of it", async () => {
    const finish = (tx: Tx): Promise<Note> => tx.transition(Note, foreign, noteLifecycle.event.finish);
    await expect(trying(finish)).rejects.toThrow(withCode('NOT_FOUND'));
    const change = (tx: Tx): Promise<Note> => tx.change(Note, foreign, { count: 9 });
    await expect(trying(change)).rejects.toThrow(withCode('PRECONDITION_FAILED'));
  });

  it("another tenant's row cannot be planted, taken over or given away", async () => {
    const planted = note({ tenantId: theirs.tenantId, name: 'planted' });
    const tenantIds = await trying(async (tx) => {
      await tx.insert(Note, [planted]);
      await tx.insertIfAbsent(Note, { ...planted, id: uuidv7(1), name: 'planted too' });
      return (await tx.find(Note, {})).map(({ tenantId }) => tenantId);
    });
    expect(tenantIds).toEqual([mine.tenantId, mine.tenantId, mine.tenantId]);
    const give = { tenantId: theirs.tenantId };
    await expect(trying((tx) => tx.update(Note, { id: own.id }, give))).rejects.toThrow(TransactionMisuse);
    await expect(trying((tx) => tx.change(Note, own, give))).rejects.toThrow(TransactionMisuse);
    expect(await trying((tx) => tx.update(Note, { id: own.id }, { tenantId: mine.tenantId }))).toBe(1);
  });

  it("another tenant's row is not among the ends that a tenant sees, and is among those of the installation", async () => {
    const scopes = Array.from({ length: 4 }, () => tenantScope());
    for (const scope of scopes) await sample.write(scope, { name: 'known to many' });
    const names = ['known to many', 'own', 'known to none'];
    const [one] = scopes as [TenantScope];
    const ends = (view: View) => view.firstAndLast(Note, 'name', names, 'tenantId');
    const inOrder = scopes.map(({ tenantId }) => tenantId).sort();
    const only = ({ tenantId }: TenantScope) => ({ first: tenantId, last: tenantId });
    const [seen, known] = [await database.read(one, ends), await database.readPlatform(platform, ends)];
    expect(Object.fromEntries(seen)).toEqual({ 'known to many': only(one) });
    const all = { first: inOrder[0]!, last: inOrder.at(-1)! };
    expect(Object.fromEntries(known)).toEqual({ 'known to many': all, own: only(mine) });
    expect(await database.read(mine, (view) => view.firstAndLast(Note, 'name', [], 'tenantId'))).toEqual(new Map());
  });

  it("another tenant's row is reached by platform work only", async () => {
    const found = await database.readPlatform(platform, (view) => view.find(Note, { name: In(['own', 'foreign']) }));
    expect(found).toHaveLength(2);
    const names = async (scope: TenantScope): Promise<string[]> =>
      (await database.read(scope, (view) => view.find(Note))).map(({ name }) => name);
    expect([await names(mine), await names(theirs)]).toEqual([['own'], ['foreign']]);
  });

  it("another tenant's row has a history that only platform work may name", async () => {
    const event = {
      action: 'a',
      targetType: 't',
      targetId: 'i',
      outcome: 'success',
      tenantId: theirs.tenantId,
    } as const;
    await expect(trying(async (tx) => tx.record(event))).rejects.toThrow(TransactionMisuse);
    await expect(trying(async (tx) => tx.installation.record(event))).rejects.toThrow(TransactionMisuse);
  });
});

describe('a condition that names nothing', () => {
  const absent = undefined as unknown as string;
  const nothing = null as unknown as string;

  it.each<[string, Where<Note>]>([
    ['no column', {}],
    ['no alternative', []],
    ['an alternative without a column', [{ name: 'own' }, {}]],
    ['undefined', { id: absent }],
    ['undefined beside a value', { name: 'own', id: absent }],
    ['null', { id: nothing }],
  ])(
    'a condition that names nothing because it holds %s is rejected by everything that takes one row or changes rows',
    async (_name, where) => {
      const calls: ((tx: Tx) => Promise<unknown>)[] = [
        (tx) => tx.findOne(Note, where),
        (tx) => tx.get(Note, where),
        (tx) => tx.lock(Note, where),
        (tx) => tx.exists(Note, where),
        (tx) => tx.count(Note, where),
        (tx) => tx.update(Note, where, { count: 9 }),
        (tx) => tx.increment(Note, where, 'count'),
        (tx) => tx.delete(Note, where),
      ];
      for (const call of calls) await expect(trying(call)).rejects.toThrow(TransactionMisuse);
    },
  );

  it.each<[string, Where<Note>]>([
    ['no alternative', []],
    ['undefined', { id: absent }],
    ['null', [{ id: nothing }]],
  ])(
    'a condition that names nothing because it holds %s is rejected by lists, which take the empty one as all of the tenant',
    async (_name, where) => {
      await expect(trying((tx) => tx.find(Note, where))).rejects.toThrow(TransactionMisuse);
      await expect(trying((tx) => tx.page(Note, where, [['id', 'ASC']], {}))).rejects.toThrow(TransactionMisuse);
      expect(await trying((tx) => tx.find(Note, {}))).toHaveLength(1);
    },
  );
});

describe('rows of the installation', () => {
  it.each<[string, (tx: Tx) => Promise<unknown>]>([
    ['find', (tx) => tx.find(Gauge)],
    ['get', (tx) => tx.get(Gauge, { name: 'x' })],
    ['texts', (tx) => tx.texts(Gauge, {}, 'name', 'name')],
    ['raise', (tx) => tx.raise({ entity: Gauge, id: 'x', column: 'reading', to: 1 })],
    ['page', (tx) => tx.page(Gauge, {}, [['name', 'ASC']], {})],
    ['insert', (tx) => tx.insert(Gauge, { name: 'x', reading: 1 })],
    ['insertIfAbsent', (tx) => tx.insertIfAbsent(Gauge, { name: 'x', reading: 1 })],
    ['update', (tx) => tx.update(Gauge, { name: 'x' }, { reading: 1 })],
    ['delete', (tx) => tx.delete(Gauge, { name: 'x' })],
  ])("rows of the installation are out of reach of a tenant's %s", async (_method, call) => {
    await expect(trying(call)).rejects.toThrow('tx.installation');
  });

  it('rows of the installation are reached by tx.installation, which reaches nothing else', async () => {
    await trying(async ({ installation }) => {
      await installation.insert(Gauge, { name: 'x', reading: 1 });
      expect(await installation.get(Gauge, { name: 'x' })).toEqual({ name: 'x', reading: 1 });
      await expect(installation.find(Note)).rejects.toThrow('belongs to a tenant');
      await expect(installation.insert(Note, note())).rejects.toThrow('belongs to a tenant');
      await expect(installation.update(Note, { id: own.id }, { count: 9 })).rejects.toThrow('belongs to a tenant');
    });
  });

  it('rows of the installation need no detour in platform work', async () => {
    await database.platform(platform, async (tx) => {
      tx.housekeeping('test');
      await tx.insert(Gauge, { name: 'platform', reading: 1 });
    });
    expect(await database.readPlatform(platform, (view) => view.count(Gauge, { name: 'platform' }))).toBe(1);
  });
});
