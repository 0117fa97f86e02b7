import { randomBytes } from 'node:crypto';

import { Inject, Injectable, Optional } from '@nestjs/common';

import { DomainError, type EpochMilliseconds, INSTALLATION_ID, MINUTE, platformScope, systemOrigin } from '#core';
import {
  type DataKey,
  type KeyEncryptionKey,
  blobKeyVersion,
  openBlob,
  sealBlob,
  sealingErrors,
  uuidv7,
} from '#crypto';
import { LOGGER, type Logger } from '#logging';
import { Database, IsNull, Not, type Sealing, type Tx, type View } from '#database';

import { InstallationSecret, WrappedDataKey } from './entities.js';
import { type SealedPlace, installationSealedColumn } from './sealed-columns.js';

interface OpenDataKey extends DataKey {
  readonly wrapped: Buffer;
}

interface Keyring {
  readonly loadedAt: EpochMilliseconds;
  readonly current: DataKey;
  readonly byVersion: ReadonlyMap<number, OpenDataKey>;
}

const DATA_KEY_BYTES = 32;
/** For how long an instance may continue with a data key after another one was made, or after it was destroyed. */
export const KEYRING_KEPT_FOR = MINUTE;
const KEYRINGS_MAX = 10_000;
/** Altered values that one process logs: each once. */
const LOGGED_MAX = 1_000;
// The values that are sealed never change in place: a new secret is a new record.
const RECORD_VERSION = 1;
const CANARY = 'canary';
const CANARY_VALUE = Buffer.from('chancery');
const installationSecrets = installationSealedColumn(InstallationSecret, {
  purpose: 'installation-secret',
  column: 'sealedValue',
  idColumn: 'name',
});
const SYSTEM = platformScope(systemOrigin('vault'));

/**
 * Holds the keys that everything secret is sealed with: master key -> a data key per tenant -> one record each.
 * Without the right master key it is *sealed*: every call throws `SEALED` and nothing is written.
 */
@Injectable()
export class Vault {
  readonly #keyrings = new Map<string, Keyring>();
  /** How often a keyring was forgotten: what was read before is not kept after it. */
  #forgotten = 0;
  #masterKeys: readonly KeyEncryptionKey[] = [];

  readonly #logged = new Set<string>();

  constructor(
    private readonly database: Database,
    @Optional() @Inject(LOGGER) private readonly logger?: Logger,
  ) {}

  /** Whether no master key is available that opens this database. */
  get sealed(): boolean {
    return this.#masterKeys.length === 0;
  }

  /** Whether the database holds wrapped keys already, so that only the master key that wrapped them will do. */
  async isInitialised(): Promise<boolean> {
    if (!(await this.database.hasTable(WrappedDataKey))) return false;
    return this.database.readPlatform(SYSTEM, (view) => view.exists(WrappedDataKey, { tenantId: INSTALLATION_ID }));
  }

  /**
   * Proves the master key against the canary and opens the vault; on a new database it makes both.
   * @param masterKeys the current one first, then a previous one that still opens what was not re-wrapped yet
   * @returns whether it opened; a wrong key leaves it sealed and writes nothing
   */
  async unseal(masterKeys: readonly KeyEncryptionKey[]): Promise<boolean> {
    if (masterKeys.length === 0) return false;
    this.#masterKeys = masterKeys;
    try {
      if (!(await this.isInitialised())) await this.initialise();
      // A first start that was cut off, or that runs in another instance, may have left the canary to us.
      const canary = await this.ensureInstallationSecret(CANARY, () => CANARY_VALUE);
      if (canary.equals(CANARY_VALUE)) return true;
    } catch (error) {
      // The master key has opened the data key of the installation, which proves it as well: the row alone was altered.
      if (isBlobUnreadable(error)) {
        this.logAltered(installationPlace(CANARY));
        return true;
      }
      if (!isSealed(error)) throw error;
    }
    this.#masterKeys = [];
    this.#keyrings.clear();
    return false;
  }

  /** Makes a tenant's first data key, in the transaction that creates the tenant; one that exists already stays. */
  async createDataKey(tx: Tx, tenantId: string): Promise<void> {
    await this.addDataKey(tx, tenantId, 1);
  }

