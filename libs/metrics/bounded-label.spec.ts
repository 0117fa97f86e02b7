import { describe, expect, it } from 'vitest';

import { BoundedLabel } from './bounded-label.js';

describe('a bounded label', () => {
  it('a bounded label names the first values that it meets, and all later ones alike', () => {
    const label = new BoundedLabel(2);
    expect(['a', 'b', 'c', 'a', 'd'].map((value) => label.of(value))).toEqual(['a', 'b', 'other', 'a', 'other']);
  });

  it('a bounded label for no values tells nothing apart', () => {
    expect(new BoundedLabel(0).of('a')).toBeUndefined();
  });
});
