import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { TenantScope } from '#core';
import type { Database, PreparedWork, SharedStep, Tx } from '#database';

import { AuditEvent } from '../../../libs/audit/audit-event.entity.js';
import { HistorySize } from '../../../libs/audit/log.entities.js';
import { RaisedInstants } from '../../../libs/database/prepared-work.js';
import { testServerUrl } from '../../support/database.js';
import { recordEvents } from '../../support/history.js';
import { Note, type Sample, noteEvents, openAgain, openSample, sampleEntities, tenantScope } from './sample.js';

/** How long a transaction that holds its first row waits for the other one to hold one, too. */
const MEETING_MILLISECONDS = 300;

/** Lets two transactions go on once each of them holds a row, or one of them waits for the other. */
class Meeting {
  #holding = 0;
  readonly #both = Promise.withResolvers<void>();

  async hold(): Promise<void> {
    this.#holding += 1;
    if (this.#holding === 2) this.#both.resolve();
    await Promise.race([this.#both.promise, delay(MEETING_MILLISECONDS)]);
  }
}

/** Locks a row and counts in it. */
class Counting implements SharedStep<string> {
  /** How often it ran: more often than it was asked where the database chose its transaction as the loser of a deadlock. */
  runs = 0;

  constructor(
    readonly name: SharedStep<string>['name'],
    private readonly meeting: Meeting,
  ) {}

  async run(tx: Tx, ids: readonly string[]): Promise<undefined[]> {
    this.runs += 1;
    const rows = await tx.lockAll(Note, [...new Set(ids)]);
    await this.meeting.hold();
    await tx.rewrite(
      Note,
      [...rows.values()].map((row) => ({ ...row, count: row.count + 1 })),
    );
    return ids.map(() => undefined);
  }
}

// On SQLite a transaction excludes all others, so that none waits for a row.
describe.skipIf(testServerUrl === undefined)('two instances that want the same rows', () => {
  let sample: Sample;
  let instances: readonly [Database, Database];
  let scope: TenantScope;
  let notes: readonly [string, string];
  let steps: readonly [Counting, Counting];

  beforeAll(async () => {
    const configurations = async (_: unknown, tenantIds: readonly string[]) => new Map(tenantIds.map((id) => [id, 1]));
    sample = await openSample({ configurations });
    const entities = [...sampleEntities, AuditEvent, HistorySize];
    instances = [sample.database, await openAgain(sample, { configurations, recorder: recordEvents, entities })];
  });
  afterAll(async () => {
    await instances[1].close();
    await sample.drop();
  });
  beforeEach(async () => {
    scope = tenantScope();
    notes = [(await sample.write(scope)).id, (await sample.write(scope)).id];
    const meeting = new Meeting();
    steps = [new Counting('tokens', meeting), new Counting('license-updates', meeting)];
  });

  const counts = (): Promise<number[]> =>
    sample.database.read(scope, async (view) => {
      const rows = await view.find(Note, {}, { order: { id: 'ASC' } });
      return rows.map(({ count }) => count);
    });

  it('groups of two instances with the same steps in opposite orders of their requests do not wait for each other', async () => {
    const asking = (database: Database, place: 0 | 1): Promise<string> =>
      database.commit(scope, async (): Promise<PreparedWork<string>> => ({
        basis: { configVersion: 1, from: -Infinity, until: Infinity },
        shared: { step: steps[place], item: notes[place] },
        finish: () => ({ result: 'done', events: [noteEvents.changed(notes[place])] }),
      }));
    const [one, other] = instances;
    const orders = [
      [one, 0],
      [one, 1],
      [other, 1],
      [other, 0],
    ] as const;
    await Promise.all(orders.map(([database, place]) => asking(database, place)));
    expect([steps[0].runs + steps[1].runs, await counts()]).toEqual([4, [2, 2]]);
  });

  it('negative control: transactions that take the same rows in opposite orders wait for each other, and one is repeated', async () => {
    const inOrder = (database: Database, places: readonly (0 | 1)[]): Promise<void> =>
      database.transaction(scope, async (tx) => {
        for (const place of places) await steps[place].run(tx, [notes[place]]);
        tx.record(noteEvents.changed(notes[0]));
      });
    await Promise.all([inOrder(instances[0], [0, 1]), inOrder(instances[1], [1, 0])]);
    expect(await counts()).toEqual([2, 2]);
    expect(steps[0].runs + steps[1].runs).toBeGreaterThan(4);
  });
});

describe('instants that several requests raise', () => {
  it('instants that several requests raise are raised in one order of their rows, each once', () => {
    const raised = (id: string, to: number) => ({ entity: Note, id, column: 'readAt', to });
    const wanted = [raised('b', 1), raised('a', 1), raised('b', 2)];
    expect(new RaisedInstants().pending(wanted)).toEqual([raised('a', 1), raised('b', 2)]);
  });
});
