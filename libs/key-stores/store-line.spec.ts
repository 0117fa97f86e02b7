import { describe, expect, it } from 'vitest';

import { StoreLine, StoreOutage } from './store-line.js';

/** A call that ends when the test says so. */
function heldCall() {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  return { call: () => released, release };
}

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'done',
    ({ code }: { code: string }) => code,
  );

describe('StoreLine', () => {
  it('a tenant that fills its part of the line is refused immediately, and another tenant is served in its turn', async () => {
    const line = new StoreLine(1);
    const { call, release } = heldCall();
    const order: string[] = [];
    const run = (tenant: string): Promise<void> => line.run(tenant, async () => void order.push(tenant));
    const held = line.run('many', call);
    const waiting = Array.from({ length: 100 }, () => run('many'));
    expect(await codeOf(run('many'))).toBe('KEY_STORE_BUSY');
    const other = run('other');
    expect([line.waiting, order]).toEqual([101, []]);
    release();
    await Promise.all([held, other, ...waiting]);
    expect(order.indexOf('other')).toBeLessThanOrEqual(1);
  });

  it('the line is bounded for all tenants together', async () => {
    const line = new StoreLine(1);
    const { call, release } = heldCall();
    const held = line.run('first', call);
    const waiting = Array.from({ length: 500 }, (_, index) => line.run(`tenant ${index}`, async () => undefined));
    expect(await codeOf(line.run('last', async () => undefined))).toBe('KEY_STORE_BUSY');
    release();
    await Promise.all([held, ...waiting]);
  });

  it('what waits for a store that does not answer is refused with the call that found it out', async () => {
    const line = new StoreLine(1);
    const { call, release } = heldCall();
    const lost = line.run('one', () => call().then(() => Promise.reject(new StoreOutage(new Error('away')))));
    const waiting = line.run('other', async () => undefined);
    release();
    expect(
      await Promise.all([codeOf(lost), codeOf(waiting), codeOf(line.run('third', async () => undefined))]),
    ).toEqual(['KEY_STORE_UNAVAILABLE', 'KEY_STORE_UNAVAILABLE', 'KEY_STORE_UNAVAILABLE']);
  });
});
