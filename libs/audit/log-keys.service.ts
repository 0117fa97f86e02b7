import { randomBytes } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import {
  DAY,
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
import { type CheckpointSigner, SEED_BYTES, type VerifierKey, checkpointSigner } from '#transparency-log';
import { type OnUnsealed, Vault, isBlobUnreadable } from '#vault';

import { historyErrors } from './errors.js';
import { historyEvents } from './events.js';
import { HistoryKey, HistorySize } from './log.entities.js';

const SECRET = 'history-log-key';
/** In this order in the secret and below a checkpoint. Ed25519 for every tool, ML-DSA-44 for after quantum computers. */
const TYPES = ['ed25519', 'mlDsa44'] as const;
const SYSTEM = platformScope(systemOrigin('history-keys'));
/** For how long a key signs beside its successor: auditors and witnesses have that time to take the new one. */
const SIGNS_ON_FOR = 365 * DAY;
/** Each adds 3.4 kB to every checkpoint, which a witness cosigns and a row holds with the lines of 8 witnesses. */
const SIGNING_MAX = 4;
/** The latest of those that were ever used; more than a century of yearly rotations is not looked at. */
const REMEMBERED_MAX = 100;

/** @throws the error unless it is that the row was altered */
function ignoreAltered(error: unknown): void {
  if (!isBlobUnreadable(error)) throw error;
}

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
}

/**
 * The keys that sign the checkpoints of all histories: the installation's, made on first start and sealed in its database.
 * Each history signs under its own name, so that a signature for one is none for another. After a rotation the earlier key signs
 * beside the new one for a year, by the clock; it verifies what it has signed for as long as the installation exists.
 */
