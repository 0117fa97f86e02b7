import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FairLine } from './fair-line.js';

/** Every item in the order in which it is its turn. */
function order(line: FairLine<string>): string[] {
  const items: string[] = [];
  for (let item = line.shift(); item !== undefined; item = line.shift()) items.push(item);
  return items;
}

describe('a fair line', () => {
  it('a fair line takes turns among groups, however many items each of them has', () => {
    const line = new FairLine<string>();
    for (const item of ['a1', 'a2', 'a3', 'a4']) line.push('a', 1, item);
    for (const item of ['b1', 'b2']) line.push('b', 1, item);
    line.push('c', 1, 'c1');
    expect(order(line)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  });

  it('a fair line gives a group with expensive items as much as a group with cheap ones, not as many', () => {
    const line = new FairLine<string>();
    for (const item of ['RSA 1', 'RSA 2', 'RSA 3']) line.push('expensive', 4, item);
    for (let number = 1; number <= 8; number += 1) line.push('cheap', 1, String(number));
    expect(order(line)).toEqual(['RSA 1', '1', '2', '3', '4', 'RSA 2', '5', '6', '7', '8', 'RSA 3']);
  });

  it('a fair line charges a group for what it was given while no other waited', () => {
    const line = new FairLine<string>();
    line.push('greedy', 10, 'batch 1');
    expect(line.shift()).toBe('batch 1');
    line.push('greedy', 10, 'batch 2');
    for (const item of ['1', '2', '3']) line.push('modest', 1, item);
    expect(order(line)).toEqual(['1', '2', '3', 'batch 2']);
  });

  it('a fair line gives no credit for having been away', () => {
    const line = new FairLine<string>();
    for (let number = 1; number <= 100; number += 1) line.push('busy', 1, 'earlier');
    order(line);
    for (const item of ['n1', 'n2', 'n3']) line.push('new', 1, item);
    for (const item of ['b1', 'b2', 'b3']) line.push('busy', 1, item);
    // The busy one had its turn just before.
    expect(order(line)).toEqual(['n1', 'n2', 'b1', 'n3', 'b2', 'b3']);
  });

  it('a fair line knows how many wait, in all and of each group, and gives them all back when it is drained', () => {
    const line = new FairLine<string>();
    for (const item of ['a1', 'a2']) line.push('a', 1, item);
    line.push('b', 1, 'b1');
    expect([line.length, line.lengthOf('a'), line.lengthOf('b'), line.lengthOf('c')]).toEqual([3, 2, 1, 0]);
    expect(line.drain()).toEqual(['a1', 'a2', 'b1']);
    expect([line.length, line.shift()]).toEqual([0, undefined]);
  });

  it('a fair line lets no group that always waits fall behind another by more than the most expensive item of each', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 6 }), (costs) => {
        const line = new FairLine<number>();
        const used = costs.map(() => 0);
        const push = (group: number): void => line.push(String(group), costs[group]!, group);
        for (let group = 0; group < costs.length; group += 1) for (let item = 0; item < 3; item += 1) push(group);
        for (let turn = 0; turn < 300; turn += 1) {
          const group = line.shift()!;
          used[group]! += costs[group]!;
          push(group);
          const spread = Math.max(...used) - Math.min(...used);
          expect(spread).toBeLessThanOrEqual(2 * Math.max(...costs));
        }
      }),
    );
  });

  it('a fair line forgets groups that are even, and keeps the debts of the others', () => {
    const line = new FairLine<string>();
    line.push('greedy', 5_000, 'first');
    line.shift();
    for (let group = 0; group < 3_000; group += 1) {
      line.push(`passing ${group}`, 1, 'once');
      line.shift();
    }
    line.push('greedy', 1, 'greedy');
    line.push('modest', 1, 'modest');
    expect(order(line)).toEqual(['modest', 'greedy']);
  });
});
