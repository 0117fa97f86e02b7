import { AsyncLocalStorage } from 'node:async_hooks';

import { describe, expect, it } from 'vitest';

import { FairQueue } from './fair-queue.js';

/** Work that ends when the test says so. */
function held(queue: FairQueue, group: string, cost = 1) {
  const gate = Promise.withResolvers<void>();
  let started = false;
  const done = queue.run(group, cost, async () => {
    started = true;
    await gate.promise;
  });
  return { isStarted: () => started, done, finish: async () => (gate.resolve(), done) };
}

/** Until everything that can happen without anything from outside has happened. */
const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const LIMITS = { concurrency: 1, waitingMax: 10, waitingPerGroupMax: 4 };

describe('a fair queue', () => {
  it('a fair queue runs as much at a time as it may', async () => {
    const queue = new FairQueue({ ...LIMITS, concurrency: 2 });
    const works = [held(queue, 'a'), held(queue, 'a'), held(queue, 'a')];
    await quiet();
    expect(works.map((work) => work.isStarted())).toEqual([true, true, false]);
    await works[1]!.finish();
    await quiet();
    expect(works.map((work) => work.isStarted())).toEqual([true, true, true]);
    await Promise.all(works.map((work) => work.finish()));
  });

  it('a fair queue does not let a group with much work keep the others waiting', async () => {
    const queue = new FairQueue(LIMITS);
    const log: string[] = [];
    const work = (group: string, name: string): Promise<void> =>
      queue.run(group, 1, async () => {
        await quiet();
        log.push(name);
      });
    await Promise.all([work('a', 'a1'), work('a', 'a2'), work('a', 'a3'), work('a', 'a4'), work('b', 'b1')]);
    expect(log).toEqual(['a1', 'b1', 'a2', 'a3', 'a4']);
  });

  it('a fair queue continues after a failure, which only its caller sees', async () => {
    const queue = new FairQueue(LIMITS);
    const failing = queue.run('a', 1, () => Promise.reject(new Error('failed')));
    const next = queue.run('a', 1, async () => 'next');
    await expect(failing).rejects.toThrow('failed');
    expect(await next).toBe('next');
  });

  it('a fair queue rejects what would be too much of one group, still takes another, and rejects what is too much of all', async () => {
    const queue = new FairQueue({ concurrency: 1, waitingMax: 3, waitingPerGroupMax: 2 });
    const works = [held(queue, 'a'), held(queue, 'a'), held(queue, 'a')];
    await expect(queue.run('a', 1, async () => undefined)).rejects.toMatchObject({
      code: 'BUSY',
      retryAfterSeconds: 1,
    });
    works.push(held(queue, 'b'));
    await expect(queue.run('c', 1, async () => undefined)).rejects.toMatchObject({ code: 'BUSY' });
    await Promise.all(works.map((work) => work.finish()));
    expect(await queue.run('a', 1, async () => 'taken')).toBe('taken');
  });

  it("a fair queue runs each piece of work in its caller's asynchronous context", async () => {
    const queue = new FairQueue(LIMITS);
    const caller = new AsyncLocalStorage<string>();
    const named = (name: string): Promise<string | undefined> =>
      caller.run(name, () =>
        queue.run('a', 1, async () => {
          await quiet();
          return caller.getStore();
        }),
      );
    expect(await Promise.all([named('first'), named('second'), named('third')])).toEqual(['first', 'second', 'third']);
  });
});
