import { type KeyObject, createHmac } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import {
  keyFromJwk,
  keyObjectFromBytes,
  privateKeyToBytes,
  publicKeyFingerprint,
  publicKeyToBytes,
  randomSecret,
} from '#crypto';
import { In, type Tx, type View } from '#database';
import { Vault } from '#vault';

import { CompromisedKey, KeyVersion } from './entities.js';
import { keyErrors } from './errors.js';
import { publishedStates } from './lifecycle.js';
import { privateHalves } from './versions.js';

const HASH_KEY = 'compromised-secret-hash-key';
const HASH_KEY_BYTES = 32;

/** How to find a key among the versions of a tenant and in the list of compromised keys. */
export interface IdentifiedKey {
  readonly fingerprint: string;
  /** The fingerprint of another key of the tenant; `undefined` if it cannot be the same key. */
  readonly fingerprintOf: (key: KeyObject) => string | undefined;
  readonly isSecret: boolean;
}

/** A public key. @param fingerprint the SHA-256 of its SubjectPublicKeyInfo in hex */
export const identifiedPublicKey = (fingerprint: string): IdentifiedKey => ({
  fingerprint,
  fingerprintOf: (key) => (key.type === 'secret' ? undefined : publicKeyFingerprint(publicKeyToBytes(key))),
  isSecret: false,
});

/** Fingerprints that identify a key in the list of compromised keys, whatever its format and name. */
@Injectable()
export class KeyFingerprints {
  constructor(private readonly vault: Vault) {}

  /**
   * The SHA-256 of the SubjectPublicKeyInfo in hex. For a shared secret, a keyed hash over the tenant and the bytes:
   * with a plain hash, a reader of the database could guess the secret; without the tenant, one tenant could learn
   * another's secret. Do not call it in a transaction: it may have to create the hash key first.
   * @throws SEALED
   */
  async of(tenantId: string, key: KeyObject): Promise<IdentifiedKey> {
    if (key.type !== 'secret') return identifiedPublicKey(publicKeyFingerprint(publicKeyToBytes(key)));
    const hashKey = await this.vault.ensureInstallationSecret(HASH_KEY, () => randomSecret(HASH_KEY_BYTES).reveal());
    const hash = (secret: KeyObject): string =>
      createHmac('sha256', hashKey).update(`${tenantId}\0`).update(privateKeyToBytes(secret)).digest('hex');
    return {
      fingerprint: hash(key),
      fingerprintOf: (other) => (other.type === 'secret' ? hash(other) : undefined),
      isSecret: true,
    };
  }

  /** A step: the tenant's versions with this key that are neither destroyed nor compromised. The quota limits their number. */
  async versionsOf(view: View, { fingerprint, fingerprintOf, isSecret }: IdentifiedKey): Promise<KeyVersion[]> {
    const found: KeyVersion[] = [];
    for (const version of await view.find(KeyVersion, { state: In([...publishedStates]) }, { order: { id: 'ASC' } })) {
      if (isSecret !== (version.publicJwk === null)) continue;
      const key = await this.keyOf(view, version);
      if (key && fingerprintOf(key) === fingerprint) found.push(version);
    }
    return found;
  }

  /** A step: the public key of a version, or its shared secret; `undefined` where the secret was erased or altered. */
  async keyOf(view: View, { id, publicJwk, sealedPrivate }: KeyVersion): Promise<KeyObject | undefined> {
    if (publicJwk) return keyFromJwk(publicJwk);
    if (!sealedPrivate) return undefined;
    const place = privateHalves.place(view.scope.tenantId, id);
    const bytes = await this.vault.openUnlessAltered(view, place, sealedPrivate);
    return bytes && keyObjectFromBytes('hmac', bytes);
  }
}

/** A step: whether the key was reported as compromised. */
export const isCompromised = (view: View, fingerprint: string): Promise<boolean> =>
  view.installation.exists(CompromisedKey, { fingerprint });

/** A step: those of the keys that were reported as compromised. */
export async function compromisedAmong(view: View, fingerprints: readonly string[]): Promise<ReadonlySet<string>> {
  const reported = await view.installation.find(CompromisedKey, { fingerprint: In([...fingerprints]) });
  return new Set(reported.map(({ fingerprint }) => fingerprint));
}

/** A step: no part of the installation accepts the key after this transaction. */
export async function reportCompromise(tx: Tx, fingerprint: string): Promise<void> {
  const row = { fingerprint, reportedBy: tx.scope.tenantId, reportedAt: tx.now };
  await tx.installation.insertIfAbsent(CompromisedKey, row);
}

/**
 * A step of each import of a key, after it wrote its own row. The locking read waits for a transaction that is reporting
 * the key; a transaction that reports it later finds the row.
 * @throws KEY_COMPROMISED
 */
export async function requireUncompromised(tx: Tx, fingerprint: string): Promise<void> {
  if (await tx.installation.lockIfPresent(CompromisedKey, { fingerprint })) throw keyErrors.KEY_COMPROMISED();
}
