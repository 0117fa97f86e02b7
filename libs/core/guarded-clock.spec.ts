import { describe, expect, it } from 'vitest';

import { ManualClock } from './clock.js';
import { DAY, HOUR, MINUTE, SECOND } from './duration.js';
import {
  type ClockRecord,
  GuardedClock,
  LONGEST_UNEXPLAINED_STOP,
  OBSERVATION,
  type StartEvidence,
  clockStateOf,
  assessStart,
} from './guarded-clock.js';

const START = Date.UTC(2026, 0, 1);

describe('the state of a clock', () => {
  it.each([
    ['steady', 0],
    ['steady', 10 * MINUTE],
    ['ahead', 10 * MINUTE + 1],
    ['ahead', 400 * DAY],
    ['steady', -5 * SECOND],
    ['behind', -5 * SECOND - 1],
    ['behind', -400 * DAY],
  ])('the state of a clock is %s where it is off by %i ms', (state, offset) => {
    expect(clockStateOf(START + offset, START, START)).toBe(state);
  });
});

describe('the clock of a process that starts', () => {
  const record: ClockRecord = { mark: START, uptime: 1_000, bootId: 'boot' };
  const evidence = (gap: number, rest: Partial<StartEvidence> = {}): StartEvidence => ({
    shown: START + gap,
    uptime: 0,
    bootId: 'another boot',
    databaseNow: undefined,
    ...rest,
  });

  it.each<[string, string, number, Partial<StartEvidence>]>([
    ['right', 'a restart', 10 * MINUTE, {}],
    ['right', 'a clock behind the mark, which the mark corrects', -DAY, {}],
    ['right', 'a stop of three days on a host that ran on', 3 * DAY, { bootId: 'boot', uptime: 1_000 + 3 * DAY }],
    ['right', 'a stop of 400 days on a host that ran on', 400 * DAY, { bootId: 'boot', uptime: 1_000 + 400 * DAY }],
    ['jumped', 'three days more than the host has run', 3 * DAY, { bootId: 'boot', uptime: 2_000 }],
    ['unexplained', 'an uptime below the one on record', 3 * DAY, { bootId: 'boot', uptime: 999 }],
    ['unexplained', 'a host that does not name its boots', 3 * DAY, { bootId: undefined, uptime: 1_000 + 3 * DAY }],
    ['right', 'a database server that shows the same time', 400 * DAY, { databaseNow: START + 400 * DAY - MINUTE }],
    ['jumped', 'a database server that shows an earlier time', 3 * HOUR, { databaseNow: START + MINUTE }],
    ['unexplained', 'a stop of three days and no second clock', 3 * DAY, {}],
    ['unexplained', 'the longest stop and no second clock', LONGEST_UNEXPLAINED_STOP, {}],
    ['jumped', 'a longer stop and no second clock', LONGEST_UNEXPLAINED_STOP + 1, {}],
  ])('the clock of a process that starts is assessed as %s: %s', (verdict, _, gap, rest) => {
    expect(assessStart(record, evidence(gap, rest))).toBe(verdict);
  });
});

/** A guarded clock and the source that a test moves. */
function guarded(): { source: ManualClock; clock: GuardedClock } {
  const source = new ManualClock(START);
  return { source, clock: new GuardedClock(source) };
}

const sinceStart = (clock: GuardedClock): readonly [now: number, confirmed: number] => [
  clock.now() - START,
  clock.confirmed() - START,
];

describe('a guarded clock that runs steadily', () => {
  it('a guarded clock that runs steadily shows the time of its source', () => {
    const { source, clock } = guarded();
    for (const step of [0, 1, 999, MINUTE, 3 * DAY, -5 * SECOND]) {
      source.advance(step);
      expect([clock.now(), clock.confirmed(), clock.state]).toEqual([source.now(), source.now(), 'steady']);
    }
    expect(clock.takeAlarm()).toBeUndefined();
  });

  it('a guarded clock that runs steadily follows small steps forward, but not many that add up', () => {
    const { source, clock } = guarded();
    source.jump(9 * MINUTE);
    expect(clock.state).toBe('steady');
    source.advance(SECOND);
    source.jump(9 * MINUTE);
    expect(clock.state).toBe('ahead');
  });

  it('a guarded clock that runs steadily follows small steps forward that are a day apart', () => {
    const { source, clock } = guarded();
    for (let day = 0; day < 5; day += 1) {
      source.jump(9 * MINUTE);
      expect(clock.state).toBe('steady');
      source.advance(DAY + SECOND);
      clock.now();
    }
  });
});

describe('a clock that jumps forward', () => {
  it('a clock that jumps forward continues by the clock, while the confirmed time continues as if nothing had happened', () => {
    const { source, clock } = guarded();
    source.advance(HOUR);
    expect(sinceStart(clock)).toEqual([HOUR, HOUR]);
    source.jump(400 * DAY);
    expect(sinceStart(clock)).toEqual([HOUR + 400 * DAY, HOUR]);
    source.advance(12 * SECOND);
    expect(sinceStart(clock)).toEqual([HOUR + 400 * DAY + 12 * SECOND, HOUR + 12 * SECOND]);
    expect(clock.record().mark).toBe(START + HOUR + 12 * SECOND);
  });

  it('a clock that jumps forward raises one alarm, also when it has come back meanwhile', () => {
    const { source, clock } = guarded();
    source.jump(3 * HOUR);
    clock.now();
    source.jump(-3 * HOUR);
    expect(sinceStart(clock)).toEqual([0, 0]);
    expect(clock.state).toBe('steady');
    expect(clock.takeAlarm()).toEqual({ state: 'ahead', shown: START + 3 * HOUR, expected: START });
    expect(clock.takeAlarm()).toBeUndefined();
  });

  it('a clock that jumps forward is taken as it is once it is confirmed', () => {
    const { source, clock } = guarded();
    source.jump(400 * DAY);
    expect(clock.state).toBe('ahead');
    clock.accept();
    source.advance(MINUTE);
    expect(sinceStart(clock)).toEqual([400 * DAY + MINUTE, 400 * DAY + MINUTE]);
    expect([clock.state, clock.takeAlarm()]).toEqual(['steady', undefined]);
  });
});

