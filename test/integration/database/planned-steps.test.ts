import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type DomainError, type TenantScope, coreErrors } from '#core';
import { uuidv7 } from '#crypto';
import type {
  ConfigurationCheck,
  Database,
  EventRecorder,
  Outdated,
  PreparedWork,
  SharedStep,
  StepTx,
} from '#database';

import { AuditEvent } from '../../../libs/audit/audit-event.entity.js';
import { HistorySize } from '../../../libs/audit/log.entities.js';
import { PlannedTransaction } from '../../../libs/database/planned-transaction.js';
import { StepPlans } from '../../../libs/database/prepared-work.js';
import { withCode } from '../../support/errors.js';
import { recordEvents } from '../../support/history.js';
import {
  Gauge,
  Note,
  type Sample,
  note,
  noteEvents,
  openAgain,
  openSample,
  platform,
  sampleEntities,
  tenantScope,
} from './sample.js';

// Steps whose work is planned: what they read is committed, and what another instance changes before the plan is carried out
// must be found.

const configurations: ConfigurationCheck = (view, tenantIds) => view.holdNumbers(Note, tenantIds, 'count');
/** Whether each transaction that recorded was planned. */
let planned: boolean[] = [];
const recorder: EventRecorder = async (tx, works) => {
  planned.push(tx instanceof PlannedTransaction);
  await recordEvents(tx, works);
};

interface Item {
  /** Each counts one in this note, which is there. */
  readonly counted: string;
  /** And is a note of its own. */
  readonly id: string;
}

/** Counts, inserts, and is rejected where a gauge is there. */
class Counting implements SharedStep<Item> {
  readonly name = 'tokens';
  runs = 0;
  /** What another instance does when the step has read for the first time. */
  meanwhile: (() => Promise<unknown>) | undefined;

  constructor(private readonly gauge: string) {}

  plans(): boolean {
    return true;
  }

  async run(tx: StepTx, items: readonly Item[]): Promise<readonly (DomainError | Outdated | undefined)[]> {
    this.runs += 1;
    const rows = await tx.lockAll(Note, [...new Set(items.map(({ counted }) => counted))].sort());
    const isRefused = await tx.installation.exists(Gauge, { name: this.gauge });
    const meanwhile = this.meanwhile;
    this.meanwhile = undefined;
    await meanwhile?.();
    if (isRefused) return items.map(() => coreErrors.FORBIDDEN());
    const made = items.map(({ id }) => note({ id, name: id, tenantId: tx.scope.tenantId }));
    await tx.insertAbsent(Note, new Map(made.map((row) => [row.id, row])));
    for (const { counted } of items) rows.set(counted, { ...rows.get(counted)!, count: rows.get(counted)!.count + 1 });
    // What was inserted is written again, as a window of a limit is.
    const changed = [...rows.values()].map((row) => ({ ...row, version: row.version + 1 }));
    await tx.rewrite(Note, [...changed, ...made.map((row) => ({ ...row, count: 7 }))]);
    return items.map(() => undefined);
  }
}

let sample: Sample;
let database: Database;
let other: Database;
let scope: TenantScope;
let counted: string;
let gauge: string;
let step: Counting;

beforeAll(async () => {
  sample = await openSample({ configurations, recorder });
  ({ database } = sample);
  const entities = [...sampleEntities, AuditEvent, HistorySize];
  other = await openAgain(sample, { configurations, recorder: recordEvents, entities });
});
afterAll(async () => {
  await other.close();
  await sample.drop();
});
beforeEach(async () => {
  scope = tenantScope();
  await sample.write(scope, { id: scope.tenantId, count: 1 });
  counted = (await sample.write(scope)).id;
  gauge = uuidv7(1);
  step = new Counting(gauge);
  // Plans are made again, whatever became of those of the test before.
  const { id } = await sample.write(scope);
  for (planned = []; !planned.at(-1);) await commit(uuidv7(1), id);
  step.runs = 0;
  planned = [];
});

