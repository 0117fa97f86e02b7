import { Injectable, type OnModuleDestroy } from '@nestjs/common';

import {
  INSTALLATION_ID,
  MINUTE,
  type Page,
  type PlatformScope,
  SECOND,
  type TenantScope,
  endedOrGivenUp,
  platformScope,
  systemOrigin,
} from '#core';
import { Database, IsNull, MoreThanColumn } from '#database';
import { Counter } from '#metrics';
import { Backoff } from '#scheduler';
import { type NoteSignature, consistencyProof, formatNote, parseCheckpoint, parseNote } from '#transparency-log';

import { historyErrors } from './errors.js';
import { readsOf } from './history.service.js';
import { HistoryHead } from './log.entities.js';
import { headOf } from './published-log.js';
import { hashesOf } from './stored-tiles.js';
import { type Witness, WitnessUnavailable, addCheckpoint } from './witness-client.js';

const SYSTEM = platformScope(systemOrigin('history-witnesses'));
const HISTORIES_PER_PAGE = 50;
const HISTORIES_AT_ONCE = 8;
/** Delays for one history that a witness rejects. */
const RETRIES = { firstDelay: 2 * SECOND, longestDelay: 30 * MINUTE, entriesMax: 10_000 };
/** Delays for a witness that does not answer at all. */
const AWAY = { firstDelay: 2 * SECOND, longestDelay: MINUTE, entriesMax: 100 };

/** A checkpoint that a witness did not cosign. */
interface Uncosigned {
  readonly tenantId: string;
  readonly witness: string;
  readonly error: unknown;
}

/** The witnesses of this installation. */
export abstract class Witnesses {
  abstract readonly all: readonly Witness[];
}

/** The name of a witness in the cosigned sizes: its key, so that a new key counts as a new witness. */
const nameOf = ({ key }: Witness): string => `${key.name}+${Buffer.from(key.keyId).toString('hex')}`;

/**
 * Has the latest checkpoint of each history cosigned by the witnesses: their cosignatures prove that everybody sees the same
 * history. Each witness is asked at its own pace: a slow one delays no other. Failures are retried with increasing delays and
 * the checkpoint that is the latest then.
 */
@Injectable()
export class Cosignatures implements OnModuleDestroy {
  /** Counts of this process: `cosigned` or `failed`. */
  readonly outcomes = new Counter();
  readonly #refused = new Backoff(RETRIES);
  readonly #away = new Backoff(AWAY);
  /** The witnesses that are being asked. */
  readonly #asked = new Map<string, Promise<Uncosigned[]>>();
  readonly #stop = new AbortController();

  constructor(
    private readonly database: Database,
    private readonly witnesses: Witnesses,
  ) {}

  /**
   * The last checkpoint of a history that a witness has cosigned; it may be older than the last one.
   * @throws CHECKPOINT_PENDING before the first, NO_WITNESS if no witness is configured
   */
  async checkpoint(scope: TenantScope | PlatformScope): Promise<string> {
    const { cosignedNote } = await readsOf(this.database, scope, (view) => headOf(view, scope.tenantId));
    if (cosignedNote !== null) return cosignedNote;
    if (!(await this.areAsked())) throw historyErrors.NO_WITNESS();
    throw historyErrors.CHECKPOINT_PENDING({ retryAfterSeconds: 1 });
  }

  /** Whether any process asks witnesses; only processes with the role scheduler need their settings. */
  private async areAsked(): Promise<boolean> {
    if (this.witnesses.all.length > 0) return true;
    const head = await this.database.readPlatform(SYSTEM, (view) => view.findOne(HistoryHead, { id: INSTALLATION_ID }));
    return head !== null && head.cosignedSizes !== null;
  }

