import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Reachability, Unreachable } from './reachability.js';

const SUSPECT = 1_000;
const EVERY = 100;

let answers: boolean;
let probes: number;
let reachability: Reachability;

beforeEach(() => {
  vi.useFakeTimers();
  answers = true;
  probes = 0;
  reachability = new Reachability({
    probe: async () => {
      probes += 1;
      return answers;
    },
    suspectAfterMilliseconds: SUSPECT,
    checkEveryMilliseconds: EVERY,
  });
});
afterEach(() => {
  reachability.close();
  vi.useRealTimers();
});

const hanging = (): Promise<never> => new Promise(() => undefined);
const outcome = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

describe('work on a database', () => {
  it('work on a database gives its result, and throws what it throws, without asking the database anything', async () => {
    expect(await reachability.run(async () => 1)).toBe(1);
    expect(await outcome(reachability.run(() => Promise.reject(new Error('own'))))).toEqual(new Error('own'));
    await vi.advanceTimersByTimeAsync(10 * SUSPECT);
    expect(probes).toBe(0);
  });

  it('work on a database continues for as long as it takes while the database answers: it waits for a lock', async () => {
    const lock = Promise.withResolvers<string>();
    const work = reachability.run(() => lock.promise);
    await vi.advanceTimersByTimeAsync(10 * SUSPECT);
    expect(probes).toBeGreaterThan(1);
    lock.resolve('done');
    expect(await work).toBe('done');
  });

  it('work on a database ends as unreachable once it is suspect and the database does not answer', async () => {
    answers = false;
    const work = outcome(reachability.run(hanging));
    await vi.advanceTimersByTimeAsync(SUSPECT + 2 * EVERY);
    expect(await work).toBeInstanceOf(Unreachable);
  });

  it('work on a database is not begun while the database is away, and is again as soon as it is back', async () => {
    answers = false;
    expect(await reachability.answers()).toBe(false);
    let begun = 0;
    const work = (): Promise<unknown> => outcome(reachability.run(async () => (begun += 1)));
    expect([await work(), begun]).toEqual([new Unreachable('The database does not answer'), 0]);
    answers = true;
    await vi.advanceTimersByTimeAsync(2 * EVERY);
    expect(await work()).toBe(1);
  });

  it('the database is asked once at a time, however many ask', async () => {
    await Promise.all(Array.from({ length: 5 }, () => reachability.answers()));
    expect(probes).toBe(1);
  });
});
