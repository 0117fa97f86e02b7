import { describe, expect, it } from 'vitest';

import { COMPARED_PAGES_MAX, type Progress, type ReadThings, readBoth } from './as-of-comparison.js';
import { asOfKinds } from './as-of-kinds.js';

const THEN = '2026-01-01T00:00:00Z';
const NOW = '2026-02-01T00:00:00Z';
const LISTS = asOfKinds.length * 2;

/** Two pages of services, one of all else; each answer takes one turn. */
const twoPages: ReadThings = async ({ at, kind }, cursor) => {
  await Promise.resolve();
  const items = [{ id: `${kind} ${at} ${cursor ?? 'first'}` }];
  return { items, nextCursor: kind === 'services' && cursor === undefined ? 'second' : null };
};

describe('readBoth', () => {
  it('every page of every kind at both instants is read once, and the progress ends with all lists', async () => {
    const steps: Progress[] = [];
    const { before, after, isComplete } = await readBoth(
      [THEN, NOW],
      twoPages,
      (step) => steps.push(step),
      new AbortController(),
    );
    expect(before.services).toEqual([{ id: `services ${THEN} first` }, { id: `services ${THEN} second` }]);
    expect(after.members).toEqual([{ id: `members ${NOW} first` }]);
    expect([Object.keys(before), isComplete]).toEqual([asOfKinds, true]);
    expect(steps.at(-1)).toEqual({ things: LISTS + 2, lists: LISTS, listsTotal: LISTS });
    expect(steps.map(({ lists }) => lists)).toEqual(steps.map(({ lists }) => lists).toSorted((a, b) => a - b));
  });

  it('four lists are read at the same time, and no more', async () => {
    let [open, most] = [0, 0];
    const counted: ReadThings = async (list, cursor, signal) => {
      open += 1;
      most = Math.max(most, open);
      const page = await twoPages(list, cursor, signal);
      open -= 1;
      return page;
    };
    await readBoth([THEN, NOW], counted, () => undefined, new AbortController());
    expect(most).toBe(4);
  });

  it('of a list without an end so many pages are read, and what was compared is not complete', async () => {
    const endless: ReadThings = async ({ kind }, cursor) => ({
      items: [],
      nextCursor: kind === 'keys' ? `${Number(cursor ?? 0) + 1}` : null,
    });
    const steps: Progress[] = [];
    const { isComplete } = await readBoth([THEN, NOW], endless, (step) => steps.push(step), new AbortController());
    expect([isComplete, steps.length]).toEqual([false, 2 * (COMPARED_PAGES_MAX + asOfKinds.length - 1) + LISTS]);
  });

  it.each(['a page that cannot be read', 'a cancellation'])('no page is begun after %s', async (end) => {
    const stopping = new AbortController();
    let begun = 0;
    const failing: ReadThings = async (list, cursor, signal) => {
      begun += 1;
      if (begun === 6 && end === 'a cancellation') stopping.abort(new Error(end));
      else if (begun === 6) throw new Error(end);
      return twoPages(list, cursor, signal);
    };
    await expect(readBoth([THEN, NOW], failing, () => undefined, stopping)).rejects.toThrow(end);
    const atTheEnd = begun;
    await new Promise(setImmediate);
    expect([begun, stopping.signal.aborted]).toEqual([atTheEnd, true]);
    expect(begun).toBeLessThan(LISTS);
  });
});
