import { type KeyObject, createPublicKey, randomBytes } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import { CONFIGURATION, type SettingValues } from '#config';
import { INSTALLATION_ID, type PlatformScope, platformScope, systemOrigin } from '#core';
import type { StoredKey } from '#crypto';
import { Database, type Tx } from '#database';
import { KeyStores, StoredObjects, isStoreRefusal, keepObject, keyStoreErrors } from '#key-stores';
import {
  type CheckpointSigner,
  type DistantSigner,
  SEED_BYTES,
  checkpointSigner,
  verifierKey,
} from '#transparency-log';
import { Vault, installationSealedColumn } from '#vault';

import { HistoryKey } from './log.entities.js';
import type { logKeySettings } from './settings.js';

const SYSTEM = platformScope(systemOrigin('history-keys'));
/** In this order in the secret. Ed25519 for every tool, ML-DSA-44 for after quantum computers; no store signs by the latter. */
const SEEDS = 2;
/** RFC 8032 §5.1.5. */
const PUBLIC_KEY_BYTES = 32;
const NO_BYTES = Buffer.alloc(0);

/**
 * What belongs to a key in a store: the two seeds, and the public half of the key. That is sealed as well, so that a change of
 * the database alone puts no other in its place, which would verify what was never signed here.
 */
const sealedParts = installationSealedColumn(HistoryKey, {
  purpose: 'history-log-key',
  column: 'sealedPart',
  idColumn: 'name',
});

/** What is known of a key while the vault is open. */
interface Opened {
  readonly seeds: Buffer;
  /** Of an Ed25519 key in a store. */
  readonly publicKey: Buffer | undefined;
}

/** What was made for the next key. */
export interface NewHalves extends Opened {
  readonly name: string;
  readonly keyStore: string | null;
  readonly objectId: string | null;
}

/** Who signs for a key of the histories, under the name of one log. */
export interface LogKeySigners {
  readonly ed25519: CheckpointSigner | DistantSigner;
  readonly mlDsa44: CheckpointSigner;
  /**
   * Who signs what is kept outside of the database: for a key in a store another key, which is known to the installation alone, so
   * that this never waits for a store and continues after the key in it was destroyed. Otherwise it is `ed25519`.
   */
  readonly keeper: CheckpointSigner;
}

/** Whether a key in a store can be used. */
export type StoreState = 'present' | 'missing' | 'away' | 'not configured';

