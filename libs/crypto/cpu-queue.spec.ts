import { AsyncLocalStorage } from 'node:async_hooks';

import { beforeEach, describe, expect, it } from 'vitest';

import { algorithm } from './algorithms.js';
import { CpuQueue, type CpuWorkKind } from './cpu-queue.js';

/** Until everything that can happen without anything from outside has happened. */
const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let queue: CpuQueue;
/** What was started, in order. */
let started: string[];
beforeEach(() => {
  queue = new CpuQueue();
  started = [];
});

/** Asks for work that ends when the test says so. */
function ask(kind: CpuWorkKind, name: string, { group = name, milliseconds = 1 } = {}) {
  const gate = Promise.withResolvers<void>();
  const done = queue.run({ kind, group, milliseconds }, async () => {
    started.push(name);
    await gate.promise;
    return name;
  });
  return { done, finish: async () => (gate.resolve(), done) };
}

const askAll = (kind: CpuWorkKind, ...names: readonly string[]) => names.map((name) => ask(kind, name));

/** Lets everything end, whether it has started or not. */
const finishAll = (works: readonly { finish(): Promise<unknown> }[]): Promise<unknown> =>
  Promise.allSettled(works.map((work) => work.finish()));

describe('what runs at the same time', () => {
  it.each([
    ['password', 2],
    ['signature', 2],
    ['batch', 1],
    ['key', 1],
    ['urgent-key', 1],
  ] as const)('of the kind %s at most %i run at the same time, however many wait', async (kind, limit) => {
    const works = askAll(kind, 'a', 'b', 'c', 'd');
    await quiet();
    expect([started.length, queue.waiting(kind)]).toEqual([limit, 4 - limit]);
    await finishAll(works);
    expect(started).toEqual(['a', 'b', 'c', 'd']);
  });

  it('the queue leaves a thread of the pool free, with every kind in line', async () => {
    const works = (['key', 'password', 'batch', 'signature'] as const).flatMap((kind) =>
      askAll(kind, `${kind} 1`, `${kind} 2`, `${kind} 3`),
    );
    await quiet();
    expect(started).toHaveLength(3);
    await finishAll(works);
    expect(started).toHaveLength(12);
  });

  it('the queue leaves a thread to a password while keys are generated', async () => {
    const works = [...askAll('key', 'key 1', 'key 2', 'key 3'), ...askAll('password', 'password')];
    await quiet();
    expect(started).toEqual(['key 1', 'password']);
    await finishAll(works);
  });

  it('the queue leaves a thread to a signature while passwords are hashed and keys are generated', async () => {
    const works = [...askAll('password', 'p1', 'p2', 'p3'), ...askAll('key', 'key'), ...askAll('signature', 's1')];
    await quiet();
    expect(started).toEqual(['p1', 'p2', 's1']);
    await finishAll(works);
  });

  it('what runs at the same time lets the successor of a leaked key wait for the one key that is being made, not for those in line', async () => {
    const keys = askAll('key', 'k1', 'k2', 'k3');
    const urgent = ask('urgent-key', 'urgent');
    await quiet();
    expect(started).toEqual(['k1']);
    await keys[0]!.finish();
    await quiet();
    expect(started).toEqual(['k1', 'urgent']);
    await finishAll([...keys, urgent]);
  });

  it.each([
    [2, 1],
    [3, 2],
  ])(
    'on %i processors at most %i RSA signatures of a tenant run at a time while another tenant signs in line',
    async (processors, limit) => {
      queue = new CpuQueue(undefined, undefined, processors);
      const { signingKey } = await algorithm('HS256').generate();
      const signInLine = (group: string) => queue.sign({ group }, 'HS256', Buffer.from('data'), signingKey);
      const first = ['a', 'b', 'c'].map((name) => ask('signature', name, { group: 'one' }));
      await quiet();
      expect(started).toEqual(['a', 'b']);
      // Its own do not count, and those of another tenant for a while.
      await signInLine('one');
      await first[0]!.finish();
      await quiet();
      expect(started).toEqual(['a', 'b', 'c']);
      await signInLine('two');
      const later = ['d', 'e'].map((name) => ask('signature', name, { group: 'one' }));
      await finishAll(first);
      await quiet();
      expect(started.slice(3)).toEqual(['d', 'e'].slice(0, limit));
      await finishAll(later);
      const rest = Array.from({ length: 12 }, (_, number) => ask('signature', String(number), { group: 'one' }));
      await quiet();
      for (const work of rest.slice(0, 10)) await work.finish();
      await quiet();
      expect(started).toHaveLength(5 + 12);
      await finishAll(rest);
    },
  );

  it('the queue does not let a single signature wait behind a batch, nor a batch behind single ones', async () => {
    const batch = askAll('batch', 'b1', 'b2', 'b3');
    const [single, another, third] = askAll('signature', 's1', 's2', 's3');
    await quiet();
    expect(started).toEqual(['b1', 's1']);
    await single!.finish();
    await quiet();
    expect(started).toEqual(['b1', 's1', 's2']);
    await batch[0]!.finish();
    await another!.finish();
    await quiet();
    expect(started.toSorted()).toEqual(['b1', 'b2', 's1', 's2', 's3']);
    await finishAll([...batch, third!]);
  });
});