describe('a clock that is set back', () => {
  it('a clock that is set back gives no time out again: by a small step it waits at half the speed until the clock has caught up', () => {
    const { source, clock } = guarded();
    source.jump(-2 * MINUTE);
    expect(sinceStart(clock)).toEqual([0, 0]);
    expect(clock.takeAlarm()).toEqual({ state: 'behind', shown: START - 2 * MINUTE, expected: START });
    const seen = [1, 2, 3, 4, 5].map(() => {
      source.advance(MINUTE);
      return [...sinceStart(clock), clock.state];
    });
    expect(seen).toEqual([
      [MINUTE / 2, MINUTE / 2, 'behind'],
      [MINUTE, MINUTE, 'behind'],
      [MINUTE, MINUTE, 'steady'],
      [2 * MINUTE, 2 * MINUTE, 'steady'],
      [3 * MINUTE, 3 * MINUTE, 'steady'],
    ]);
  });

  it('a clock that is set back continues from the mark at full speed after a large step', () => {
    const { source, clock } = guarded();
    source.jump(-30 * DAY);
    expect(clock.state).toBe('behind');
    source.advance(HOUR);
    expect(sinceStart(clock)).toEqual([HOUR, HOUR]);
    source.jump(30 * DAY);
    expect([clock.state, clock.now() - START]).toEqual(['steady', HOUR]);
  });

  it('a clock that is set back never runs backwards by more than the tolerance, whatever happens to the source', () => {
    const { source, clock } = guarded();
    let latest = clock.now();
    for (const step of [-HOUR, 10 * SECOND, -MINUTE, 2 * HOUR, -90 * MINUTE, 5 * SECOND, -6 * SECOND, MINUTE]) {
      source.jump(step);
      source.advance(SECOND);
      // A jump ahead is not confirmed, so that its times do not count as returned.
      expect(clock.confirmed()).toBeGreaterThanOrEqual(latest - 5 * SECOND);
      latest = Math.max(latest, clock.confirmed());
    }
  });
});

describe('a clock that resumes what earlier processes remembered', () => {
  const resumed = (gap: number, { databaseNow, bootId = 'boot' }: { databaseNow?: number; bootId?: string } = {}) => {
    const source = new ManualClock(START + gap);
    const clock = new GuardedClock(source);
    return { source, clock, verdict: clock.resume({ mark: START, uptime: 0, bootId }, databaseNow) };
  };

  it('a clock that resumes what earlier processes remembered is held where it jumped while nothing ran', () => {
    const { clock, source } = resumed(3 * HOUR, { bootId: 'manual' });
    source.advance(MINUTE);
    expect(sinceStart(clock)).toEqual([3 * HOUR + MINUTE, MINUTE]);
    expect([clock.isObserved, clock.takeAlarm()?.state]).toEqual([false, 'ahead']);
  });

  it('a clock that resumes what earlier processes remembered continues from the mark where it was set back while nothing ran', () => {
    const { clock } = resumed(-DAY);
    expect(sinceStart(clock)).toEqual([0, 0]);
    expect(clock.takeAlarm()).toEqual({ state: 'behind', shown: START - DAY, expected: START });
  });

  it('a clock that resumes what earlier processes remembered is observed for an hour after a stop that nothing explains, and then accepted', () => {
    const { clock, source, verdict } = resumed(3 * DAY);
    expect([verdict, clock.isObserved]).toEqual(['unexplained', true]);
    source.advance(OBSERVATION - SECOND);
    expect(sinceStart(clock)).toEqual([3 * DAY + OBSERVATION - SECOND, OBSERVATION - SECOND]);
    source.advance(SECOND);
    expect(sinceStart(clock)).toEqual([3 * DAY + OBSERVATION, 3 * DAY + OBSERVATION]);
    expect([clock.isObserved, clock.state]).toEqual([false, 'steady']);
  });

  it('a clock that resumes what earlier processes remembered must be confirmed where it jumps while it is observed', () => {
    const { clock, source } = resumed(3 * DAY);
    clock.takeAlarm();
    source.advance(MINUTE);
    source.jump(HOUR);
    expect([clock.isObserved, clock.state, clock.takeAlarm()?.state]).toEqual([false, 'ahead', 'ahead']);
    source.advance(2 * OBSERVATION);
    expect(clock.state).toBe('ahead');
  });

  it('a clock that resumes what earlier processes remembered is right again where it is set back to the right time while it is observed', () => {
    const { clock, source } = resumed(3 * DAY);
    source.jump(-3 * DAY);
    expect(sinceStart(clock)).toEqual([0, 0]);
    expect([clock.isObserved, clock.state]).toEqual([false, 'steady']);
  });
});
