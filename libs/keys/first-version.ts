import type { KeyObject } from 'node:crypto';

import { type AlgorithmName, algorithm, privateKeyToBytes, publicJwk, uuidv4, uuidv7 } from '#crypto';
import type { Tx } from '#database';
import { raiseConfigVersion } from '#tenants';
import type { Vault } from '#vault';

import { Key, KeyVersion } from './entities.js';
import { keyErrors } from './errors.js';
import { privateKeyPlace } from './signer.js';

/** A key that is about to exist: what was asked for, and the material that was made or read for it. */
export interface KeyMaterial extends Pick<
  Key,
  'name' | 'exportable' | 'rotateEverySeconds' | 'origin' | 'modulusBits' | 'secretEncoding' | 'weak'
> {
  readonly algorithm: AlgorithmName;
  readonly signingKey: KeyObject;
}

/**
 * A step of every use-case that adds a key: its first version signs at once, because nobody has cached a JWKS that
 * lacks it yet.
 * @throws KEY_NAME_TAKEN
 */
export async function insertKey(
  tx: Tx,
  vault: Vault,
  { signingKey, ...described }: KeyMaterial,
): Promise<{ key: Key; version: KeyVersion }> {
  const { now } = tx;
  const { tenantId } = tx.scope;
  const id = uuidv7(now);
  const key: Key = {
    ...described,
    id,
    tenantId,
    liveName: described.name,
    state: 'active',
    version: 1,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  };
  const versionId = uuidv7(now);
  const kid = uuidv4();
  const { symmetric } = algorithm(key.algorithm);
  const version: KeyVersion = {
    id: versionId,
    tenantId,
    keyId: id,
    kid,
    number: 1,
    state: 'active',
    publicJwk: symmetric ? null : publicJwk(signingKey, { kid, alg: key.algorithm }),
    sealedPrivate: await vault.seal(tx, privateKeyPlace(tenantId, versionId), privateKeyToBytes(signingKey)),
    createdAt: now,
    activatesAt: now,
    activatedAt: now,
    retiredAt: null,
    destroyedAt: null,
    compromisedAt: null,
    lastTokenExpiresAt: null,
    version: 1,
  };
  await tx.insert(Key, key, { duplicate: () => keyErrors.KEY_NAME_TAKEN() });
  await tx.insert(KeyVersion, version);
  await raiseConfigVersion(tx);
  return { key, version };
}
