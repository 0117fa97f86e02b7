import { describe, expect, it } from 'vitest';
import { defineLifecycle } from './lifecycle.js';

const lamp = defineLifecycle({
  noun: 'lamp',
  states: ['off', 'on', 'broken'],
  initial: ['off'],
  events: {
    light: [['off'], 'on'],
    douse: [['on'], 'off'],
    smash: [['off', 'on'], 'broken'],
  },
});

describe('defineLifecycle', () => {
  it('defineLifecycle permits exactly the edges of its table', () => {
    for (const state of lamp.states) {
      for (const { name, from, to } of Object.values(lamp.event)) {
        const event = name as keyof typeof lamp.event;
        if (from.includes(state)) expect(lamp.next(state, event)).toBe(to);
        else expect(() => lamp.next(state, event)).toThrow(expect.objectContaining({ code: 'WRONG_STATE' }));
        expect(lamp.allowedFrom(state).includes(event)).toBe(from.includes(state));
      }
    }
  });

  it('defineLifecycle lists events in the order of the table, and none from an end', () => {
    expect(lamp.allowedFrom('on')).toEqual(['douse', 'smash']);
    expect(lamp.allowedFrom('broken')).toEqual([]);
  });

  it('defineLifecycle says in words what is rejected', () => {
    expect(() => lamp.next('on', 'light')).toThrow('A lamp that is on cannot be lighted');
    expect(() => lamp.next('off', 'douse')).toThrow('A lamp that is off cannot be doused');
  });
});
