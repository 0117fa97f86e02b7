import { expect, it } from 'vitest';

import { CountedUses } from './counted-uses.js';

it('counted uses are written by one run at a time, and what is noted meanwhile by the next', async () => {
  const written: number[] = [];
  let running = 0;
  let release = (): void => undefined;
  let held = Promise.resolve();
  const uses = new CountedUses(async (_, count) => {
    running += 1;
    expect(running).toBe(1);
    await held;
    written.push(count);
    running -= 1;
  }, 'key');
  const use = { sourceAddress: null };
  await uses.note('one', use);
  await uses.note('two', use);
  await uses.note('one', use);
  await uses.note('two', use);
  held = new Promise((resolve) => (release = resolve));
  const flushes = [uses.flush()];
  await Promise.resolve();
  await uses.note('one', use);
  flushes.push(uses.flush(), uses.flush());
  release();
  await Promise.all(flushes);
  expect(written).toEqual([1, 1, 1, 1, 1]);
});
