import { Injectable } from '@nestjs/common';

import {
  DAY,
  DomainError,
  type EpochMilliseconds,
  INSTALLATION_ID,
  type PlatformScope,
  coreErrors,
  platformScope,
  systemOrigin,
  toRfc3339,
} from '#core';
import { sealingErrors } from '#crypto';
import { type Committed, Database, IsNull, MoreThan, Not, type Tx, type View } from '#database';
import { endObject, isStoreRefusal } from '#key-stores';
import {
  type NoteSignature,
  type VerifierKey,
  formatNote,
  signNote,
  signNoteElsewhere,
  verifierKey,
} from '#transparency-log';
import type { OnUnsealed } from '#vault';

import { historyErrors } from './errors.js';
import { historyEvents } from './events.js';
import type { Keepers } from './kept-notes.js';
import { LogKeyHalves, type LogKeySigners, type NewHalves, type StoreState } from './log-key-halves.service.js';
import { HistoryKey, HistorySize } from './log.entities.js';

const SECRET = 'history-log-key';
const SYSTEM = platformScope(systemOrigin('history-keys'));
/** For how long a key signs beside its successor: auditors and witnesses have that time to take the new one. */
const SIGNS_ON_FOR = 365 * DAY;
/** Each adds 3.4 kB to every checkpoint, which a witness cosigns and a row holds with the lines of 8 witnesses. */
const SIGNING_MAX = 4;
/** The latest of those that were ever used; more than a century of yearly rotations is not looked at. */
const REMEMBERED_MAX = 100;

/** A verifier key of a log, and when it signs. */
export interface LogKeyPeriod {
  readonly key: VerifierKey;
  /** From 1: the keys of both algorithms that were made together have the same. */
  readonly number: number;
  readonly signsFrom: EpochMilliseconds;
  /** `null` for the latest one. */
  readonly signsUntil: EpochMilliseconds | null;
  /** From when on nothing that it alone has signed is to be accepted; `null` as long as that is not known. */
  readonly compromisedAt: EpochMilliseconds | null;
  /** The key store that the private half is in; `null`: it is sealed in the database. */
  readonly keyStore: string | null;
}

/** What was made for the next key. */
interface NextKey {
  readonly name: string;
  readonly number: number;
  readonly halves: NewHalves;
}

/** A key in a store, and whether it can be used there. */
export interface StoredLogKey {
  readonly number: number;
  readonly keyStore: string;
  readonly isLatest: boolean;
  readonly state: StoreState;
}

/**
 * The keys that sign the checkpoints of all histories: the installation's, made on first start and sealed in its database, or in a key
 * store. Each history signs under its own name, so that a signature for one is none for another. After a rotation the earlier key signs
 * beside the new one for a year, by the clock; it verifies what it has signed for as long as the installation exists.
 */
@Injectable()
export class LogKeys implements OnUnsealed {
  #keys: readonly HistoryKey[] = [];
  /** Those of these keys. */
  #keepers: Keepers | undefined;

  constructor(
    private readonly database: Database,
    private readonly halves: LogKeyHalves,
  ) {}

  /** Loads the keys, or makes the first: where its store does not answer, that is tried again before something is signed. */
  async onUnsealed(): Promise<void> {
    await this.makeFirst().catch((error: unknown) => {
      if (!isStoreRefusal(error)) throw error;
    });
    await this.refresh();
  }

  /** Reads which keys there are: another instance may have rotated them. @returns whether there are some */
  async refresh(): Promise<boolean> {
    await this.take(await this.database.readPlatform(SYSTEM, allKeys));
    return this.areKnown;
  }

  /** The same, and makes the first where there is none. @throws as `LogKeyHalves.make` */
  async refreshOrMake(): Promise<void> {
    if (await this.refresh()) return;
    await this.makeFirst();
    await this.refresh();
  }

  /** Whether there is a key: there is none where its row was altered. */
  get areKnown(): boolean {
    return this.#keys.length > 0;
  }

  /** Whether one that signs is in a store: a signature takes its time. */
  get areInStores(): boolean {
    return this.#keys.some((row) => row.compromisedAt === null && this.halves.isInStore(row));
  }

  /** The keys that are known here: what is signed now is signed by those of them that sign. */
  get all(): readonly HistoryKey[] {
    return this.#keys;
  }

