import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { History, auditEntities } from '#audit';
import { DAY, GuardedClock, HOUR, ManualClock, MINUTE, OBSERVATION, SECOND, platformScope, systemOrigin } from '#core';
import { Database } from '#database';
import { ClockWatch, schedulerEntities } from '#scheduler';

import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../../support/database.js';
import { historyOf, recordEvents } from '../../support/history.js';

const SCOPE = platformScope(systemOrigin('test'));
const hasServer = testServerUrl !== undefined;

/** A host whose clock a test sets, with a boot of its own unless the test says otherwise. */
class Host extends ManualClock {
  constructor(
    instant: number,
    override readonly bootId: string | undefined,
  ) {
    super(instant);
  }
}

interface Process {
  readonly host: Host;
  readonly clock: GuardedClock;
  readonly database: Database;
  readonly watch: ClockWatch;
  readonly log: string[];
}

let test: TestDatabase;
let start: number;
let processes: Process[];
let history: History;

beforeEach(async () => {
  test = await createMigratedDatabase();
  start = Date.now();
  processes = [];
  await processOn(new Host(start, 'first'));
  history = historyOf(processes[0]!.database);
});
afterEach(async () => {
  for (const { database } of processes) await database.close();
  await test.drop();
});

/** A process of the installation that has just started on a host. */
async function processOn(host: Host): Promise<Process> {
  const clock = new GuardedClock(host);
  const entities = [...schedulerEntities, ...auditEntities];
  const database = await Database.open({ url: test.url, entities, clock, recorder: recordEvents });
  await database.migrate();
  const log: string[] = [];
  const write = (_: object, message: string): void => void log.push(message);
  const watch = new ClockWatch(database, clock, { error: write, warn: write });
  await watch.start();
  await watch.beat();
  const process = { host, clock, database, watch, log };
  processes.push(process);
  return process;
}

const offset = (instant: number | null): number => instant! - start;
const mark = async ({ watch }: Process): Promise<number> => offset((await watch.status()).mark);
const events = async (action: string): Promise<number> => (await history.list(SCOPE, { action }, {})).items.length;

/** Lets time pass on every host, and every process compare its clock. */
async function pass(milliseconds: number): Promise<void> {
  for (const { host } of processes) host.advance(milliseconds);
  for (const { watch } of processes) await watch.beat();
}

describe('the mark of the clocks', () => {
  it('the mark of the clocks is raised by a clock that runs steadily, not at every beat', async () => {
    const [first] = processes;
    expect(await mark(first!)).toBe(0);
    await pass(2 * SECOND);
    expect(await mark(first!)).toBe(0);
    await pass(2 * SECOND);
    await pass(6 * SECOND);
    // The clock of a database server has not moved: a mark beyond it would mislead other hosts.
    expect(await mark(first!)).toBeGreaterThan(4 * SECOND);
  });

  it('the mark of the clocks is not raised by a clock that jumped', async () => {
    const [first] = processes;
    first!.host.jump(3 * HOUR);
    await pass(10 * SECOND);
    expect(await mark(first!)).toBeLessThanOrEqual(10 * SECOND);
  });

  it.runIf(hasServer)(
    'the mark of the clocks is not raised beyond the clock of the database server, which other hosts are near',
    async () => {
      const fast = await processOn(new Host(start + 4 * MINUTE, 'fast'));
      expect([fast.clock.state, fast.watch.paused]).toEqual(['steady', false]);
      await pass(20 * SECOND);
      expect(await mark(fast)).toBeLessThan(MINUTE);
      expect(fast.log).toEqual(['The clocks of this host and of the database server differ: synchronise both']);
      expect(processes[0]!.clock.state).toBe('steady');
    },
  );
});

