import { describe, expect, it } from 'vitest';

import { rate, toMarkdown } from '../../bench/harness/report.js';
import type { Pair, Row } from '../../bench/harness/scenario.js';
import { repetitionsWithinBudget } from '../../bench/harness/time-budget.js';

const row = (goal: Row['goal'], ...repetitions: Pair[]): Row => ({
  scenario: 'history',
  name: 'a row',
  unit: 'ms',
  comparedWith: 'another one',
  ...(goal ? { goal } : {}),
  repetitions,
  faults: [],
  notes: [],
});
const measured = { value: 3, floor: 2 };

describe('the verdict on a row of the bench', () => {
  it('a row of the bench that measured passes or misses its goal', () => {
    expect(rate(row({ atMost: 2 }, measured))).toMatchObject({ verdict: 'pass', ratio: 1.5, faults: [] });
    expect(rate(row({ atMost: 1 }, measured)).verdict).toBe('miss');
    expect(rate(row(undefined, measured)).verdict).toBe('no goal');
  });

  it.each([
    ['got no answer', { value: 0, floor: 2 }],
    ['got no answer from what it is compared with', { value: 3, floor: 0 }],
    ['got no number', { value: Number.NaN, floor: 2 }],
  ])('a row of the bench fails where one repetition %s, whatever the others say', (_, nothing) => {
    for (const goal of [{ atMost: 2 }, { atLeast: 0.5 }, undefined]) {
      const rated = rate(row(goal, measured, nothing, measured));
      expect(rated).toMatchObject({ verdict: 'failed', faults: ['a repetition measured nothing'] });
    }
  });

  it('a report of the bench names what was not measured, and why', () => {
    const environment = { database: 'SQLite', node: '24', cores: 2, startedAt: '2026-01-01T00:00:00.000Z' };
    const rows = [rate(row({ atMost: 2 }, measured))];
    expect(toMarkdown(rows, environment, [{ title: 'Against a peer', why: 'it is not installed' }])).toContain(
      '## Not measured\n\n- Against a peer: it is not installed\n',
    );
    expect(toMarkdown(rows, environment)).not.toContain('Not measured');
  });

  it('a row of the bench without a repetition fails', () => {
    expect(rate(row({ atMost: 2 })).verdict).toBe('failed');
  });
});

describe('the time of a run of the bench', () => {
  it.each([
    ['as often as wanted where it is early', 13_000, 1, 2],
    ['once where it is late', 14_000, 1, 1],
    ['as often as wanted where it is early again', 119_000, 9, 2],
    ['once at the end', 265_000, 17, 1],
    ['not at all where the run would take longer than five minutes', 265_001, 17, 0],
  ])('a scenario of the bench is measured %s', (_, elapsed, begun, times) => {
    expect(repetitionsWithinBudget(2, elapsed, { begun, all: 18 })).toBe(times);
  });
});
