import { describe, expect, it } from 'vitest';

import { ManualClock, MINUTE, SECOND } from '#core';

import { DocumentCache } from './document-cache.js';

const URL_OF_KEYS = 'https://issuer.test/jwks';

function cacheOf(load: (reads: number) => number) {
  const clock = new ManualClock();
  let reads = 0;
  const cache = new DocumentCache(clock, async () => load((reads += 1)));
  return { cache, clock, pass: (time: number) => clock.set(clock.now() + time), reads: () => reads };
}

describe('a document of an issuer', () => {
  it('a document of an issuer is read once in five minutes, however many ask for it', async () => {
    const { cache, pass, reads } = cacheOf((number) => number);
    expect(await Promise.all([cache.read(URL_OF_KEYS), cache.read(URL_OF_KEYS)])).toEqual([1, 1]);
    pass(5 * MINUTE - 1);
    expect(await cache.read(URL_OF_KEYS)).toBe(1);
    pass(1);
    expect(await cache.read(URL_OF_KEYS)).toBe(2);
    expect(reads()).toBe(2);
  });

  it('a document of an issuer is read again for an unknown key once in ten seconds', async () => {
    const { cache, pass, reads } = cacheOf((number) => number);
    await cache.read(URL_OF_KEYS);
    for (let unknown = 0; unknown < 50; unknown += 1) expect(await cache.readAgain(URL_OF_KEYS)).toBe(2);
    pass(10 * SECOND);
    expect(await cache.readAgain(URL_OF_KEYS)).toBe(3);
    expect(reads()).toBe(3);
  });

  it('a document of an issuer that cannot be read is not asked for again for ten seconds', async () => {
    const { cache, pass, reads } = cacheOf((number) => {
      if (number < 2) throw new Error('away');
      return number;
    });
    for (let attempt = 0; attempt < 5; attempt += 1) await expect(cache.read(URL_OF_KEYS)).rejects.toThrow('away');
    expect(reads()).toBe(1);
    pass(10 * SECOND);
    expect(await cache.read(URL_OF_KEYS)).toBe(2);
  });

  it('a document of an issuer that cannot be read again is kept as it is', async () => {
    const { cache } = cacheOf((number) => {
      if (number > 1) throw new Error('away');
      return number;
    });
    await cache.read(URL_OF_KEYS);
    await expect(cache.readAgain(URL_OF_KEYS)).rejects.toThrow('away');
    expect(await cache.read(URL_OF_KEYS)).toBe(1);
  });

  it('a document of an issuer that was read while the clock was ahead is read again', async () => {
    const { cache, pass } = cacheOf((number) => number);
    await cache.read(URL_OF_KEYS);
    pass(-MINUTE);
    expect(await cache.read(URL_OF_KEYS)).toBe(2);
  });
});
