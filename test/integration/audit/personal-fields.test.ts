import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type HistoryEntry, MonthKeys, eraseMonth, eventRecorder } from '#audit';
import { DAY, ManualClock, type TenantScope, defineEvents, platformScope, systemOrigin } from '#core';
import { uuidv7 } from '#crypto';

import { withCode } from '../../support/errors.js';
import { type KeyedHistory, openKeyedHistory } from '../../support/keyed-history.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';

const memberEvents = defineEvents('member', { added: '' });
const SYSTEM = platformScope(systemOrigin('test'));
const ANN = 'ann@example.com';
const ADDRESS = '192.0.2.1';
const JANUARY = '2026-01';

let clock: ManualClock;
let opened: KeyedHistory;
let plain: DataSource;
beforeAll(async () => {
  clock = new ManualClock();
  opened = await openKeyedHistory(clock);
  plain = await openPlainDataSource(opened.url);
});
afterAll(async () => {
  await plain.destroy();
  await opened.drop();
});

const tenantScope = (): TenantScope => ({
  actor: { type: 'user', id: 'ann', name: ANN, role: 'owner' },
  requestId: 'request-ann',
  sourceAddress: ADDRESS,
  tenantId: uuidv7(1),
});

const record = (scope: TenantScope, target: string): Promise<void> =>
  opened.database.transaction(scope, async (tx) =>
    tx.record(memberEvents.added(target, { after: { email: 'bob@example.com', role: 'auditor' } })),
  );

const erase = (tenantId: string, month = JANUARY) =>
  opened.database.platform(SYSTEM, (tx) => eraseMonth(tx, tenantId, month, { minimumDays: 1, cause: 'request' }));

const entries = async (scope: TenantScope): Promise<HistoryEntry[]> => [
  ...(await opened.history.list(scope, { order: 'asc' }, {})).items,
];

const found = async (scope: TenantScope, filter: object, limit?: number): Promise<string[]> => {
  const targets: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await opened.history.list(scope, filter, { limit, cursor });
    targets.push(...page.items.map(({ target }) => target.id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return targets;
};

/** Everything that the database has of one history, as text. */
async function stored({ tenantId }: TenantScope): Promise<string> {
  const rows: unknown = await plain.query(`SELECT * FROM audit_events WHERE tenantId = '${tenantId}'`);
  return JSON.stringify(rows);
}

describe('personal fields', () => {
  it('personal fields are shown in their places, and the database holds none of them', async () => {
    const scope = tenantScope();
    await record(scope, 'bob');
    expect(await entries(scope)).toMatchObject([
      { actor: { name: ANN }, sourceAddress: ADDRESS, after: { email: 'bob@example.com', role: 'auditor' } },
    ]);
    const text = await stored(scope);
    for (const value of [ANN, ADDRESS, 'bob@example.com']) expect(text).not.toContain(value);
    expect(text).toContain('auditor');
  });

  it('personal fields are erased with the key of their month, and those of another month stay', async () => {
    const scope = tenantScope();
    await record(scope, 'january');
    clock.advance(40 * DAY);
    await record(scope, 'february');
    await erase(scope.tenantId);
    const [january, february] = await entries(scope);
    expect(january).toMatchObject({
      erased: true,
      actor: { id: 'ann', name: null },
      sourceAddress: null,
      after: { email: null, role: 'auditor' },
    });
    expect(february).toMatchObject({ actor: { name: ANN }, sourceAddress: ADDRESS });
    expect(february).not.toHaveProperty('erased');
    expect(await found(scope, { actorEmail: ANN })).toEqual(['february']);
    expect(await found(scope, { actor: 'ann' })).toEqual(['february', 'january']);
    clock.advance(-40 * DAY);
  });

  it('personal fields that somebody changed, or moved to another event, are shown as altered', async () => {
    const scope = tenantScope();
    for (const target of ['one', 'other', 'third']) await record(scope, target);
    const of = (sequence: number) => `tenantId = '${scope.tenantId}' AND sequence = ${sequence}`;
    const [row] = await plain.query<{ personal: Buffer }[]>(`SELECT personal FROM audit_events WHERE ${of(1)}`);
    const changed = Buffer.from(row!.personal);
    changed[changed.length - 1]! ^= 1;
    await plain.query(`UPDATE audit_events SET personal = ? WHERE ${of(0)}`, [row!.personal]);
    await plain.query(`UPDATE audit_events SET personal = ? WHERE ${of(1)}`, [changed]);
    const [moved, edited, third] = await entries(scope);
    for (const event of [moved, edited]) expect(event).toMatchObject({ altered: true, actor: { name: null } });
    expect(third).toMatchObject({ actor: { name: ANN } });
  });

  it.each([
    ['the personal part', 'UPDATE audit_events SET personal = NULL'],
    ['the key of the month', 'UPDATE history_months SET sealedKey = NULL'],
    ['the month', 'DELETE FROM history_months'],
  ])(
    'personal fields are altered, not erased, where somebody removed %s from the database',
    async (_what, statement) => {
      const scope = tenantScope();
      await record(scope, 'bob');
      await plain.query(`${statement} WHERE tenantId = '${scope.tenantId}'`);
      const [event] = await entries(scope);
      expect(event).toMatchObject({ altered: true, actor: { name: null } });
      expect(event).not.toHaveProperty('erased');
    },
  );

  it('personal fields are recorded as erased where the tenant has no data key any more, and the event is there', async () => {
    const scope = tenantScope();
    await record(scope, 'before');
    await opened.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('test');
      await opened.vault.destroyDataKeys(tx, scope.tenantId);
    });
    const restarted = eventRecorder(() => new MonthKeys(opened.vault));
    await opened.database.transaction(scope, async (tx) => {
      tx.housekeeping('recorded by another instance');
      await restarted(tx, [{ scope, events: [memberEvents.added('after')] }]);
    });
    expect((await entries(scope)).map(({ target, erased }) => [target.id, erased])).toEqual([
      ['before', true],
      ['after', true],
    ]);
  });
});

