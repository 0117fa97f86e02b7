import { describe, expect, it } from 'vitest';

import { rotationStep, usesByHour } from './rotation.js';

const NOW = Date.UTC(2026, 10, 27, 12);
const at = (hoursAgo: number): string => `2026-11-27T${String(12 - hoursAgo).padStart(2, '0')}:00:00.000Z`;

const credential = (id: string, state: string, createdHoursAgo: number, usedHoursAgo?: number) => ({
  id,
  state,
  createdAt: at(createdHoursAgo),
  lastUsedAt: usedHoursAgo === undefined ? null : at(usedHoursAgo),
});

describe('rotationStep', () => {
  it('one active credential can get a successor', () => {
    expect(rotationStep([credential('a', 'active', 5)], NOW)).toMatchObject({ step: 'create', old: { id: 'a' } });
  });

  it.each([
    [0, false],
    [1, true],
    [undefined, true],
  ])('of two active credentials the older is watched until no request used it for an hour: %j', (used, quiet) => {
    const both = [credential('b', 'active', 1), credential('a', 'active', 5, used)];
    expect(rotationStep(both, NOW)).toMatchObject({
      step: 'watch',
      old: { id: 'a' },
      next: { id: 'b' },
      oldIsQuiet: quiet,
    });
  });

  it('an inactive credential is deleted at last', () => {
    const both = [credential('a', 'inactive', 5), credential('b', 'active', 1)];
    expect(rotationStep(both, NOW)).toMatchObject({ step: 'delete', old: { id: 'a' } });
  });

  it('without an active credential there is nothing to rotate', () => {
    expect(rotationStep([credential('a', 'expired', 5)], NOW)).toBeUndefined();
  });
});

describe('usesByHour', () => {
  it('uses are counted in the hour in which they were, older ones not at all', () => {
    expect(usesByHour([at(0), at(0), at(1), at(2), at(9)], NOW, 3)).toEqual([1, 1, 2]);
  });
});
