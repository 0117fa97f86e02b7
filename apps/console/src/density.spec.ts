import { describe, expect, it } from 'vitest';

import { densityOf } from './density.js';

describe('densityOf', () => {
  it('instants are counted in equal parts, the last one in the last part', () => {
    const at = (minute: number): string => `2026-11-27T12:0${minute}:00.000Z`;
    expect(densityOf([at(4), at(0), at(1), at(1)], 4)?.counts).toEqual([1, 2, 0, 1]);
  });

  it('events of one instant are in the first part, and one event has no density', () => {
    const instant = '2026-11-27T12:00:00.000Z';
    expect(densityOf([instant, instant], 3)?.counts).toEqual([2, 0, 0]);
    expect(densityOf([instant], 3)).toBeUndefined();
  });
});