describe('the key of a month', () => {
  it('the key of a month that was made by a transaction that failed is not used by the next one', async () => {
    const scope = tenantScope();
    const failing = opened.database.transaction(scope, async (tx) => {
      tx.record(memberEvents.added('lost'));
      Object.defineProperty(tx, 'appendNumbered', { value: () => Promise.reject(new Error('roll back')) });
    });
    await expect(failing).rejects.toThrow('roll back');
    await opened.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('the helper made it in the transaction that failed');
      await opened.vault.addDataKey(tx, scope.tenantId, 1);
    });
    await record(scope, 'kept');
    await record(scope, 'kept too');
    expect((await entries(scope)).map(({ actor }) => actor.name)).toEqual([ANN, ANN]);
  });

  it('the key of a month is one, however many instances record the first events of the month', async () => {
    const scope = tenantScope();
    await opened.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('test');
      await opened.vault.addDataKey(tx, scope.tenantId, 1);
    });
    const instances = Array.from({ length: 6 }, () => new MonthKeys(opened.vault));
    await Promise.all(
      instances.map((keys, index) =>
        opened.database.transaction(scope, async (tx) => {
          tx.housekeeping('recorded by another instance');
          const draft = memberEvents.added(`member-${index}`);
          await eventRecorder(() => keys)(tx, [{ scope, events: [draft] }]);
        }),
      ),
    );
    expect((await entries(scope)).map(({ actor }) => actor.name)).toEqual(Array.from(instances, () => ANN));
    const months: unknown[] = await plain.query(`SELECT id FROM history_months WHERE tenantId = '${scope.tenantId}'`);
    expect(months).toHaveLength(1);
  });

  it('the key of a month is not destroyed while the month runs, nor before it has ended for long enough', async () => {
    const scope = tenantScope();
    await record(scope, 'bob');
    await expect(erase(scope.tenantId)).rejects.toThrow(withCode('MONTH_NOT_ERASABLE'));
    clock.advance(31 * DAY);
    await expect(erase(scope.tenantId)).rejects.toThrow(withCode('MONTH_NOT_ERASABLE'));
    clock.advance(DAY);
    await erase(scope.tenantId);
    // Again, and nothing is recorded: it is erased already.
    await erase(scope.tenantId);
    expect((await entries(scope)).map(({ action }) => action)).toEqual(['member.added', 'history.month_erased']);
    clock.advance(-32 * DAY);
  });

  it('the key of a month that is erased is not made again where the clock was set back into it', async () => {
    const scope = tenantScope();
    await record(scope, 'bob');
    clock.advance(33 * DAY);
    await record(scope, 'february');
    await erase(scope.tenantId);
    clock.advance(-33 * DAY);
    await record(scope, 'late');
    const late = (await opened.history.list(scope, { targetId: 'late' }, {})).items[0];
    expect(late).toMatchObject({ erased: true, actor: { id: 'ann', name: null } });
  });
});