/** The private halves of the keys of the histories: sealed in the database, or that of Ed25519 in a key store, which it never leaves. */
@Injectable()
export class LogKeyHalves {
  /** By what is opened for it: of a name another attempt may have made another key in a store. */
  readonly #opened = new Map<string, Opened>();
  readonly #configured: string | undefined;

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly stores: KeyStores,
    private readonly objects: StoredObjects,
    @Inject(CONFIGURATION) { historyKeyStore }: SettingValues<typeof logKeySettings>,
  ) {
    this.#configured = historyKeyStore;
  }

  /** The store that the next key is made in: that of the setting, or of the latest key. `null`: it is sealed in the database. */
  storeOfNext(latest?: HistoryKey): string | null {
    return this.#configured ?? latest?.keyStore ?? null;
  }

  /** Opens what is not open yet. @returns whether there is what signs; not where it was altered @throws SEALED */
  async open(row: HistoryKey): Promise<boolean> {
    const known = this.#opened.get(identityOf(row)) ?? (await this.read(row));
    if (known) this.#opened.set(identityOf(row), known);
    return known !== undefined;
  }

  isOpen = (row: HistoryKey): boolean => this.#opened.has(identityOf(row));

  /** Whether a key is in a store. */
  isInStore = (row: HistoryKey): boolean => this.#opened.get(identityOf(row))?.publicKey !== undefined;

  /** Whether the store of a key did not answer last time, or is not configured. */
  isAway = (row: HistoryKey): boolean => this.isInStore(row) && this.stores.isAway(row.keyStore!);

  /** Asks the store of a key for it. */
  async stateOf(row: HistoryKey): Promise<StoreState> {
    if (!this.stores.has(row.keyStore!)) return 'not configured';
    try {
      return (await this.stores.holds(row.keyStore!, placeOf(row.objectId!))) ? 'present' : 'missing';
    } catch (error) {
      if (!isStoreRefusal(error)) throw error;
      return 'away';
    }
  }

  /** @throws Error for one that is not open */
  signersOf(origin: string, row: HistoryKey): LogKeySigners {
    const { seeds, publicKey } = this.#opened.get(identityOf(row))!;
    const keeper = checkpointSigner(origin, 'ed25519', seeds.subarray(0, SEED_BYTES));
    const mlDsa44 = checkpointSigner(origin, 'mlDsa44', seeds.subarray(SEED_BYTES, SEEDS * SEED_BYTES));
    if (!publicKey) return { ed25519: keeper, mlDsa44, keeper };
    const sign = (message: Buffer): Promise<Buffer> => this.storedKey(row, publicKey).sign('EdDSA', message);
    return { ed25519: { key: verifierKey(origin, 'ed25519', publicKey), sign }, mlDsa44, keeper };
  }

  /**
   * Makes what the next key signs with. Where an attempt with a sealed one is cut off after this, the next one takes what it has made.
   * @throws SEALED; KEY_STORE_UNKNOWN, KEY_STORE_ALGORITHM, KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY
   */
  async make(scope: PlatformScope, name: string, keyStore: string | null): Promise<NewHalves> {
    if (keyStore === null) {
      const seeds = await this.vault.ensureInstallationSecret(name, newSeeds);
      return this.remembered({ name, seeds, publicKey: undefined, keyStore, objectId: null });
    }
    if (!this.stores.has(keyStore)) throw keyStoreErrors.KEY_STORE_UNKNOWN();
    const key = { algorithm: 'EdDSA', modulusBits: undefined } as const;
    const { recordId: objectId, publicKey } = await this.objects.make(scope, keyStore, key);
    return this.remembered({ name, seeds: newSeeds(), publicKey: rawOf(publicKey), keyStore, objectId });
  }

  /** A step: the columns of the row of a new key, which refers to it from now on. @throws SEALED, BUSY */
  async columnsOf(
    tx: Tx,
    { name, seeds, publicKey, keyStore, objectId }: NewHalves,
  ): Promise<Pick<HistoryKey, 'keyStore' | 'objectId' | 'sealedPart'>> {
    if (objectId === null || !publicKey) return { keyStore: null, objectId: null, sealedPart: null };
    await keepObject(tx, objectId);
    const place = sealedParts.place(INSTALLATION_ID, name);
    return { keyStore, objectId, sealedPart: await this.vault.seal(tx, place, Buffer.concat([seeds, publicKey])) };
  }

  /** Destroys in its store what was made for nothing. What a row refers to stays. */
  async discard({ objectId }: NewHalves): Promise<void> {
    if (objectId !== null) await this.objects.discard(INSTALLATION_ID, objectId);
  }

  private remembered(made: NewHalves): NewHalves {
    this.#opened.set(identityOf(made), made);
    return made;
  }

  private async read(row: HistoryKey): Promise<Opened | undefined> {
    if (row.keyStore === null || row.objectId === null) {
      const seeds = await this.vault.installationSecretUnlessAltered(row.name);
      return seeds && { seeds, publicKey: undefined };
    }
    const place = sealedParts.place(INSTALLATION_ID, row.name);
    const part = await this.database.readPlatform(SYSTEM, (view) =>
      this.vault.openUnlessAltered(view, place, row.sealedPart ?? NO_BYTES),
    );
    return part && { seeds: part.subarray(0, SEEDS * SEED_BYTES), publicKey: part.subarray(-PUBLIC_KEY_BYTES) };
  }

  /** Its signatures take their turn as those of one tenant. */
  private storedKey({ keyStore, objectId }: HistoryKey, publicKey: Buffer): StoredKey {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') };
    return this.stores.key(keyStore!, placeOf(objectId!), createPublicKey({ key: jwk, format: 'jwk' }));
  }
}

const newSeeds = (): Buffer => randomBytes(SEED_BYTES * SEEDS);
const rawOf = (publicKey: KeyObject): Buffer => Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
const placeOf = (objectId: string) => ({ tenantId: INSTALLATION_ID, recordId: objectId });
const identityOf = ({ keyStore, objectId, name }: Pick<HistoryKey, 'keyStore' | 'objectId' | 'name'>): string =>
  keyStore === null || objectId === null ? name : `${name} ${objectId}`;
