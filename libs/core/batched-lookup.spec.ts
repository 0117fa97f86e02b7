import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { BatchedLookup, type BatchedLookupOptions } from './batched-lookup.js';

/** Knows the ids that begin with `known`, and remembers which loads there were. */
function lookupOf(options: BatchedLookupOptions = {}) {
  const loads: (readonly string[])[] = [];
  const lookup = new BatchedLookup(
    async (ids) => {
      loads.push(ids);
      return new Map(ids.filter((id) => id.startsWith('known')).map((id) => [id, `found ${id}`]));
    },
    { collectMilliseconds: 1, ...options },
  );
  return { lookup, loads };
}

describe('BatchedLookup', () => {
  it('BatchedLookup answers what is asked at the same time by one load, each id once', async () => {
    const { lookup, loads } = lookupOf();
    const asked = ['known 1', 'unknown', 'known 2', 'known 1'];
    expect(await Promise.all(asked.map((id) => lookup.find(id)))).toEqual([
      'found known 1',
      undefined,
      'found known 2',
      'found known 1',
    ]);
    expect(loads).toEqual([['known 1', 'unknown', 'known 2']]);
  });

  it('BatchedLookup runs one load after the other, none for more ids than its limit', async () => {
    const { lookup, loads } = lookupOf({ batchMax: 100 });
    const answers = await Promise.all(Array.from({ length: 250 }, (_, index) => lookup.find(`known ${index}`)));
    expect(answers).toEqual(Array.from({ length: 250 }, (_, index) => `found known ${index}`));
    expect(loads.map(({ length }) => length)).toEqual([100, 100, 50]);
  });

  it('BatchedLookup answers a question beyond the limit of those that wait as unknown, without a load', async () => {
    const { lookup, loads } = lookupOf({ waitingMax: 2 });
    const answers = await Promise.all(['known 1', 'known 2', 'known 3'].map((id) => lookup.find(id)));
    expect(answers).toEqual(['found known 1', 'found known 2', undefined]);
    expect(loads.flat()).toEqual(['known 1', 'known 2']);
    expect(await lookup.find('known 3')).toBe('found known 3');
  });

  it('BatchedLookup gives an answer again for a moment only, also that nothing is known', async () => {
    const { lookup, loads } = lookupOf({ rememberMilliseconds: 30 });
    for (const id of ['known 1', 'unknown', 'known 1', 'unknown']) await lookup.find(id);
    expect(loads).toEqual([['known 1'], ['unknown']]);
    await delay(60);
    await lookup.find('known 1');
    expect(loads).toHaveLength(3);
  });

  it('BatchedLookup passes a failure on to each who waits, and loads again afterwards', async () => {
    let fails = true;
    const lookup = new BatchedLookup(
      async (ids) => {
        if (fails) throw new Error('away');
        return new Map(ids.map((id) => [id, id]));
      },
      { collectMilliseconds: 1 },
    );
    const outcomes = await Promise.allSettled([lookup.find('1'), lookup.find('2')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fails = false;
    expect(await lookup.find('1')).toBe('1');
  });
});