  /**
   * Whether what was signed while these were the keys has what it needs: the latest of the installation has signed it, and none
   * that is compromised.
   */
  async areCurrent(view: View, keys: readonly HistoryKey[]): Promise<boolean> {
    const present = await allKeys(view);
    const isEndedAs = ({ name, compromisedAt }: HistoryKey): boolean =>
      keys.every((known) => known.name !== name || known.compromisedAt === compromisedAt);
    return present.at(-1)?.name === keys.at(-1)?.name && present.every(isEndedAs);
  }

  /**
   * Makes the next key, which signs from now on. The one before signs on beside it for a year.
   * @param keyStore where it is made; `null` seals it in the database. That of the setting, or of the latest key, if absent
   * @returns every key, the new one last
   * @throws TOO_MANY_HISTORY_KEYS, PRECONDITION_FAILED where another rotation was faster, CLOCK_NOT_CONFIRMED;
   *   KEY_STORE_UNKNOWN, KEY_STORE_ALGORITHM, KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY for one in a store
   */
  async rotate(
    scope: PlatformScope,
    keyStore?: string | null,
  ): Promise<Committed<{ readonly keys: readonly HistoryKey[] }>> {
    if (!(await this.refresh())) throw sealingErrors.SEALED();
    const next = await this.makeNext(scope, this.storeOfNext(keyStore));
    return this.change(scope, next, async (tx) => {
      // By a clock that is years ahead the earlier key would sign for years.
      tx.requireConfirmed(tx.now);
      await this.replace(tx, next);
    });
  }

  /**
   * Ends a key immediately because somebody else may have it. Where it is the latest, the next one is made. What was signed last of
   * each history is signed anew without it.
   * @param keyStore as for `rotate`; if absent and the store cannot make one now, it is sealed in the database: nothing waits for it
   * @returns every key
   * @throws NO_SUCH_HISTORY_KEY, PRECONDITION_FAILED where a rotation was faster; those of a store where it was named
   */
  async compromise(
    scope: PlatformScope,
    number: number,
    keyStore?: string | null,
  ): Promise<Committed<{ readonly keys: readonly HistoryKey[] }>> {
    if (!(await this.refresh())) throw sealingErrors.SEALED();
    const compromised = this.#keys.find((key) => key.number === number);
    if (!compromised) throw historyErrors.NO_SUCH_HISTORY_KEY();
    const next = compromised.signsUntil === null ? await this.makeSuccessor(scope, keyStore) : undefined;
    const { name } = compromised;
    return this.change(scope, next, async (tx) => {
      tx.housekeeping('a key that was known to be compromised before');
      const present = await tx.lock(HistoryKey, { name });
      if (present.compromisedAt !== null) return;
      if ((present.signsUntil === null) !== (next !== undefined)) throw coreErrors.PRECONDITION_FAILED();
      const signsUntil = Math.min(present.signsUntil ?? tx.now, tx.now);
      await tx.update(HistoryKey, { name }, { signsUntil, compromisedAt: tx.now });
      if (present.objectId !== null) await endObject(tx, present.objectId, tx.now);
      tx.record(
        historyEvents.key_compromised(INSTALLATION_ID, { details: { number, publicKeys: this.publicKeysOf(present) } }),
      );
      if (next) await this.replace(tx, next);
      await tx.note(HistorySize, { publishedSize: Not(IsNull()) }, { publishedSize: null });
    });
  }

  /**
   * The lines below the text of a note by every key that signs it. The latest key must sign. An earlier one whose store cannot sign is
   * left out, as one whose store was lost would keep every history from being signed.
   * @param at the confirmed instant: a key ends by it
   * @throws SEALED; KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY
   */
  async linesOf(
    origin: string,
    text: string,
    at: EpochMilliseconds,
    timestampSeconds: number,
  ): Promise<NoteSignature[]> {
    const lines = await Promise.all(
      this.signingAt(at).map(async (row) => {
        const { ed25519, mlDsa44 } = this.signersOf(origin, row);
        const own = signNote(text, mlDsa44, timestampSeconds);
        if ('privateKey' in ed25519) return [signNote(text, ed25519, timestampSeconds), own];
        const isLatest = row.signsUntil === null;
        if (!isLatest && this.halves.isAway(row)) return [own];
        try {
          return [await signNoteElsewhere(text, ed25519, timestampSeconds), own];
        } catch (error) {
          if (isLatest || !isStoreRefusal(error)) throw error;
          return [own];
        }
      }),
    );
    return lines.flat();
  }

