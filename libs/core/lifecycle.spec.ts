import { describe, expect, it } from 'vitest';

import { defineEvents } from './events.js';
import { defineLifecycle } from './lifecycle.js';

const lampEvents = defineEvents('lamp', { lit: 'A lamp was lit', doused: 'A lamp was doused', burnt: 'A lamp burnt' });

interface Lamp {
  readonly id: string;
  readonly room: string;
  readonly litAt: number | null;
}

interface Timing {
  readonly dousedFrom: number | null;
  readonly burntFrom: number | null;
}

const lamp = defineLifecycle({
  noun: 'lamp',
  states: ['off', 'on', 'broken'],
  initial: ['off'],
  live: ['off', 'on'],
  about: ({ id, room }: Lamp) => ({ targetId: id, details: { room } }),
  events: {
    light: { from: ['off'], to: 'on', done: 'lit', records: lampEvents.lit, sets: (_, at) => ({ litAt: at }) },
    douse: {
      from: ['on'],
      to: 'off',
      done: 'doused',
      records: lampEvents.doused,
      repeated: 'unchanged',
      dueAt: ({ dousedFrom }: Timing) => dousedFrom,
    },
    burn: {
      from: ['off', 'on'],
      to: 'broken',
      done: 'burnt',
      records: lampEvents.burnt,
      dueAt: ({ burntFrom }: Timing) => burntFrom,
      irreversible: true,
    },
  },
});
const row = (timing: Partial<Timing> = {}) => ({ state: 'on', dousedFrom: null, burntFrom: null, ...timing }) as const;

describe('defineLifecycle', () => {
  it('defineLifecycle permits exactly the edges of its table', () => {
    const edges = lamp.states.map((state) => [state, lamp.allowedFrom(state)]);
    expect(edges).toEqual([
      ['off', ['light', 'burn']],
      ['on', ['douse', 'burn']],
      ['broken', []],
    ]);
    expect(Object.values(lamp.event).map(({ to }) => to)).toEqual(['on', 'off', 'broken']);
  });

  it('defineLifecycle accepts a repetition only where its row says so', () => {
    expect(lamp.accepts('off', 'douse')).toBe(true);
    expect(lamp.accepts('on', 'light')).toBe(false);
    expect(lamp.accepts('broken', 'burn')).toBe(false);
    expect(lamp.accepts('broken', 'douse')).toBe(false);
  });

  it('defineLifecycle says in words what is rejected', () => {
    const rejected = expect.objectContaining({ code: 'WRONG_STATE', message: 'A lamp that is on cannot be lit' });
    expect(() => lamp.require('on', 'light')).toThrow(rejected as Error);
    expect(() => lamp.require('off', 'light')).not.toThrow();
    expect(lamp.rejection('broken', 'douse').message).toBe('A lamp that is broken cannot be doused');
  });

  it('defineLifecycle decides by the clock from the very instant, in the order of the table', () => {
    expect(lamp.stateAt(row({ dousedFrom: 5 }), 4)).toBe('on');
    expect(lamp.stateAt(row({ dousedFrom: 5 }), 5)).toBe('off');
    expect(lamp.stateAt(row({ burntFrom: 5 }), 5)).toBe('broken');
    const due = lamp.due(row({ dousedFrom: 5, burntFrom: 7 }), 9);
    expect(due.map(({ event, at }) => [event.name, at])).toEqual([
      ['douse', 5],
      ['burn', 7],
    ]);
    expect(lamp.due(row(), 9)).toEqual([]);
  });

  it('defineLifecycle knows the recorded states of rows that the clock may have moved on', () => {
    expect(lamp.recordedAs('on')).toEqual(['on']);
    expect(lamp.recordedAs('off')).toEqual(['off', 'on']);
    expect(lamp.recordedAs('broken')).toEqual(['broken', 'off', 'on']);
  });

  it('defineLifecycle says what changes with the state, and what the event is about', () => {
    const stored: Lamp = { id: '1', room: 'hall', litAt: null };
    expect(lamp.event.light.sets(stored, 3, 4)).toEqual({ litAt: 3 });
    expect(lamp.event.douse.sets(stored, 3, 4)).toEqual({});
    expect(lamp.subjects(stored)).toEqual([{ targetId: '1', details: { room: 'hall' } }]);
  });
});