const basis = async () =>
  (await database.known(scope.tenantId, async () => ({ value: undefined, from: -Infinity, until: Infinity }))).basis;

const commit = (id = uuidv7(1), of = counted): Promise<string> =>
  database.commit(scope, async (): Promise<PreparedWork<string>> => ({
    basis: await basis(),
    shared: { step, item: { id, counted: of } },
    finish: () => ({ result: id, events: [noteEvents.written(id)] }),
  }));

const rowOf = (id: string): Promise<Note | null> => database.read(scope, (view) => view.findOne(Note, { id }));
const countOf = async (id = counted): Promise<number | undefined> => (await rowOf(id))?.count;
const eventsOf = (id: string): Promise<number> =>
  database.readPlatform(platform, (view) =>
    view.count(AuditEvent, { tenantId: scope.tenantId, targetId: id, action: 'note.written' }),
  );
const raiseNumber = (): Promise<void> =>
  other.transaction(scope, async (tx) => {
    await tx.increment(Note, { id: scope.tenantId }, 'count');
    tx.housekeeping('a test');
  });
const change = (id: string): Promise<void> =>
  other.transaction(scope, async (tx) => {
    await tx.update(Note, { id }, { count: 10 });
    tx.housekeeping('a test');
  });

describe('a step that plans', () => {
  it('a step that plans is planned for many requests together, and writes what a transaction would write', async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, () => commit()));
    expect([await countOf(), step.runs < 10, planned.includes(false)]).toEqual([30, true, false]);
    for (const id of ids) expect([await countOf(id), await eventsOf(id)]).toEqual([7, 1]);
  });

  it('a step that plans is done again where the number of the configuration was raised after it had read', async () => {
    step.meanwhile = raiseNumber;
    const id = await commit();
    expect([step.runs > 1, await countOf(), await eventsOf(id)]).toEqual([true, 1, 1]);
  });

  it('a step that plans loses no change of another instance to a row that it had read', async () => {
    step.meanwhile = () => change(counted);
    const id = await commit();
    expect([step.runs, planned, await countOf(), await eventsOf(id)]).toEqual([2, [true, false], 11, 1]);
  });

  it('a step that plans is rejected where a row appears after it had found none', async () => {
    step.meanwhile = () =>
      other.platform(platform, async (tx) => {
        await tx.installation.insert(Gauge, { name: gauge, reading: 1 });
        tx.housekeeping('a test');
      });
    const id = uuidv7(1);
    await expect(commit(id)).rejects.toEqual(withCode('FORBIDDEN'));
    expect([await countOf(), await rowOf(id), await eventsOf(id)]).toEqual([0, null, 0]);
  });

  it('a step that plans finds the row of another instance that took its key after it had read', async () => {
    const id = uuidv7(1);
    step.meanwhile = () =>
      other.transaction(scope, async (tx) => {
        await tx.insert(Note, note({ id, name: id, count: 3 }));
        tx.housekeeping('a test');
      });
    expect(await commit(id)).toBe(id);
    expect([step.runs, planned, await eventsOf(id)]).toEqual([2, [true, false], 1]);
  });
});

describe('plans with steps that come to nothing', () => {
  it('plans with steps that come to nothing are made less and less often, and as before after one that was committed', () => {
    const plans = new StepPlans();
    /** How many groups go without a plan until one is worthwhile. */
    const skipped = (): number => {
      let count = 0;
      while (!plans.isWorthwhile()) count += 1;
      return count;
    };
    const after = (isCommitted: boolean): number => {
      plans.note(isCommitted);
      return skipped();
    };
    expect(skipped()).toBe(0);
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(() => after(false))).toEqual([2, 4, 8, 16, 32, 64, 64, 64]);
    expect([after(true), after(false)]).toEqual([0, 2]);
  });
});
