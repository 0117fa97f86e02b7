import { describe, expect, it } from 'vitest';

import { Counter } from './counter.js';
import { Labelled } from './labelled.js';

describe('labelled cells', () => {
  it('labelled cells keep a bounded number of combinations, and count all others together', () => {
    const cells = new Labelled(() => ({ value: 0 }), 2);
    for (const label of ['a', 'b', 'c', 'd', 'a']) cells.at(label, '', '').value += 1;
    expect([...cells.entries()]).toEqual([
      [['a', '', ''], { value: 2 }],
      [['b', '', ''], { value: 1 }],
      [['other', 'other', 'other'], { value: 2 }],
    ]);
  });

  it('a counter tells labels apart at each place', () => {
    const counter = new Counter();
    for (const labels of [['a'], ['a', 'b'], ['', 'a'], ['a', 'b']]) counter.increment(...labels);
    expect([...counter.values()]).toEqual([
      [['a', '', ''], 1],
      [['a', 'b', ''], 2],
      [['', 'a', ''], 1],
    ]);
  });
});