describe('events that are found by what is personal', () => {
  it('events are found across months, in both directions, page by page, with those of the first format', async () => {
    const scope = tenantScope();
    const { tenantId } = scope;
    await record(scope, 'e1');
    await record(scope, 'e2');
    clock.advance(31 * DAY);
    await record(scope, 'e3');
    clock.advance(59 * DAY);
    await record(scope, 'e4');
    // As an earlier version recorded it: the address itself is in the columns and in the entry.
    const canonical = JSON.stringify({
      actor: { id: 'ann', name: ANN, type: 'user' },
      action: 'member.added',
      target: { id: 'e0', type: 'member' },
      sourceAddress: ADDRESS,
    });
    await plain.query(
      `INSERT INTO audit_events (id, tenantId, sequence, occurredAt, actorType, actorId, actorName, sourceAddress, action,
         targetType, targetId, outcome, requestId, canonical, leafHash)
       VALUES (?, ?, 100, ?, 'user', 'ann', ?, ?, 'member.added', 'member', 'e0', 'success', 'r', ?, 'x')`,
      [uuidv7(1), tenantId, clock.now() - 100 * DAY, ANN, ADDRESS, canonical],
    );
    const oldest = ['e0', 'e1', 'e2', 'e3', 'e4'];
    for (const filter of [
      { actorEmail: ANN },
      { sourceAddress: ADDRESS },
      { actorEmail: ANN, sourceAddress: ADDRESS },
    ]) {
      for (const limit of [1, 2, 3, 5, 200]) {
        expect(await found(scope, { ...filter, order: 'asc' }, limit)).toEqual(oldest);
        expect(await found(scope, filter, limit)).toEqual(oldest.toReversed());
      }
    }
    const period = { from: clock.now() - 70 * DAY, to: clock.now() };
    expect(await found(scope, { actorEmail: ANN, ...period })).toEqual(['e3']);
    expect(await found(scope, { actorEmail: 'bob@example.com' })).toEqual([]);
    expect(await found(scope, { actorEmail: ANN, action: ['member.added', 'member.removed'] }, 2)).toEqual(
      oldest.toReversed(),
    );
    clock.advance(-90 * DAY);
  });

  it.each(['asc', 'desc'] as const)(
    'events are found by many conditions over years in requests of bounded work, in between of which others continue: %s',
    async (order) => {
      const scope = tenantScope();
      const months = 24;
      for (let month = 0; month < months; month += 1) {
        await record(scope, `m${month}`);
        clock.advance(31 * DAY);
      }
      const actions = Array.from({ length: 49 }, (_, number) => `member.other_${number}`);
      const filter = { actorEmail: ANN, sourceAddress: ADDRESS, action: ['member.added', ...actions], order };
      let turns = 0;
      let waiting = setImmediate(function turn() {
        turns += 1;
        waiting = setImmediate(turn);
      });
      const pages: string[][] = [];
      let cursor: string | undefined;
      do {
        const page = await opened.history.list(scope, filter, { limit: 200, cursor });
        pages.push(page.items.map(({ target }) => target.id));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      clearImmediate(waiting);
      const oldest = Array.from({ length: months }, (_, month) => `m${month}`);
      expect(pages.flat()).toEqual(order === 'asc' ? oldest : oldest.toReversed());
      expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(3);
      expect(turns).toBeGreaterThan(months / 2);
      expect(await found(scope, { ...filter, action: 'member.added' }, 5)).toEqual(pages.flat());
      clock.advance(-months * 31 * DAY);
    },
  );
});
