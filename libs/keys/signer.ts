import type { KeyObject } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import type { EpochMilliseconds } from '#core';
import {
  type AlgorithmName,
  type SigningHalf,
  algorithm,
  keyFromJwk,
  keyObjectFromBytes,
  verifyingKeyOf,
} from '#crypto';
import { In, type View } from '#database';
import { KeyStores } from '#key-stores';
import { type SealedPlace, Vault } from '#vault';

import { Key, KeyVersion } from './entities.js';
import { keyErrors } from './errors.js';
import { destroysAt, publishedStates, verifyingStates, versionStateAt } from './lifecycle.js';
import { privateHalfOf } from './private-halves.js';
import { privateHalves } from './versions.js';

/** A key version that is ready for use. */
export interface UsableKey {
  readonly keyId: string;
  readonly versionId: string;
  readonly kid: string;
  readonly algorithm: AlgorithmName;
  /** Private key or shared secret, or a key of a store. */
  readonly signingKey: SigningHalf;
  readonly verifyingKey: KeyObject;
}

/** The version that signs. */
export interface SigningKey extends UsableKey {
  /** Since when it signs. */
  readonly signsFrom: EpochMilliseconds | undefined;
  /** When its successor takes over; `undefined` if none is staged. */
  readonly signsUntil: EpochMilliseconds | undefined;
}

const CACHED_KEYS_MAX = 5_000;
const ENDED_SHOWN_MAX = 20;

/**
 * Opens key versions for signing and verifying. It reads from the rows each time which versions may be used, and caches only
 * the opened `KeyObject`s, because parsing a private key costs more than a signature.
 */
@Injectable()
export class Signer {
  readonly #opened = new Map<string, UsableKey>();

  constructor(
    private readonly vault: Vault,
    private readonly stores: KeyStores,
  ) {}

  /** The version that signs now, one at any instant. @throws KEY_NOT_USABLE where there is none */
  async signingKey(view: View, keyId: string): Promise<SigningKey> {
    const { key, versions } = await this.versions(view, keyId, ['active']);
    const [newest] = versions;
    if (!key || !newest) throw keyErrors.KEY_NOT_USABLE();
    const { activatesAt, retiresAt } = newest;
    const usable = await this.open(view, key, newest);
    return { ...usable, signsFrom: activatesAt ?? undefined, signsUntil: retiresAt ?? undefined };
  }

  /**
   * The versions that may verify now, newest first: all versions of the key, so that tokens survive rotations. A version
   * whose row was altered is left out, so that the others still verify.
   */
  async verifyingKeys(view: View, keyId: string): Promise<UsableKey[]> {
    return (await this.verifying(view, keyId)).keys;
  }

  /** As `verifyingKeys`, with the instants at which the result changes. */
  async verifying(
    view: View,
    keyId: string,
  ): Promise<{ readonly keys: UsableKey[]; readonly instants: readonly (EpochMilliseconds | null)[] }> {
    const { key, living, versions } = await this.versions(view, keyId, verifyingStates);
    if (!key) return { keys: [], instants: [] };
    const keys = await Promise.all(versions.map((version) => this.openUnlessAltered(view, key, version)));
    const instants = living.flatMap((version) => [version.activatesAt, version.retiresAt, destroysAt(version)]);
    return { keys: keys.filter((usable) => usable !== undefined), instants };
  }

  /** Whether the key ever had a version of that `kid`, usable or not. */
  async knows(view: View, keyId: string, kid: string): Promise<boolean> {
    return view.exists(KeyVersion, { keyId, kid });
  }

  /**
   * The public keys of versions that may no longer verify, newest first: only to explain to a sender why its token is
   * rejected. Secrets have no public key.
   */
  async endedKeys(view: View, keyId: string): Promise<Pick<UsableKey, 'kid' | 'algorithm' | 'verifyingKey'>[]> {
    const versions = await view.find(
      KeyVersion,
      { keyId, state: In(['compromised', 'destroyed']) },
      { order: { number: 'DESC' }, limit: ENDED_SHOWN_MAX },
    );
    return versions.flatMap(({ kid, publicJwk }) =>
      publicJwk ? [{ kid, algorithm: publicJwk.alg, verifyingKey: keyFromJwk(publicJwk) }] : [],
    );
  }

  /** The versions whose effective state is one of these, newest first. */
  private async versions(
    view: View,
    keyId: string,
    states: readonly KeyVersion['state'][],
  ): Promise<{ key: Key | null; living: readonly KeyVersion[]; versions: KeyVersion[] }> {
    const key = await view.findOne(Key, { id: keyId, state: 'active' });
    // Stored states may lag behind the clock by several transitions, so all live rows are read and the clock decides.
    const living = key
      ? await view.find(KeyVersion, { keyId, state: In([...publishedStates]) }, { order: { number: 'DESC' } })
      : [];
    return { key, living, versions: living.filter((version) => states.includes(versionStateAt(version, view.now))) };
  }

  private async open(view: View, key: Key, version: KeyVersion): Promise<UsableKey> {
    const known = this.#opened.get(version.id);
    if (known) return known;
    return this.opened(key, version, (place, sealed) => this.vault.open(view, place, sealed)) as Promise<UsableKey>;
  }

  private async openUnlessAltered(view: View, key: Key, version: KeyVersion): Promise<UsableKey | undefined> {
    const known = this.#opened.get(version.id);
    if (known) return known;
    return this.opened(key, version, (place, sealed) => this.vault.openUnlessAltered(view, place, sealed));
  }

  /** @throws KEY_NOT_USABLE where the private half is destroyed */
  private async opened(
    key: Key,
    version: KeyVersion,
    unseal: (place: SealedPlace, sealed: Buffer) => Promise<Buffer | undefined>,
  ): Promise<UsableKey | undefined> {
    const { id, tenantId } = version;
    const half = privateHalfOf(version);
    if (!half) throw keyErrors.KEY_NOT_USABLE();
    if (half.in === 'store') {
      // The first signature opens the store: tokens verify even while the store does not answer.
      const publicKey = keyFromJwk(version.publicJwk!);
      return this.keep(key, version, this.stores.key(half.store, { tenantId, recordId: id }, publicKey), publicKey);
    }
    const bytes = await unseal(privateHalves.place(tenantId, id), half.sealed);
    if (!bytes) return undefined;
    const signingKey = keyObjectFromBytes(algorithm(key.algorithm).kind, bytes);
    return this.keep(key, version, signingKey, verifyingKeyOf(signingKey));
  }

  private keep(key: Key, version: KeyVersion, signingKey: SigningHalf, verifyingKey: KeyObject): UsableKey {
    const usable: UsableKey = {
      keyId: key.id,
      versionId: version.id,
      kid: version.kid,
      algorithm: key.algorithm,
      signingKey,
      verifyingKey,
    };
    if (this.#opened.size >= CACHED_KEYS_MAX) this.#opened.delete(this.#opened.keys().next().value!);
    this.#opened.set(version.id, usable);
    return usable;
  }
}
