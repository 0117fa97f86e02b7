import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { SerialQueue } from './serial-queue.js';

describe('the serial queue', () => {
  it('runs one piece of work after the other, in the order of arrival', async () => {
    const queue = new SerialQueue(10);
    const log: string[] = [];
    const work = (name: string, turns: number) => async (): Promise<string> => {
      log.push(`${name} begins`);
      for (let turn = 0; turn < turns; turn += 1) await turnOfTheLoop();
      log.push(`${name} ends`);
      return name;
    };
    const results = await Promise.all([queue.run(work('slow', 3)), queue.run(work('fast', 0))]);
    expect(results).toEqual(['slow', 'fast']);
    expect(log).toEqual(['slow begins', 'slow ends', 'fast begins', 'fast ends']);
  });

  it('goes on after a failure, which only its caller sees', async () => {
    const queue = new SerialQueue(10);
    const failing = queue.run(() => Promise.reject(new Error('failed')));
    const next = queue.run(async () => 'next');
    await expect(failing).rejects.toThrow('failed');
    expect(await next).toBe('next');
  });

  it('refuses what would wait behind too many, and takes work again when they are done', async () => {
    const queue = new SerialQueue(2);
    const gate = Promise.withResolvers<void>();
    const taken = [queue.run(() => gate.promise), queue.run(() => gate.promise)];
    await expect(queue.run(async () => undefined)).rejects.toMatchObject({ code: 'BUSY', retryAfterSeconds: 1 });
    gate.resolve();
    await Promise.all(taken);
    expect(await queue.run(async () => 'taken')).toBe('taken');
  });
});
