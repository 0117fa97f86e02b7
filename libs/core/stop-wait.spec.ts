import { describe, expect, it } from 'vitest';

import { MINUTE } from './duration.js';
import { endedOrGivenUp } from './stop-wait.js';

const never = new Promise<never>(() => undefined);

describe('the wait of a process that stops', () => {
  it('the wait of a process that stops ends with its work, which may fail', async () => {
    const failed = Promise.reject(new Error('no connection'));
    await expect(endedOrGivenUp([undefined, Promise.resolve(), failed], MINUTE)).resolves.toBeUndefined();
  });

  it('the wait of a process that stops ends without its work where that takes too long', async () => {
    await expect(endedOrGivenUp([Promise.resolve(), never], 10)).resolves.toBeUndefined();
  });
});