  /**
   * Asks each idle witness for missing cosignatures. It may be called while a slow witness is still being asked.
   * @returns the checkpoints that were not cosigned, with witness and reason
   */
  async requestDue(): Promise<Uncosigned[]> {
    const ready = this.witnesses.all.filter((witness) => !this.#asked.has(nameOf(witness)) && this.mayAsk(witness));
    if (ready.length === 0) return [];
    // Usually all witnesses need the same checkpoints.
    const first = this.page();
    const begun = ready.map((witness) => {
      const name = nameOf(witness);
      const ended = this.requestFor(witness, first).finally(() => this.#asked.delete(name));
      this.#asked.set(name, ended);
      return ended;
    });
    return (await Promise.all(begun)).flat();
  }

  /** Starts no further requests, and ends those that wait for a witness. */
  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    await endedOrGivenUp([...this.#asked.values()]);
  }

  private mayAsk(witness: Witness): boolean {
    return !this.#stop.signal.aborted && !this.#away.isWaiting(nameOf(witness), this.database.now());
  }

  /** The histories whose latest checkpoint a witness has not cosigned. */
  private page(cursor?: string): Promise<Page<HistoryHead>> {
    const where = [{ size: MoreThanColumn('cosignedSize') }, { cosignedSize: IsNull() }];
    return this.database.readPlatform(SYSTEM, (view) =>
      view.page(HistoryHead, where, [['id', 'ASC']], { limit: HISTORIES_PER_PAGE, cursor }),
    );
  }

  private async requestFor(witness: Witness, first: Promise<Page<HistoryHead>>): Promise<Uncosigned[]> {
    const failed: Uncosigned[] = [];
    let cursor: string | undefined;
    do {
      const { items, nextCursor } = await (cursor === undefined ? first : this.page(cursor));
      const due = items.filter((head) => this.isDue(head, witness));
      for (let from = 0; from < due.length && this.mayAsk(witness); from += HISTORIES_AT_ONCE) {
        failed.push(...(await this.requestTogether(due.slice(from, from + HISTORIES_AT_ONCE), witness)));
      }
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined && this.mayAsk(witness));
    return failed;
  }

  private isDue(head: HistoryHead, witness: Witness): boolean {
    const isCosigned = head.cosignedSizes?.[nameOf(witness)] === head.size;
    return !isCosigned && !this.#refused.isWaiting(this.attemptOf(head, witness), this.database.now());
  }

  /** Delays the next attempt: for the whole witness if it does not answer, otherwise for each history that it did not cosign. */
  private async requestTogether(heads: readonly HistoryHead[], witness: Witness): Promise<Uncosigned[]> {
    const failed = (await Promise.all(heads.map((head) => this.request(head, witness)))).filter(
      (one) => one !== undefined,
    );
    if (this.#stop.signal.aborted) return [];
    const now = this.database.now();
    const isAway = failed.length === heads.length && failed.every(({ error }) => error instanceof WitnessUnavailable);
    if (isAway) this.#away.failed(nameOf(witness), now);
    else {
      this.#away.succeeded(nameOf(witness));
      for (const { tenantId } of failed) this.#refused.failed(this.attemptOf({ id: tenantId }, witness), now);
    }
    return failed;
  }

  private async request(head: HistoryHead, witness: Witness): Promise<Uncosigned | undefined> {
    if (head.id === INSTALLATION_ID && head.cosignedSizes === null) await this.noteAsking();
    let cosigned: readonly NoteSignature[];
    try {
      cosigned = await this.cosignatures(head, witness);
    } catch (error) {
      this.outcomes.increment('failed');
      return { tenantId: head.id, witness: witness.key.name, error };
    }
    this.#refused.succeeded(this.attemptOf(head, witness));
    this.outcomes.increment('cosigned');
    await this.store(head, witness, cosigned);
    return undefined;
  }

  /** Tells processes without the settings of witnesses that there are some. */
  private async noteAsking(): Promise<void> {
    await this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('witnesses are asked for cosignatures');
      await tx.note(HistoryHead, { id: INSTALLATION_ID, cosignedSizes: IsNull() }, { cosignedSizes: {} });
    });
  }

  private attemptOf = ({ id }: Pick<HistoryHead, 'id'>, witness: Witness): string => `${id} ${nameOf(witness)}`;

  /** A witness that reports a different cosigned size is asked once more. */
  private async cosignatures(head: HistoryHead, witness: Witness): Promise<readonly NoteSignature[]> {
    const known = head.cosignedSizes?.[nameOf(witness)] ?? 0;
    const first = await addCheckpoint(witness, await this.requestFrom(head, known), this.#stop.signal);
    if ('cosignatures' in first) return first.cosignatures;
    const again = await addCheckpoint(witness, await this.requestFrom(head, first.cosignedSize), this.#stop.signal);
    if ('cosignatures' in again) return again.cosignatures;
    throw new Error(`${witness.key.name} has cosigned ${again.cosignedSize} events meanwhile`);
  }

  private async requestFrom(head: HistoryHead, oldSize: number) {
    const { id: tenantId, origin, note, size } = head;
    // The witness knows a larger size than the history has: the database was rolled back.
    if (oldSize > size) throw new Error(`A witness has cosigned ${oldSize} events, and the history has ${size}`);
    const isContinued = oldSize > 0 && oldSize < size;
    const proof = isContinued
      ? await this.database.readPlatform(SYSTEM, (view) => consistencyProof(oldSize, size, hashesOf(view, tenantId)))
      : [];
    // Lines of other witnesses are left out: this one ignores them, and they could exceed its limit.
    const { text, signatures } = parseNote(note);
    const own = signatures.filter(({ name }) => name === origin);
    return { oldSize, proof, note: formatNote({ text, signatures: own }) };
  }

  /**
   * Adds the cosignatures to the checkpoint, unless it has been replaced by a later one; that it was cosigned is kept. Others
   * can have stored a later one meanwhile, as another process asks, too: nothing goes back.
   */
  private async store(
    { id, size, note }: HistoryHead,
    witness: Witness,
    cosigned: readonly NoteSignature[],
  ): Promise<void> {
    await this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('cosignatures of checkpoints');
      const present = await tx.lockIfPresent(HistoryHead, { id });
      if (!present) return;
      const isLast = present.size === size;
      const sizes = { ...present.cosignedSizes };
      sizes[nameOf(witness)] = Math.max(sizes[nameOf(witness)] ?? 0, size);
      const { cosignedNote, cosignedSize } = present;
      const known = cosignedNote === null ? undefined : parseNote(cosignedNote);
      const base = isLast ? present.note : note;
      // What others have cosigned of the same checkpoint.
      const earlier = known && known.text === parseNote(base).text ? known.signatures : [];
      const completed = withSignatures(base, [...earlier, ...cosigned]);
      const isNewest = known === undefined || parseCheckpoint(known.text).size <= size;
      const isByAll = this.witnesses.all.every((one) => sizes[nameOf(one)] === size) && size > (cosignedSize ?? -1);
      await tx.note(
        HistoryHead,
        { id },
        {
          cosignedSizes: sizes,
          ...(isNewest ? { cosignedNote: completed } : {}),
          ...(isLast ? { note: completed } : {}),
          ...(isByAll ? { cosignedSize: size } : {}),
        },
      );
    });
  }
}

/** The note with further signature lines, the last one of each key. */
function withSignatures(note: string, added: readonly NoteSignature[]): string {
  const { text, signatures } = parseNote(note);
  const lines = new Map<string, NoteSignature>();
  for (const line of [...signatures, ...added])
    lines.set(`${line.name}+${Buffer.from(line.keyId).toString('hex')}`, line);
  return formatNote({ text, signatures: [...lines.values()] });
}