describe('a process whose clock is three hours ahead', () => {
  it('a process whose clock is three hours ahead pauses the installation, and moves the time of no other process', async () => {
    const [right] = processes;
    const wrong = await processOn(new Host(start + 3 * HOUR, hasServer ? 'wrong' : 'first'));
    await pass(10 * SECOND);
    expect([wrong.clock.state, wrong.watch.paused, right!.watch.paused]).toEqual(['ahead', true, true]);
    expect([right!.clock.state, offset(right!.clock.now())]).toEqual(['steady', 10 * SECOND]);
    expect(offset(wrong.clock.confirmed())).toBeLessThanOrEqual(20 * SECOND);
    expect(await events('clock.jumped')).toBe(1);

    // Corrected, but not confirmed; then confirmed by one, for all.
    wrong.host.jump(-3 * HOUR);
    await pass(10 * SECOND);
    expect([wrong.clock.state, wrong.watch.paused, right!.watch.paused]).toEqual(['steady', true, true]);
    expect(await right!.watch.confirm(SCOPE)).toBe(true);
    await pass(10 * SECOND);
    expect([wrong.watch.paused, right!.watch.paused]).toEqual([false, false]);
  });

  it('a process whose clock is three hours ahead is paused again after a confirmation that came too early', async () => {
    const [right] = processes;
    right!.host.jump(3 * HOUR);
    await pass(SECOND);
    expect(await right!.watch.confirm(SCOPE)).toBe(true);
    right!.host.jump(3 * HOUR);
    await pass(SECOND);
    expect(right!.watch.paused).toBe(true);
    expect(await events('clock.jumped')).toBe(2);
  });

  it('a process whose clock is three hours ahead raises one event where two processes on its host see the jump', async () => {
    const [one] = processes;
    const two = await processOn(one!.host);
    one!.host.jump(3 * HOUR);
    await Promise.all([one!.watch.beat(), two.watch.beat()]);
    expect([one!.watch.paused, two.watch.paused, await events('clock.jumped')]).toEqual([true, true, 1]);
  });

  it('a process whose clock is three hours ahead pauses by itself where the database cannot be told', async () => {
    const { host, database, watch } = processes.pop()!;
    await database.close();
    host.jump(3 * HOUR);
    await expect(watch.beat()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(watch.paused).toBe(true);
  });
});

describe('a process that starts after a long stop', () => {
  it('a process that starts after a long stop continues where the host ran on meanwhile', async () => {
    const host = new Host(start, 'first');
    host.advance(3 * DAY);
    const { clock, watch } = await processOn(host);
    expect([clock.state, watch.paused]).toEqual(['steady', false]);
  });

  it.runIf(hasServer)(
    'a process that starts after a long stop continues where the clock of the database server says the same',
    async () => {
      const { database, watch } = processes[0]!;
      // Three days ago, by another host.
      await database.platform(SCOPE, async (tx) => {
        tx.housekeeping('a mark of three days ago');
        await tx.update(schedulerEntities[0] as never, { id: 'clock' } as never, { mark: start - 3 * DAY } as never);
      });
      expect((await watch.status()).databaseNow).toBeGreaterThan(start - MINUTE);
      const next = await processOn(new Host(start, 'second'));
      expect([next.clock.state, next.watch.paused]).toEqual(['steady', false]);
    },
  );

  it.runIf(!hasServer)(
    'a process that starts after a long stop waits for an hour where nothing tells for how long it was stopped, and can be confirmed',
    async () => {
      const [first] = processes;
      const later = await processOn(new Host(start + 3 * DAY, 'second'));
      expect([later.watch.paused, (await later.watch.status()).paused, later.clock.isObserved]).toEqual([
        true,
        false,
        true,
      ]);
      expect(later.log).toEqual([expect.stringContaining('what cannot be undone waits for 60 minutes')]);
      later.host.advance(OBSERVATION - MINUTE);
      await later.watch.beat();
      expect([later.watch.paused, await mark(first!), await events('clock.jumped')]).toEqual([true, 0, 0]);
      later.host.advance(MINUTE);
      await later.watch.beat();
      expect([later.watch.paused, await mark(first!)]).toEqual([false, 3 * DAY + OBSERVATION]);

      const confirmed = await processOn(new Host(start + 6 * DAY, 'third'));
      expect(confirmed.watch.paused).toBe(true);
      expect(await confirmed.watch.confirm(SCOPE)).toBe(true);
      expect(confirmed.watch.paused).toBe(false);
    },
  );

  it('a process that starts after a long stop waits for a confirmation where the stop would have been longer than 30 days', async () => {
    const later = await processOn(new Host(start + 400 * DAY, 'second'));
    expect([later.watch.paused, (await later.watch.status()).paused]).toEqual([true, true]);
    later.host.advance(2 * OBSERVATION);
    await later.watch.beat();
    expect(later.watch.paused).toBe(true);
  });
});

describe('a clock that is behind the mark', () => {
  it('a clock that is behind the mark is replaced by the mark after a restart, and taken as it is once it is confirmed', async () => {
    await pass(10 * SECOND);
    const late = await processOn(new Host(start - HOUR, 'first'));
    expect(late.clock.state).toBe('behind');
    expect(offset(late.clock.now())).toBeGreaterThanOrEqual(0);
    expect(await events('clock.set_back')).toBe(1);
    // Nothing is paused: no time was given out that is too late.
    expect(late.watch.paused).toBe(false);
    expect(await late.watch.confirm(SCOPE)).toBe(true);
    expect([late.clock.state, offset(late.clock.now())]).toEqual(['steady', -HOUR]);
    expect(await mark(late)).toBe(-HOUR);
  });
});