describe('whose turn it is', () => {
  it('the queue takes turns among tenants: many key generations of one do not hold up one of another', async () => {
    const flood = Array.from({ length: 8 }, (_, number) =>
      ask('key', `b${number}`, { group: 'b', milliseconds: 1_000 }),
    );
    const other = ask('key', 'a', { group: 'a', milliseconds: 1_000 });
    await flood[0]!.finish();
    await quiet();
    expect(started).toEqual(['b0', 'a']);
    await finishAll([...flood, other]);
  });

  it('the queue counts what work costs: a tenant with RSA-4096 gets as much time as one with RSA-2048', async () => {
    const blocker = askAll('batch', 'blocker');
    const works = [
      ...['L1', 'L2', 'L3'].map((name) => ask('batch', name, { group: 'large', milliseconds: 6 })),
      ...['1', '2', '3', '4', '5', '6', '7'].map((name) => ask('batch', name, { group: 'small', milliseconds: 1 })),
    ];
    await finishAll([...blocker, ...works]);
    expect(started).toEqual(['blocker', 'L1', '1', '2', '3', '4', '5', '6', 'L2', '7', 'L3']);
  });

  it("the queue runs each piece of work in its caller's asynchronous context", async () => {
    const caller = new AsyncLocalStorage<string>();
    const named = (name: string): Promise<string | undefined> =>
      caller.run(name, () =>
        queue.run({ kind: 'key', group: 'a', milliseconds: 1 }, async () => {
          await quiet();
          return caller.getStore();
        }),
      );
    expect(await Promise.all([named('first'), named('second'), named('third')])).toEqual(['first', 'second', 'third']);
  });
});

describe('what cannot be done', () => {
  it('a tenant that has too much in line is rejected with BUSY and a time to retry; others are still served', async () => {
    const works = Array.from({ length: 9 }, (_, number) => ask('key', `b${number}`, { group: 'b' }));
    await expect(ask('key', 'too much', { group: 'b' }).done).rejects.toMatchObject({
      code: 'BUSY',
      retryAfterSeconds: 10,
    });
    const other = ask('key', 'a', { group: 'a' });
    await finishAll([...works, other]);
    expect(started).toContain('a');
    expect(await ask('key', 'again', { group: 'b' }).finish()).toBe('again');
  });

  it('every tenant is rejected once too much waits in all', async () => {
    const works = Array.from({ length: 66 }, (_, number) => ask('password', `address ${number}`));
    await expect(ask('password', 'another').done).rejects.toMatchObject({ code: 'BUSY', retryAfterSeconds: 1 });
    await finishAll(works);
    expect(started).toHaveLength(66);
  });

  it('the queue continues after a failure, which only its caller sees', async () => {
    const failing = queue.run({ kind: 'key', group: 'a', milliseconds: 1 }, () => Promise.reject(new Error('failed')));
    const next = askAll('key', 'next');
    await expect(failing).rejects.toThrow('failed');
    await finishAll(next);
    expect(started).toEqual(['next']);
  });

  it('when it is closed, rejects long work that waits or comes, and finishes everything else', async () => {
    const [running, waiting] = askAll('key', 'running', 'waiting');
    const passwords = askAll('password', 'p1', 'p2');
    queue.close();
    await expect(waiting!.done).rejects.toMatchObject({ code: 'BUSY' });
    await expect(ask('key', 'late').done).rejects.toMatchObject({ code: 'BUSY' });
    await finishAll([running!, ...passwords, ...askAll('signature', 'signature')]);
    expect(started.toSorted()).toEqual(['p1', 'p2', 'running', 'signature']);
  });
});

describe('signatures and keys', () => {
  const data = Buffer.from('what is signed');

  it.each(['HS256', 'ES256', 'EdDSA'] as const)(
    'a signature by %s is made at its turn, whatever waits',
    async (name) => {
      const works = askAll('signature', 's1', 's2', 's3');
      const { signingKey, verifyingKey } = await algorithm(name).generate();
      const signature = await queue.sign({ group: 'a' }, name, data, signingKey);
      expect(await algorithm(name).verify(data, signature, verifyingKey)).toBe(true);
      await finishAll(works);
    },
  );

  it.each(['RS256', 'PS256', 'ES384', 'ES512', 'ML-DSA-44'] as const)(
    '%s waits for its turn in the queue',
    async (name) => {
      const { signingKey, verifyingKey } = await algorithm(name).generate(2048);
      const works = askAll('signature', 's1', 's2');
      const signed = queue.sign({ group: 'a' }, name, data, signingKey);
      await quiet();
      expect(queue.waiting('signature')).toBe(1);
      await finishAll(works);
      expect(await algorithm(name).verify(data, await signed, verifyingKey)).toBe(true);
    },
  );

  it('RSA keys are generated one at a time, others as a signature is made', async () => {
    const works = askAll('key', 'long');
    const ec = await queue.generate('a', 'ES256');
    const rsa = queue.generate('a', 'RS256', { modulusBits: 2048 });
    const urgent = queue.generate('a', 'PS256', { modulusBits: 2048, urgent: true });
    await quiet();
    expect(ec.signingKey.asymmetricKeyType).toBe('ec');
    expect([queue.waiting('key'), queue.waiting('urgent-key')]).toEqual([1, 1]);
    await finishAll(works);
    expect((await rsa).signingKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect((await urgent).signingKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
  });

  it('a key of another algorithm does not sign', async () => {
    const { signingKey } = await algorithm('ES256').generate();
    await expect(queue.sign({ group: 'a' }, 'RS256', data, signingKey)).rejects.toMatchObject({
      code: 'KEY_DOES_NOT_FIT',
    });
  });

  it('every computation is announced where it is asked for, also one that need not wait', async () => {
    const announced: string[] = [];
    queue = new CpuQueue((what) => {
      announced.push(what);
      throw new Error('not here');
    });
    const { signingKey } = await algorithm('HS256').generate();
    await expect(queue.sign({ group: 'a' }, 'HS256', data, signingKey)).rejects.toThrow('not here');
    await expect(queue.generate('a', 'ES256')).rejects.toThrow('not here');
    await expect(ask('password', 'password').done).rejects.toThrow('not here');
    expect([announced.length, started]).toEqual([3, []]);
  });
});
