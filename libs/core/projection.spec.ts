import { describe, expect, it } from 'vitest';

import { defineEvents } from './events.js';
import { defineLifecycle } from './lifecycle.js';
import { type Projection, type RecordedEvent, rebuild, transitions } from './projection.js';

interface Lamp {
  readonly id: string;
  readonly state: 'on' | 'off';
  readonly endsAt: number | null;
  readonly endedAt: number | null;
}

const events = defineEvents('lamp', { made: 'Made', ended: 'Ended', timed: 'Timed', removed: 'Removed' });
const lifecycle = defineLifecycle({
  noun: 'lamp',
  states: ['on', 'off'],
  initial: ['on'],
  live: ['on'],
  about: ({ id }: Lamp & { readonly column: string }) => ({ targetId: id }),
  events: {
    end: {
      from: ['on'],
      to: 'off',
      done: 'ended',
      records: events.ended,
      dueAt: ({ endsAt }: { readonly endsAt: number | null }) => endsAt,
      sets: (_, at) => ({ endedAt: at, column: 'that the row has not' }),
    },
  },
});
const projection: Projection<Lamp> = {
  begins: { [events.made.action]: ({ targetId }) => ({ id: targetId, state: 'on', endsAt: null, endedAt: null }) },
  changes: {
    ...transitions<Lamp>(lifecycle),
    [events.timed.action]: (row, { after }) => ({ ...row, endsAt: Number(after['endsAt']) }),
    [events.removed.action]: () => undefined,
  },
  at: (row, instant) => ({ ...row, state: lifecycle.stateAt(row, instant) as Lamp['state'] }),
};

const event = (action: string, at: number, more: Partial<RecordedEvent> = {}): RecordedEvent => ({
  id: `event-${at}`,
  action,
  at,
  targetId: 'lamp-1',
  kid: undefined,
  after: {},
  details: {},
  missing: [],
  ...more,
});
const made = event('lamp.made', 1);
const timed = event('lamp.timed', 2, { after: { endsAt: 5 } });

describe('what is rebuilt from events', () => {
  it('what has not begun, or has ended, is not there', () => {
    expect(rebuild(projection, [], 9)).toBeUndefined();
    expect(rebuild(projection, [timed], 9)).toBeUndefined();
    expect(rebuild(projection, [made, event('lamp.removed', 3)], 9)).toBeUndefined();
  });

  it('what began again is named by the event of its latest beginning', () => {
    const again = event('lamp.made', 4);
    expect(rebuild(projection, [made, event('lamp.removed', 3), again], 9)).toMatchObject({ begunBy: 'event-4' });
  });

  it('events of other actions, also of names that every object has, change nothing', () => {
    const other = ['constructor', 'toString', 'lamp.polished'].map((action) => event(action, 2));
    expect(rebuild(projection, [made, ...other], 9)).toEqual(rebuild(projection, [made], 9));
  });

  it('a transition takes effect when the clock decided it, and not when it was recorded', () => {
    const ended = rebuild(projection, [made, timed, event('lamp.ended', 8)], 9);
    expect(ended?.row).toEqual({ id: 'lamp-1', state: 'off', endsAt: 5, endedAt: 5 });
    expect(rebuild(projection, [made, event('lamp.ended', 8)], 9)?.row).toMatchObject({ endedAt: 8 });
  });

  it('a transition that the clock has decided counts although no event records it yet', () => {
    expect(rebuild(projection, [made, timed], 4)?.row).toMatchObject({ state: 'on' });
    expect(rebuild(projection, [made, timed], 5)?.row).toMatchObject({ state: 'off' });
  });

  it('what is missing of the events makes a row incomplete until it begins again, each reason once', () => {
    const large = event('lamp.timed', 2, { missing: ['too_large', 'erased'] });
    const erased = event('lamp.timed', 3, { missing: ['erased'] });
    expect(rebuild(projection, [made, large, erased], 9)?.missing).toEqual(['too_large', 'erased']);
    expect(rebuild(projection, [made, large, event('lamp.made', 4)], 9)?.missing).toEqual([]);
  });
});