@Injectable()
export class LogKeys implements OnUnsealed {
  readonly #seeds = new Map<string, Buffer>();
  #keys: readonly HistoryKey[] = [];

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
  ) {}

  /** Loads the keys, or makes the first. */
  async onUnsealed(): Promise<void> {
    // One that was altered is no new one: what it signed must stay verifiable.
    await this.vault.ensureInstallationSecret(SECRET, newSeeds).catch(ignoreAltered);
    await this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('the first key of the histories is made once, on first start');
      if (await tx.exists(HistoryKey, { name: SECRET })) return;
      await tx.insertIfAbsent(HistoryKey, {
        name: SECRET,
        number: 1,
        signsFrom: tx.now,
        signsUntil: null,
        compromisedAt: null,
      });
    });
    await this.refresh();
  }

  /** Reads which keys there are: another instance may have rotated them. @returns whether there are some */
  async refresh(): Promise<boolean> {
    const keys = await this.database.readPlatform(SYSTEM, allKeys);
    for (const { name } of keys) {
      const seeds = this.#seeds.get(name) ?? (await this.vault.installationSecretUnlessAltered(name));
      if (seeds) this.#seeds.set(name, seeds);
    }
    this.#keys = keys.filter(({ name }) => this.#seeds.has(name));
    return this.#keys.length > 0;
  }

  /** Whether there is a key: there is none where its row was altered. */
  get areKnown(): boolean {
    return this.#keys.length > 0;
  }

  /** Whether the latest key that is known here is the latest of the installation. */
  async isLatest(view: View): Promise<boolean> {
    const [latest] = await view.find(HistoryKey, { signsUntil: IsNull() });
    return latest?.name === this.#keys.at(-1)?.name;
  }

  /**
   * Makes the next key, which signs from now on. The one before signs on beside it for a year.
   * @returns every key, the new one last
   * @throws TOO_MANY_HISTORY_KEYS, PRECONDITION_FAILED where another rotation was faster, CLOCK_NOT_CONFIRMED
   */
  async rotate(scope: PlatformScope): Promise<Committed<{ readonly keys: readonly HistoryKey[] }>> {
    if (!(await this.refresh())) throw sealingErrors.SEALED();
    const next = await this.nextKey();
    const rotated = await this.database.platform(scope, async (tx) => {
      // By a clock that is years ahead the earlier key would sign for years.
      tx.requireConfirmed(tx.now);
      await this.replace(tx, next);
      return { keys: await allKeys(tx) };
    });
    this.#keys = rotated.keys;
    return rotated;
  }

  /**
   * Ends a key immediately because somebody else may have it. Where it is the latest, the next one is made. What was signed last of
   * each history is signed anew without it.
   * @returns every key
   * @throws NO_SUCH_HISTORY_KEY, PRECONDITION_FAILED where a rotation was faster
   */
  async compromise(scope: PlatformScope, number: number): Promise<Committed<{ readonly keys: readonly HistoryKey[] }>> {
    if (!(await this.refresh())) throw sealingErrors.SEALED();
    const compromised = this.#keys.find((key) => key.number === number);
    if (!compromised) throw historyErrors.NO_SUCH_HISTORY_KEY();
    const next = compromised.signsUntil === null ? await this.nextKey() : undefined;
    const { name } = compromised;
    const ended = await this.database.platform(scope, async (tx) => {
      tx.housekeeping('a key that was known to be compromised before');
      const present = await tx.lock(HistoryKey, { name });
      if (present.compromisedAt !== null) return { keys: await allKeys(tx) };
      if ((present.signsUntil === null) !== (next !== undefined)) throw coreErrors.PRECONDITION_FAILED();
      const signsUntil = Math.min(present.signsUntil ?? tx.now, tx.now);
      await tx.update(HistoryKey, { name }, { signsUntil, compromisedAt: tx.now });
      tx.record(
        historyEvents.key_compromised(INSTALLATION_ID, { details: { number, publicKeys: this.publicKeysOf(present) } }),
      );
      if (next) await this.replace(tx, next);
      await tx.note(HistorySize, { publishedSize: Not(IsNull()) }, { publishedSize: null });
      return { keys: await allKeys(tx) };
    });
    this.#keys = ended.keys;
    return ended;
  }

  /** What the next key is made from. Where an attempt is cut off after this, the next one takes what it has made. */
  private async nextKey(): Promise<Pick<HistoryKey, 'name' | 'number'>> {
    const number = this.#keys.at(-1)!.number + 1;
    const name = `${SECRET}-${number}`;
    this.#seeds.set(name, await this.vault.ensureInstallationSecret(name, newSeeds));
    return { name, number };
  }

  /** Who signs the checkpoints of a log. @param at the confirmed instant: a key ends by it @throws SEALED */
  signersOf(origin: string, at: EpochMilliseconds): CheckpointSigner[] {
    return this.known()
      .filter(({ compromisedAt }) => compromisedAt === null)
      .filter(({ signsUntil }) => signsUntil === null || signsUntil > at)
      .flatMap((key) => this.signersOfKey(origin, key));
  }

  /**
   * Who signs what is kept of a log outside of the database: every key that the installation has had, so that a database from
   * before any of the rotations recognises it. One signature of each is enough, and a tenth of the size.
   */
  keepersOf(origin: string): CheckpointSigner[] {
    return this.known().map((key) => this.signersOfKey(origin, key)[0]!);
  }

  /** What the checkpoints of a log are verified by, from the first on. @throws SEALED */
  verifierKeysOf(origin: string): VerifierKey[] {
    return this.periodsOf(origin).map(({ key }) => key);
  }

  /** The same, and when each signs. @throws SEALED */
  periodsOf(origin: string, keys: readonly HistoryKey[] = this.known()): LogKeyPeriod[] {
    return keys.flatMap((row) =>
      this.signersOfKey(origin, row).map(({ key }) => {
        const { number, signsFrom, signsUntil, compromisedAt } = row;
        return { key, number, signsFrom, signsUntil, compromisedAt };
      }),
    );
  }

  private async replace(tx: Tx, { name, number }: Pick<HistoryKey, 'name' | 'number'>): Promise<void> {
    const next = { name, number, signsFrom: tx.now, signsUntil: null, compromisedAt: null };
    const signing = await tx.find(HistoryKey, [{ signsUntil: IsNull() }, { signsUntil: MoreThan(tx.confirmed) }]);
    if (signing.length >= SIGNING_MAX) throw historyErrors.TOO_MANY_HISTORY_KEYS();
    const signsUntil = tx.now + SIGNS_ON_FOR;
    await tx.update(HistoryKey, { signsUntil: IsNull() }, { signsUntil });
    if (!(await tx.insertIfAbsent(HistoryKey, next))) throw coreErrors.PRECONDITION_FAILED();
    const details = { number, earlierSignsUntil: toRfc3339(signsUntil), publicKeys: this.publicKeysOf(next) };
    tx.record(historyEvents.key_rotated(INSTALLATION_ID, { details }));
  }

  /** As the standards of the algorithms encode them: each log forms its verifier keys of them, under its own name. */
  private publicKeysOf(row: HistoryKey): Readonly<Record<string, string>> {
    const signers = this.signersOfKey(INSTALLATION_ID, row);
    return Object.fromEntries(signers.map(({ key }) => [key.type, Buffer.from(key.publicKey).toString('base64')]));
  }

  private known(): readonly HistoryKey[] {
    if (this.#keys.length === 0) throw sealingErrors.SEALED();
    return this.#keys;
  }

  private signersOfKey(origin: string, { name }: HistoryKey): CheckpointSigner[] {
    const seeds = this.#seeds.get(name);
    if (!seeds) throw sealingErrors.SEALED();
    return TYPES.map((type, place) =>
      checkpointSigner(origin, type, seeds.subarray(place * SEED_BYTES, (place + 1) * SEED_BYTES)),
    );
  }
}

const newSeeds = (): Buffer => randomBytes(SEED_BYTES * TYPES.length);

/** From the first on. */
async function allKeys(view: View): Promise<HistoryKey[]> {
  const latest = await view.find(HistoryKey, {}, { order: { number: 'DESC' }, limit: REMEMBERED_MAX });
  return latest.toReversed();
}