  /** A step: makes the data key of that number unless there is one already; says whether it did. */
  async addDataKey(tx: Tx, tenantId: string, number: number): Promise<boolean> {
    const masterKey = this.masterKey();
    const wrapped = await masterKey.wrap(randomBytes(DATA_KEY_BYTES), wrapContext(tenantId, number));
    this.forget(tenantId);
    return tx.installation.insertIfAbsent(WrappedDataKey, {
      id: uuidv7(tx.now),
      tenantId,
      number,
      wrapped,
      keyEncryptionKeyId: masterKey.keyId,
      createdAt: tx.now,
      destroyedAt: null,
    });
  }

  /** The id of the master key that wraps new data keys. @throws SEALED */
  get currentKeyId(): string {
    return this.masterKey().keyId;
  }

  /** A data key under the current master key; `undefined` where it is already, or where no available key opens it. */
  async wrappedAnew(
    row: WrappedDataKey,
  ): Promise<(Pick<WrappedDataKey, 'keyEncryptionKeyId'> & { wrapped: Buffer }) | undefined> {
    const { keyId } = this.masterKey();
    if (!row.wrapped || row.keyEncryptionKeyId === keyId) return undefined;
    try {
      const dataKey = await this.unwrap(row, row.wrapped);
      const wrapped = await this.masterKey().wrap(dataKey, wrapContext(row.tenantId, row.number));
      return { keyEncryptionKeyId: keyId, wrapped };
    } catch (error) {
      if (!isSealed(error)) throw error;
      return undefined;
    }
  }

  /** Destroys every data key of a tenant: what they sealed is permanently unreadable, in backups as well. */
  async destroyDataKeys(tx: Tx, tenantId: string): Promise<void> {
    await tx.installation.update(WrappedDataKey, { tenantId }, { wrapped: null, destroyedAt: tx.now });
    this.forget(tenantId);
  }

  /** Whether a tenant, or the installation, has a data key that is not destroyed: a deleted tenant has none. */
  async hasDataKey(view: View, tenantId: string): Promise<boolean> {
    return view.installation.exists(WrappedDataKey, { tenantId, wrapped: Not(IsNull()) });
  }

  /** Encrypts a value for its place. @throws SEALED */
  async seal(view: Sealing, place: SealedPlace, plaintext: Buffer): Promise<Buffer> {
    const { current } = await this.keyring(view, place.tenantId);
    return sealBlob(current, { ...place, recordVersion: RECORD_VERSION }, plaintext);
  }

  /** @throws BLOB_UNREADABLE where the blob was altered or belongs elsewhere, SEALED without its key */
  async open(view: View, place: SealedPlace, blob: Buffer): Promise<Buffer> {
    let keyring = await this.keyring(view, place.tenantId);
    if (!keyring.byVersion.has(blobKeyVersion(blob))) {
      // Another instance has rotated the data key since.
      this.forget(place.tenantId);
      keyring = await this.keyring(view, place.tenantId);
    }
    return openBlob((version) => keyring.byVersion.get(version), { ...place, recordVersion: RECORD_VERSION }, blob);
  }

  /**
   * The same for a caller that has other values to continue with: an altered one is logged, once by each process.
   * @returns `undefined` where the blob was altered or belongs elsewhere
   * @throws SEALED without its key
   */
  async openUnlessAltered(view: View, place: SealedPlace, blob: Buffer): Promise<Buffer | undefined> {
    try {
      return await this.open(view, place, blob);
    } catch (error) {
      if (!isBlobUnreadable(error)) throw error;
      this.logAltered(place);
      return undefined;
    }
  }

  /** A secret of the installation, or `undefined` where none has that name. */
  async installationSecret(name: string): Promise<Buffer | undefined> {
    return this.database.readPlatform(SYSTEM, async (view) => {
      const row = await view.findOne(InstallationSecret, { name });
      return row ? this.open(view, installationPlace(name), row.sealedValue) : undefined;
    });
  }

  /** The same where others continue without it: an altered one is logged, and `undefined`. */
  async installationSecretUnlessAltered(name: string): Promise<Buffer | undefined> {
    return this.database.readPlatform(SYSTEM, async (view) => {
      const row = await view.findOne(InstallationSecret, { name });
      return row ? this.openUnlessAltered(view, installationPlace(name), row.sealedValue) : undefined;
    });
  }

