import { In, type Tx } from '#database';

import { KeyVersion } from './entities.js';
import { publishedStates } from './lifecycle.js';
import { releaseErased } from './versions.js';

/**
 * A step, under the lock of the key: applies all due transitions of its versions in one transaction, so that a reader
 * never sees two active versions or none.
 * @returns the live versions, newest first
 */
export async function applyDueSteps(tx: Tx, keyId: string): Promise<readonly KeyVersion[]> {
  const versions = await liveVersions(tx, keyId);
  const moved: KeyVersion[] = [];
  for (const version of versions) {
    const current = await tx.applyDue(KeyVersion, version);
    if (current !== version) moved.push(current);
  }
  await releaseErased(tx, moved);
  return moved.length > 0 ? liveVersions(tx, keyId) : versions;
}

const liveVersions = (tx: Tx, keyId: string): Promise<KeyVersion[]> =>
  tx.find(KeyVersion, { keyId, state: In([...publishedStates]) }, { order: { number: 'DESC' } });
