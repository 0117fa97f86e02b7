import type { EventFactory } from '#core';
import { In, type Tx } from '#database';

import { KeyVersion } from './entities.js';
import { keyEvents } from './events.js';
import { type KeyVersionState, keyVersionLifecycle, publishedStates } from './lifecycle.js';
import { versionStateAt } from './rotation.js';

/** One step that the clock takes by itself: the transition, what it leaves in the row, and what the history says. */
interface Step {
  readonly event: (typeof keyVersionLifecycle.event)['activate' | 'retire' | 'destroy'];
  readonly set: (version: KeyVersion, now: number) => Partial<KeyVersion>;
  readonly record: EventFactory;
}

/** In the order in which a version goes through them. */
const STEPS: readonly Step[] = [
  {
    event: keyVersionLifecycle.event.activate,
    set: ({ activatesAt }) => ({ activatedAt: activatesAt }),
    record: keyEvents.version_activated,
  },
  {
    event: keyVersionLifecycle.event.retire,
    set: ({ retiresAt }) => ({ retiredAt: retiresAt }),
    record: keyEvents.version_retired,
  },
  {
    event: keyVersionLifecycle.event.destroy,
    set: (_, now) => ({ destroyedAt: now, sealedPrivate: null }),
    record: keyEvents.version_destroyed,
  },
];

const PATH: readonly KeyVersionState[] = ['pending', ...STEPS.map(({ event }) => event.to)];

/**
 * A step, under the lock of the key: writes down what the clock has decided about its versions, all in one transaction,
 * so that a reader never sees two active versions or none.
 * @returns the versions that live now, newest first
 */
export async function settleVersions(tx: Tx, keyId: string): Promise<readonly KeyVersion[]> {
  const versions = await living(tx, keyId);
  let changed = false;
  for (const version of versions) {
    const from = PATH.indexOf(version.state);
    const to = PATH.indexOf(recordedState(version, tx));
    for (const { event, set, record } of STEPS.slice(from, to)) {
      await tx.transition(KeyVersion, version.id, event, set(version, tx.now));
      tx.record(record(keyId, { kid: version.kid }));
      changed = true;
    }
  }
  return changed ? living(tx, keyId) : versions;
}

/** What may be written down: that material is destroyed only by a time that is confirmed, for it cannot come back. */
function recordedState(version: KeyVersion, { now, confirmed }: Tx): KeyVersionState {
  const state = versionStateAt(version, now);
  return state === 'destroyed' && versionStateAt(version, confirmed) !== 'destroyed' ? 'retired' : state;
}

const living = (tx: Tx, keyId: string): Promise<KeyVersion[]> =>
  tx.find(KeyVersion, { keyId, state: In([...publishedStates]) }, { order: { number: 'DESC' } });
