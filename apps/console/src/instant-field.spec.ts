import { describe, expect, it } from 'vitest';

import { fieldOfInstant, instantOfField } from './instant-field.js';

describe('a field of date and time', () => {
  it('a field of date and time is an instant in UTC, however exactly it was filled in', () => {
    expect(['2026-11-27T08:30', '2026-11-27T08:30:15', '2026-11-27T08:30:15.5'].map(instantOfField)).toEqual([
      '2026-11-27T08:30:00.000Z',
      '2026-11-27T08:30:15.000Z',
      '2026-11-27T08:30:15.500Z',
    ]);
  });

  it('an instant comes back from the field to the millisecond', () => {
    const instant = '2026-11-27T08:30:15.007Z';
    expect(instantOfField(fieldOfInstant(instant))).toBe(instant);
  });
});