  /**
   * The lines that wait for no store: those of the sealed keys. For what must be signed before anything else can begin, such as the first
   * checkpoint of a log under a new name: an installation whose store is lost needs to start before it can rotate its key.
   * @param at the confirmed instant, as of `linesOf`
   * @throws SEALED
   */
  sealedLinesOf(origin: string, text: string, at: EpochMilliseconds, timestampSeconds: number): NoteSignature[] {
    return this.signingAt(at).flatMap((row) => {
      const { ed25519, mlDsa44 } = this.signersOf(origin, row);
      const sealed = 'privateKey' in ed25519 ? [ed25519, mlDsa44] : [mlDsa44];
      return sealed.map((signer) => signNote(text, signer, timestampSeconds));
    });
  }

  /**
   * What is kept of a text outside of the database: signed for every key that the installation has had, so that a database from
   * before any of the rotations recognises it. One signature of each is enough, and a tenth of the size.
   * @param lines by which it was published: those of keys in stores are kept as well
   */
  keptNote(origin: string, text: string, lines: readonly NoteSignature[] = []): string {
    const signatures = this.known().flatMap((row) => {
      const { ed25519, keeper } = this.signersOf(origin, row);
      const published = 'privateKey' in ed25519 ? [] : lines.filter(({ keyId }) => isSame(keyId, ed25519.key.keyId));
      return [...published, signNote(text, keeper, 0)];
    });
    return formatNote({ text, signatures });
  }

  /** What is kept outside of the database is recognised by: every key that the installation has had. @throws SEALED */
  get keepers(): Keepers {
    this.#keepers ??= this.keepersOf(this.known());
    return this.#keepers;
  }

  /** What the checkpoints of a log are verified by, from the first on. @throws SEALED */
  verifierKeysOf(origin: string): VerifierKey[] {
    return this.periodsOf(origin).map(({ key }) => key);
  }

  /** The same, and when each signs. @throws SEALED */
  periodsOf(origin: string, keys: readonly HistoryKey[] = this.known()): LogKeyPeriod[] {
    return keys.flatMap((row) => {
      const { number, signsFrom, signsUntil, compromisedAt } = row;
      const { ed25519, mlDsa44 } = this.signersOf(origin, row);
      const period = { number, signsFrom, signsUntil, compromisedAt };
      return [
        { key: ed25519.key, ...period, keyStore: this.halves.isInStore(row) ? row.keyStore : null },
        { key: mlDsa44.key, ...period, keyStore: null },
      ];
    });
  }

  /** Asks the stores for the keys that are to sign there. */
  async inStores(): Promise<StoredLogKey[]> {
    const now = this.database.now();
    const signing = this.known().filter(
      (row) => this.halves.isInStore(row) && row.compromisedAt === null && (row.signsUntil ?? Infinity) > now,
    );
    const found: StoredLogKey[] = [];
    for (const row of signing) {
      const { number, keyStore, signsUntil } = row;
      const state = await this.halves.stateOf(row);
      found.push({ number, keyStore: keyStore!, isLatest: signsUntil === null, state });
    }
    return found;
  }

  private async makeFirst(): Promise<void> {
    const isThere = await this.database.readPlatform(SYSTEM, (view) => view.exists(HistoryKey, { name: SECRET }));
    // One that was altered is no new one: what it signed must stay verifiable.
    if (isThere) return;
    const first = await this.make(SYSTEM, SECRET, 1, this.halves.storeOfNext());
    try {
      await this.discardingUnlessStored(first, () =>
        this.database.platform(SYSTEM, async (tx) => {
          tx.housekeeping('the first key of the histories is made once, on first start');
          await this.insert(tx, first);
        }),
      );
    } catch (error) {
      // Another instance has made it.
      if (!(error instanceof DomainError && error.code === coreErrors.PRECONDITION_FAILED.code)) throw error;
    }
  }

  private storeOfNext(keyStore: string | null | undefined): string | null {
    return keyStore === undefined ? this.halves.storeOfNext(this.#keys.at(-1)) : keyStore;
  }

  private makeNext(scope: PlatformScope, keyStore: string | null): Promise<NextKey> {
    const number = this.#keys.at(-1)!.number + 1;
    return this.make(scope, `${SECRET}-${number}`, number, keyStore);
  }

  /** The next one of a compromised key: sealed where no store was named and that of the next one cannot make it now. */
  private async makeSuccessor(scope: PlatformScope, keyStore: string | null | undefined): Promise<NextKey> {
    try {
      return await this.makeNext(scope, this.storeOfNext(keyStore));
    } catch (error) {
      if (keyStore !== undefined || !isStoreRefusal(error)) throw error;
      return this.makeNext(scope, null);
    }
  }

  private async make(scope: PlatformScope, name: string, number: number, keyStore: string | null): Promise<NextKey> {
    return { name, number, halves: await this.halves.make(scope, name, keyStore) };
  }

  /** Changes the keys in a transaction, and goes by them from then on. @returns every key */
  private async change(
    scope: PlatformScope,
    next: NextKey | undefined,
    work: (tx: Tx) => Promise<void>,
  ): Promise<Committed<{ readonly keys: readonly HistoryKey[] }>> {
    const changed = await this.discardingUnlessStored(next, () =>
      this.database.platform(scope, async (tx) => {
        await work(tx);
        return { keys: await allKeys(tx) };
      }),
    );
    await this.take(changed.keys);
    return changed;
  }

  private async discardingUnlessStored<T>(next: NextKey | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // What was stored all the same stays.
      if (next) await this.halves.discard(next.halves);
      throw error;
    }
  }

