import { AsyncLocalStorage } from 'node:async_hooks';

import { describe, expect, it } from 'vitest';

import { PresentNumbers } from './present-numbers.js';

/** Numbers that change, and the statements that read them. */
function fixture() {
  const committed = new Map([
    ['one', 1],
    ['other', 7],
  ]);
  const statements: (readonly string[])[] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const present = new PresentNumbers(async (tenantIds) => {
    statements.push(tenantIds);
    const read = new Map([...committed].filter(([id]) => tenantIds.includes(id)));
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    await gate.promise;
    return read;
  });
  const begun = async (count: number): Promise<void> => {
    await expect.poll(() => statements.length, { interval: 1 }).toBe(count);
  };
  return { committed, statements, gates, present, begun };
}

describe('present numbers', () => {
  it('requests that ask at the same time share a statement, and an unknown tenant has no number', async () => {
    const { statements, gates, present, begun } = fixture();
    const asked = Promise.all(['one', 'other', 'one', 'none'].map((id) => present.of(id)));
    await begun(1);
    gates[0]!.resolve();
    expect(await asked).toEqual([1, 7, 1, undefined]);
    expect(statements).toEqual([['one', 'other', 'none']]);
  });

  it('a request that asks while a statement is under way is told what the next one reads', async () => {
    const { committed, gates, present, begun } = fixture();
    const early = present.of('one');
    await begun(1);
    committed.set('one', 2);
    const late = present.of('one');
    gates[0]!.resolve();
    await begun(2);
    gates[1]!.resolve();
    expect([await early, await late]).toEqual([1, 2]);
  });

  it('a statement that fails is the answer to those that waited for it, and to no other', async () => {
    const { gates, present, begun } = fixture();
    const unlucky = present.of('one');
    await begun(1);
    const next = present.of('one');
    gates[0]!.reject(new Error('away'));
    await expect(unlucky).rejects.toThrow('away');
    await begun(2);
    gates[1]!.resolve();
    expect(await next).toBe(1);
  });

  it('a statement runs in the asynchronous context of no asker, so that none gives its transaction to others', async () => {
    const caller = new AsyncLocalStorage<string>();
    const contexts: (string | undefined)[] = [];
    const present = new PresentNumbers(async () => {
      contexts.push(caller.getStore());
      return new Map();
    });
    await Promise.all([caller.run('first', () => present.of('one')), present.of('other')]);
    expect(contexts).toEqual([undefined]);
  });

  it('a statement names no more than 256 tenants', async () => {
    const { statements, gates, present, begun } = fixture();
    const asked = Promise.all(Array.from({ length: 300 }, (_, number) => present.of(`tenant ${number}`)));
    await begun(1);
    gates[0]!.resolve();
    await begun(2);
    gates[1]!.resolve();
    await asked;
    expect(statements.map(({ length }) => length)).toEqual([256, 44]);
  });

  it('beyond 2,000 requests that wait, the next one is told that the server is busy', async () => {
    const { present } = fixture();
    for (let number = 0; number < 2_000; number += 1) void present.of('one');
    expect(() => present.of('one')).toThrow(expect.objectContaining({ code: 'BUSY' }));
  });
});