  /** The secret of that name, made by `generate` on first use; of several instances that try, one wins. */
  async ensureInstallationSecret(name: string, generate: () => Promise<Buffer> | Buffer): Promise<Buffer> {
    const existing = await this.installationSecret(name);
    if (existing) return existing;
    const value = await generate();
    await this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('secrets of the installation are made once, on first start');
      const sealedValue = await this.seal(tx, installationPlace(name), value);
      await tx.insertIfAbsent(InstallationSecret, { name, sealedValue, createdAt: tx.now });
    });
    return (await this.installationSecret(name))!;
  }

  private logAltered(place: SealedPlace): void {
    const { purpose, column, recordId } = place;
    const value = `${purpose} ${column} ${recordId}`;
    if (this.#logged.has(value) || this.#logged.size >= LOGGED_MAX) return;
    this.#logged.add(value);
    this.logger?.error({ ...place }, 'A sealed value was altered: it does not open');
  }

  private async initialise(): Promise<void> {
    await this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('the first start makes the installation its data key');
      await this.createDataKey(tx, INSTALLATION_ID);
    });
  }

  private masterKey(): KeyEncryptionKey {
    const [current] = this.#masterKeys;
    if (!current) throw sealingErrors.SEALED();
    return current;
  }

  private async keyring(view: Sealing, tenantId: string): Promise<Keyring> {
    this.masterKey();
    const known = this.#keyrings.get(tenantId);
    if (known && Math.abs(view.now - known.loadedAt) < KEYRING_KEPT_FOR) return known;
    const rows = await view.installation.find(WrappedDataKey, { tenantId }, { order: { number: 'ASC' } });
    const keys: OpenDataKey[] = [];
    for (const { number: version, wrapped, ...row } of rows) {
      if (!wrapped) continue;
      // What opened before opens again: the rows say whether a key exists still, and a distant master key need not be asked.
      const opened = known?.byVersion.get(version);
      const key = opened?.wrapped.equals(wrapped)
        ? opened.key
        : await this.unwrap({ ...row, number: version }, wrapped);
      keys.push({ version, key, wrapped });
    }
    const current = keys.at(-1);
    if (!current) throw sealingErrors.SEALED('The data key of this tenant does not exist or was destroyed');
    const keyring = { loadedAt: view.now, current, byVersion: new Map(keys.map((key) => [key.version, key])) };
    const forgotten = this.#forgotten;
    // A data key that is taken back with its transaction must seal nothing afterwards: no key would open it.
    view.onceCommitted(() => {
      if (forgotten === this.#forgotten) this.keep(tenantId, keyring);
    });
    return keyring;
  }

  private keep(tenantId: string, keyring: Keyring): void {
    if (this.#keyrings.size >= KEYRINGS_MAX) this.#keyrings.delete(this.#keyrings.keys().next().value!);
    this.#keyrings.set(tenantId, keyring);
  }

  private forget(tenantId: string): void {
    this.#forgotten += 1;
    this.#keyrings.delete(tenantId);
  }

  private async unwrap(row: Omit<WrappedDataKey, 'wrapped'>, wrapped: Buffer): Promise<Buffer> {
    const masterKey = this.#masterKeys.find(({ keyId }) => keyId === row.keyEncryptionKeyId);
    if (!masterKey) throw sealingErrors.SEALED(`Master key ${row.keyEncryptionKeyId} is needed and not configured`);
    return masterKey.unwrap(wrapped, wrapContext(row.tenantId, row.number));
  }
}

const installationPlace = (name: string): SealedPlace => installationSecrets.place(INSTALLATION_ID, name);

const wrapContext = (tenantId: string, number: number): Buffer => Buffer.from(`data-key:${tenantId}:${number}`);

/** Whether a value does not open because its row was altered: no key will help. */
export const isBlobUnreadable = (error: unknown): boolean =>
  error instanceof DomainError && error.code === sealingErrors.BLOB_UNREADABLE.code;

const isSealed = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === sealingErrors.SEALED.code;
