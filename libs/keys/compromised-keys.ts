import { type KeyObject, createHmac } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { DomainError, coreErrors } from '#core';
import { privateKeyToBytes, publicKeyFingerprint, publicKeyToBytes, randomSecret } from '#crypto';
import type { Tx, View } from '#database';
import { Vault } from '#vault';

import { CompromisedKey } from './entities.js';
import { keyErrors } from './errors.js';

const HASH_KEY = 'compromised-secret-hash-key';
const HASH_KEY_BYTES = 32;

/** By what a key is found in the list of compromised keys, in whatever format or under whatever name it comes back. */
@Injectable()
export class KeyFingerprints {
  constructor(private readonly vault: Vault) {}

  /**
   * The SHA-256 of the SubjectPublicKeyInfo in hex. For a shared secret, a keyed hash over the tenant and the bytes: a
   * plain one would let a reader of the database guess the secret, and one without the tenant would tell one tenant
   * what another's secret was. Not within a transaction: a secret may need the hash key to be made first.
   * @throws SEALED
   */
  async of(tenantId: string, key: KeyObject): Promise<string> {
    if (key.type !== 'secret') return publicKeyFingerprint(publicKeyToBytes(key));
    const hashKey = await this.vault.ensureInstallationSecret(HASH_KEY, () => randomSecret(HASH_KEY_BYTES).reveal());
    return createHmac('sha256', hashKey).update(`${tenantId}\0`).update(privateKeyToBytes(key)).digest('hex');
  }
}

/** A step: whether the key was reported as compromised. */
export const isCompromised = (view: View, fingerprint: string): Promise<boolean> =>
  view.installation.exists(CompromisedKey, { fingerprint });

/** A step: from the end of this transaction on the key is accepted nowhere. */
export async function reportCompromise(tx: Tx, fingerprint: string): Promise<void> {
  const row = { fingerprint, reportedBy: tx.scope.tenantId, reportedAt: tx.now };
  await tx.installation.insertIfAbsent(CompromisedKey, row);
}

/**
 * A step of whatever takes a key in, after it wrote its own row: the locking read waits for a transaction that is about
 * to report the key, and one that reports it later finds the row that was written.
 */
export async function isCompromisedByNow(tx: Tx, fingerprint: string): Promise<boolean> {
  try {
    await tx.installation.lock(CompromisedKey, { fingerprint });
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === coreErrors.NOT_FOUND.code) return false;
    throw error;
  }
}

/** A step, as `isCompromisedByNow`. @throws KEY_COMPROMISED */
export async function requireUncompromised(tx: Tx, fingerprint: string): Promise<void> {
  if (await isCompromisedByNow(tx, fingerprint)) throw keyErrors.KEY_COMPROMISED();
}