  /** Goes by these from now on, as far as they open. */
  private async take(keys: readonly HistoryKey[]): Promise<void> {
    for (const row of keys) await this.halves.open(row);
    this.#keys = keys.filter(this.halves.isOpen);
    this.#keepers = undefined;
  }

  private keepersOf(rows: readonly HistoryKey[]): Keepers {
    const publicKeys = rows.flatMap((row) => {
      const { ed25519, keeper } = this.signersOf(INSTALLATION_ID, row);
      return ed25519 === keeper ? [keeper.key.publicKey] : [ed25519.key.publicKey, keeper.key.publicKey];
    });
    return {
      identity: publicKeys.map((key) => Buffer.from(key).toString('base64')).join(' '),
      keysOf: (name) => publicKeys.map((key) => verifierKey(name, 'ed25519', key)),
    };
  }

  private async replace(tx: Tx, next: NextKey): Promise<void> {
    const signing = await tx.find(HistoryKey, [{ signsUntil: IsNull() }, { signsUntil: MoreThan(tx.confirmed) }]);
    if (signing.length >= SIGNING_MAX) throw historyErrors.TOO_MANY_HISTORY_KEYS();
    const signsUntil = tx.now + SIGNS_ON_FOR;
    const [latest] = signing.filter((row) => row.signsUntil === null);
    await tx.update(HistoryKey, { signsUntil: IsNull() }, { signsUntil });
    // In its store it is destroyed when it signs no more.
    if (latest && latest.objectId !== null) await endObject(tx, latest.objectId, signsUntil);
    const row = await this.insert(tx, next);
    const { number } = next;
    const publicKeys = this.publicKeysOf(row);
    const details = { number, earlierSignsUntil: toRfc3339(signsUntil), keyStore: row.keyStore, publicKeys };
    tx.record(historyEvents.key_rotated(INSTALLATION_ID, { details }));
  }

  /** @throws PRECONDITION_FAILED where another instance has made one of this number */
  private async insert(tx: Tx, { name, number, halves }: NextKey): Promise<HistoryKey> {
    const columns = await this.halves.columnsOf(tx, halves);
    const row = { name, number, signsFrom: tx.now, signsUntil: null, compromisedAt: null, ...columns };
    if (!(await tx.insertIfAbsent(HistoryKey, row))) throw coreErrors.PRECONDITION_FAILED();
    return row;
  }

  /** As the standards of the algorithms encode them: each log forms its verifier keys of them, under its own name. */
  private publicKeysOf(row: HistoryKey): Readonly<Record<string, string>> {
    const { ed25519, mlDsa44 } = this.signersOf(INSTALLATION_ID, row);
    return Object.fromEntries(
      [ed25519, mlDsa44].map(({ key }) => [key.type, Buffer.from(key.publicKey).toString('base64')]),
    );
  }

  private known(): readonly HistoryKey[] {
    if (this.#keys.length === 0) throw sealingErrors.SEALED('There is no key of the histories that can be used');
    return this.#keys;
  }

  /** The keys that sign at an instant. */
  private signingAt(at: EpochMilliseconds): HistoryKey[] {
    return this.known()
      .filter(({ compromisedAt }) => compromisedAt === null)
      .filter(({ signsUntil }) => signsUntil === null || signsUntil > at);
  }

  private signersOf(origin: string, row: HistoryKey): LogKeySigners {
    if (!this.halves.isOpen(row)) throw sealingErrors.SEALED();
    return this.halves.signersOf(origin, row);
  }
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.from(one).equals(other);

/** From the first on. */
async function allKeys(view: View): Promise<HistoryKey[]> {
  const latest = await view.find(HistoryKey, {}, { order: { number: 'DESC' }, limit: REMEMBERED_MAX });
  return latest.toReversed();
}
