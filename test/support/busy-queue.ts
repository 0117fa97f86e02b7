import { setTimeout as delay } from 'node:timers/promises';

import type { CpuQueue } from '#crypto';

/** How many signatures of a kind are made at the same time. */
const AT_A_TIME = { signature: 2, batch: 1 } as const;

/** Lets `change` happen while a signature that `request` needs waits for its turn. */
export async function whileSigning<T>(
  queue: CpuQueue,
  kind: keyof typeof AT_A_TIME,
  request: () => Promise<T>,
  change: () => Promise<unknown>,
): Promise<T> {
  const gate = Promise.withResolvers<void>();
  const held = Array.from({ length: AT_A_TIME[kind] }, () =>
    queue.run({ kind, group: 'held', milliseconds: 1 }, () => gate.promise),
  );
  try {
    const answer = request();
    while (queue.waiting(kind) === 0) await delay(1);
    await change();
    gate.resolve();
    return await answer;
  } finally {
    gate.resolve();
    await Promise.all(held);
  }
}
