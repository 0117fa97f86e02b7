import { AsyncLocalStorage } from 'node:async_hooks';

import { describe, expect, it } from 'vitest';

import { SharedReads } from './shared-reads.js';

/** Numbers that change, and the statements that read them. */
function fixture() {
  const committed = new Map([
    ['one', 1],
    ['other', 7],
  ]);
  const statements: (readonly string[])[] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const reads = new SharedReads<number>(async (keys) => {
    statements.push(keys);
    const read = new Map([...committed].filter(([key]) => keys.includes(key)));
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    await gate.promise;
    return read;
  });
  const begun = async (count: number): Promise<void> => {
    await expect.poll(() => statements.length, { interval: 1 }).toBe(count);
  };
  return { committed, statements, gates, reads, begun };
}

describe('shared reads', () => {
  it('requests that ask at the same time share a statement, and an unknown key has no value', async () => {
    const { statements, gates, reads, begun } = fixture();
    const asked = Promise.all(['one', 'other', 'one', 'none'].map((id) => reads.of(id)));
    await begun(1);
    gates[0]!.resolve();
    expect(await asked).toEqual([1, 7, 1, undefined]);
    expect(statements).toEqual([['one', 'other', 'none']]);
  });

  it('a request that asks while a statement is under way is told what the next one reads', async () => {
    const { committed, gates, reads, begun } = fixture();
    const early = reads.of('one');
    await begun(1);
    committed.set('one', 2);
    const late = reads.of('one');
    gates[0]!.resolve();
    await begun(2);
    gates[1]!.resolve();
    expect([await early, await late]).toEqual([1, 2]);
  });

  it('a statement that fails is the answer to those that waited for it, and to no other', async () => {
    const { gates, reads, begun } = fixture();
    const unlucky = reads.of('one');
    await begun(1);
    const next = reads.of('one');
    gates[0]!.reject(new Error('away'));
    await expect(unlucky).rejects.toThrow('away');
    await begun(2);
    gates[1]!.resolve();
    expect(await next).toBe(1);
  });

  it('a statement runs in the asynchronous context of no asker, so that none gives its transaction to others', async () => {
    const caller = new AsyncLocalStorage<string>();
    const contexts: (string | undefined)[] = [];
    const reads = new SharedReads<number>(async () => {
      contexts.push(caller.getStore());
      return new Map();
    });
    await Promise.all([caller.run('first', () => reads.of('one')), reads.of('other')]);
    expect(contexts).toEqual([undefined]);
  });

  it('a statement names no more than 256 keys', async () => {
    const { statements, gates, reads, begun } = fixture();
    const asked = Promise.all(Array.from({ length: 300 }, (_, number) => reads.of(`key ${number}`)));
    await begun(1);
    gates[0]!.resolve();
    await begun(2);
    gates[1]!.resolve();
    await asked;
    expect(statements.map(({ length }) => length)).toEqual([256, 44]);
  });

  it('beyond 2,000 requests that wait, the next one is told that the server is busy', async () => {
    const { reads } = fixture();
    for (let number = 0; number < 2_000; number += 1) void reads.of('one');
    expect(() => reads.of('one')).toThrow(expect.objectContaining({ code: 'BUSY' }));
  });
});
