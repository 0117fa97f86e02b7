import { writeContacts } from '#contacts';
import { type AlgorithmName, algorithm, uuidv7 } from '#crypto';
import type { Tx } from '#database';
import { raiseConfigVersion } from '#tenants';
import type { Vault } from '#vault';

import { Key, type KeyVersion } from './entities.js';
import { keyErrors } from './errors.js';
import { reserveVersion } from './key-quota.js';
import type { NewPrivateHalf } from './private-halves.js';
import { nextRotationAt } from './rotation.js';
import { addVersion } from './versions.js';

/** A new key: the request, and the generated or imported key material. */
interface KeyMaterial extends Pick<
  Key,
  'name' | 'exportable' | 'contacts' | 'rotateEverySeconds' | 'origin' | 'modulusBits' | 'secretEncoding' | 'weak'
> {
  readonly algorithm: AlgorithmName;
  readonly half: NewPrivateHalf;
}

/**
 * A step of every use case that adds a key. Its first version is active immediately: no client depends on a cached JWKS
 * without it.
 * @throws KEY_NAME_TAKEN, KEY_LIMIT_REACHED
 */
export async function insertKey(
  tx: Tx,
  vault: Vault,
  { half, ...described }: KeyMaterial,
): Promise<{ key: Key; version: KeyVersion }> {
  const { now } = tx;
  const { tenantId } = tx.scope;
  const id = uuidv7(now);
  const key: Key = {
    ...described,
    id,
    tenantId,
    keyStore: half.in === 'store' ? half.store : null,
    liveName: described.name,
    state: 'active',
    nextRotationAt: nextRotationAt(now, described.rotateEverySeconds, algorithm(described.algorithm).symmetric),
    version: 1,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
    destroysAt: null,
    lastUsedAt: null,
  };
  await reserveVersion(tx);
  await tx.insert(Key, key, { duplicate: () => keyErrors.KEY_NAME_TAKEN() });
  await writeContacts(tx, { type: 'key', id }, key.contacts ?? []);
  const { algorithm: name } = key;
  const version = await addVersion(tx, vault, { keyId: id, algorithm: name, number: 1, half, activatesAt: now });
  await raiseConfigVersion(tx);
  return { key, version };
}
