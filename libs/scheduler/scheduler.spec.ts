import { describe, expect, it } from 'vitest';

import type { Expirable } from '#core';

import { ItemsFailed } from './due-items.js';
import { Scheduler } from './scheduler.js';

const BATCH = 500;

interface Line {
  readonly kind?: string;
  readonly item?: string;
  readonly failed?: number;
}

function schedulerOf(
  kinds: readonly Expirable[],
  options: { sealed?: boolean; isPaused?: () => Promise<boolean> } = {},
) {
  const { sealed = false, isPaused = async () => false } = options;
  const errors: Line[] = [];
  const ignore = (): void => undefined;
  const log = { error: (fields: object) => void errors.push(fields), warn: ignore, debug: ignore };
  return {
    scheduler: new Scheduler({
      kinds: () => kinds,
      log,
      describe: () => ({}),
      now: () => 1_000,
      isSealed: () => sealed,
      isPaused,
    }),
    errors,
  };
}

/** A kind that answers its batches one by one; `undefined` fails. */
function kindOf(kind: string, ...batches: readonly (number | ItemsFailed | undefined)[]) {
  const left = [...batches];
  const asked: number[] = [];
  return {
    kind,
    asked,
    recordDue: async (limit: number): Promise<number> => {
      asked.push(limit);
      const batch = left.shift();
      if (typeof batch === 'number') return batch;
      throw batch ?? new Error('broken');
    },
  };
}

const failedItems = (count: number, attempted: number): ItemsFailed =>
  new ItemsFailed(
    'poisoned',
    Array.from({ length: count }, (_, index) => ({
      item: `i${index}`,
      failures: 1,
      retryAt: 0,
      error: new Error('broken'),
    })),
    attempted,
  );

describe('a run of the scheduler', () => {
  it('a run of the scheduler asks a kind until a batch comes back short', async () => {
    const kind = kindOf('many', BATCH, BATCH, 7);
    const { scheduler } = schedulerOf([kind]);
    await scheduler.run();
    expect(kind.asked).toEqual([BATCH, BATCH, BATCH]);
    expect(scheduler.counters.get('many')).toEqual({ handled: 2 * BATCH + 7, failed: 0 });
  });

  it('a run of the scheduler continues with the other kinds when one fails as a whole', async () => {
    const last = kindOf('last', 1);
    const { scheduler, errors } = schedulerOf([kindOf('broken', undefined), last]);
    await scheduler.run();
    expect(last.asked).toHaveLength(1);
    expect(errors.map(({ kind }) => kind)).toEqual(['broken']);
  });

  it('a run of the scheduler continues with the next batch of a kind of which some items failed, and reports each by its id', async () => {
    const kind = kindOf('poisoned', failedItems(2, BATCH), 0);
    const { scheduler, errors } = schedulerOf([kind]);
    await scheduler.run();
    expect(kind.asked).toHaveLength(2);
    expect(errors.map(({ kind: noun, item }) => [noun, item])).toEqual([
      ['poisoned', 'i0'],
      ['poisoned', 'i1'],
    ]);
    expect(scheduler.counters.get('poisoned')).toEqual({ handled: BATCH - 2, failed: 2 });
  });

  it('a run of the scheduler does not flood the log when thousands of items fail', async () => {
    const { scheduler, errors } = schedulerOf([kindOf('poisoned', failedItems(400, 400))]);
    await scheduler.run();
    expect(errors).toHaveLength(21);
    expect(errors.at(-1)).toEqual({ kind: 'poisoned', failed: 380 });
  });

  it('a run of the scheduler asks only kinds whose work can be undone while it is paused', async () => {
    const [final, reversible] = [kindOf('final', 0), { ...kindOf('reversible', 0), runsWhilePaused: true as const }];
    await schedulerOf([final, reversible], { isPaused: async () => true }).scheduler.run();
    expect([final.asked, reversible.asked]).toEqual([[], [BATCH]]);
  });

  it('a run of the scheduler asks no kind where it cannot tell whether it is paused', async () => {
    const kind = { ...kindOf('reversible', 0), runsWhilePaused: true as const };
    const { scheduler, errors } = schedulerOf([kind], { isPaused: () => Promise.reject(new Error('no database')) });
    await scheduler.run();
    expect([kind.asked, errors]).toEqual([[], [{ error: {} }]]);
  });

  it('a run of the scheduler does nothing while the installation is sealed or after the stop', async () => {
    const kind = kindOf('any', 0);
    await schedulerOf([kind], { sealed: true }).scheduler.run();
    const { scheduler } = schedulerOf([kind]);
    await scheduler.stop();
    await scheduler.run();
    expect(kind.asked).toEqual([]);
  });
});
