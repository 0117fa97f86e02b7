import type { EpochMilliseconds } from '#core';
import {
  type AlgorithmName,
  RSA_MODULUS_BITS,
  RSA_MODULUS_BITS_DEFAULT,
  type RsaModulusBits,
  algorithm,
  privateKeyToBytes,
  publicJwk,
  uuidv4,
  uuidv7,
} from '#crypto';
import type { Tx, View } from '#database';
import { keepObject, releaseObjects } from '#key-stores';
import { type Vault, sealedColumn } from '#vault';

import { Key, KeyVersion } from './entities.js';
import { keyStateAt, versionStateAt } from './lifecycle.js';
import { type NewPrivateHalf, privateHalfOf } from './private-halves.js';

/** Where the private half of a version is sealed. */
export const privateHalves = sealedColumn(KeyVersion, { purpose: 'signing-key', column: 'sealedPrivate' });

export interface KeyWithVersions {
  readonly key: Key;
  /** Newest first. */
  readonly versions: readonly KeyVersion[];
}

/** The maximum number of versions of one key that are read: more than are ever published together. */
const VERSIONS_READ_MAX = 100;

/** A step: a key with its newest versions. @throws NOT_FOUND */
export async function withVersions(view: View, keyId: string): Promise<KeyWithVersions> {
  return {
    key: await view.get(Key, { id: keyId }),
    versions: await view.find(KeyVersion, { keyId }, { order: { number: 'DESC' }, limit: VERSIONS_READ_MAX }),
  };
}

/** As `withVersions`, with the effective states at `now`, which the rows may not have yet. */
export const asOf = ({ key, versions }: KeyWithVersions, now: EpochMilliseconds): KeyWithVersions => ({
  key: { ...key, state: keyStateAt(key, now) },
  versions: versions.map((version) => ({ ...version, state: versionStateAt(version, now) })),
});

interface NewVersion {
  readonly keyId: string;
  readonly algorithm: AlgorithmName;
  readonly number: number;
  readonly half: NewPrivateHalf;
  readonly activatesAt: EpochMilliseconds;
}

/** A step: stores a version with its private key sealed, or in its store; it is active or pending. */
export async function addVersion(tx: Tx, vault: Vault, version: NewVersion): Promise<KeyVersion> {
  const { keyId, number, half, activatesAt } = version;
  const { tenantId } = tx.scope;
  const isStored = half.in === 'store';
  const id = isStored ? half.recordId : uuidv7(tx.now);
  const kid = uuidv4();
  const described = isStored ? half.publicKey : half.signingKey;
  if (isStored) await keepObject(tx, id);
  const isActive = activatesAt <= tx.now;
  const row: KeyVersion = {
    id,
    tenantId,
    keyId,
    kid,
    number,
    state: isActive ? 'active' : 'pending',
    publicJwk: algorithm(version.algorithm).symmetric ? null : publicJwk(described, { kid, alg: version.algorithm }),
    sealedPrivate: isStored
      ? null
      : await vault.seal(tx, privateHalves.place(tenantId, id), privateKeyToBytes(half.signingKey)),
    keyStore: isStored ? half.store : null,
    createdAt: tx.now,
    activatesAt,
    activatedAt: isActive ? activatesAt : null,
    retiresAt: null,
    retiredAt: null,
    destroyedAt: null,
    compromisedAt: null,
    lastTokenExpiresAt: null,
    version: 1,
  };
  await tx.insert(KeyVersion, row);
  return row;
}

/** The modulus of a key's next version: as before if keys of that size are still generated; an imported key may be smaller. */
export function nextModulusBits({ modulusBits }: Pick<Key, 'modulusBits'>): RsaModulusBits | undefined {
  if (modulusBits === null) return undefined;
  return RSA_MODULUS_BITS.find((offered) => offered >= modulusBits) ?? RSA_MODULUS_BITS_DEFAULT;
}

/** A step after versions were destroyed or compromised: also destroys their private keys in key stores. */
export async function releaseErased(tx: Tx, versions: readonly KeyVersion[]): Promise<void> {
  const stored = versions.filter((version) => version.keyStore !== null && privateHalfOf(version) === undefined);
  await releaseObjects(
    tx,
    stored.map(({ id }) => id),
  );
}
