import { Injectable } from '@nestjs/common';

import { type EpochMilliseconds, INSTALLATION_ID, SECOND, platformScope, systemOrigin } from '#core';
import { Database, type View } from '#database';
import {
  type Checkpoint,
  GrowingTiles,
  type NoteSignature,
  formatCheckpoint,
  formatNote,
  parseNote,
} from '#transparency-log';

import { historyEvents } from './events.js';
import type { KeptCheckpoint, RejectedLines } from './kept-notes.js';
import { CHECKPOINT_LOG } from './log-entries.js';
import { HistoryHead, HistorySize } from './log.entities.js';
import { LogKeys } from './log-keys.service.js';
import { LogPlace } from './log-place.js';
import { sequenceAt } from './sequence-at.js';
import { rootAt } from './stored-tiles.js';

const SYSTEM = platformScope(systemOrigin('history-kept-logs'));

/** Of a log that no witness has seen. */
export const UNCOSIGNED = { cosignedSize: null, cosignedSizes: null, cosignedNote: null };

/** A log that ended by a restoration of the database. */
export interface EndedLog {
  readonly origin: string;
  /** How many events the last checkpoint had that was kept of it. */
  readonly size: number;
  /** The log that the history continues as. */
  readonly continuesAs: string;
}

/** A log of which a checkpoint was kept outside of the database. */
export interface KeptLog {
  readonly tenantId: string;
  readonly checkpoint: Checkpoint;
  /** Whether the database has what was signed of it. */
  readonly isContinued: boolean;
  /** The number in the name of the log that the database has of its history. */
  readonly begunAt: EpochMilliseconds;
  /** The log that its history continues as since a restoration. */
  readonly continuesAs?: string;
}

const isLost = ({ isContinued, continuesAs }: KeptLog): boolean => !isContinued && continuesAs === undefined;

/** What is kept of the logs outside of the database, beside what the database has of them. */
@Injectable()
export class KeptLogs {
  #reported: readonly RejectedLines[] = [];

  constructor(
    private readonly database: Database,
    private readonly keys: LogKeys,
    private readonly place: LogPlace,
  ) {}

  /** Takes note of what was kept since. Nothing verifies it where no key is known: it is not read then. */
  async refresh(): Promise<void> {
    if (this.keys.areKnown) await this.place.memory.refresh(this.keys.keepers);
  }

  /** The largest checkpoint that was kept of a log. */
  last(origin: string): KeptCheckpoint | undefined {
    return this.place.memory.last(origin);
  }

  /**
   * Where a restored history lacks what was signed later, it continues as another log: two checkpoints of one log must never
   * contradict each other, and a witness of the old one sees that it ended. An event of the history says so.
   */
  async onRestored({ restoredAt }: { readonly restoredAt: EpochMilliseconds }): Promise<void> {
    const kept = await this.keptLogs();
    for (const [tenantId, logs] of Map.groupBy(kept, (log) => log.tenantId)) {
      const lost = logs.filter(isLost);
      if (lost.length === 0) continue;
      // Also where the clock was set back since an earlier restoration: no log has the name of another one, or an earlier number.
      const number = Math.max(
        restoredAt,
        ...logs.flatMap((log) => [log.begunAt + 1, restoredAtOf(log.checkpoint.origin) + 1]),
      );
      const continuesAs = `${this.place.host()}/restored-${number}/${tenantId}`;
      await this.goOnAs(
        { restoredAt, continuesAs },
        tenantId,
        lost.map(({ checkpoint }) => checkpoint),
      );
    }
  }

  /** Those of which more was signed than the database has, or something else, and that have not ended since. */
  async lost(): Promise<KeptLog[]> {
    return (await this.keptLogs()).filter(isLost);
  }

  /** The logs that ended by a restoration, and under which name the history of each continues. */
  async ended(): Promise<EndedLog[]> {
    return (await this.keptLogs()).flatMap(({ checkpoint: { origin, size }, continuesAs }) =>
      continuesAs === undefined ? [] : [{ origin, size, continuesAs }],
    );
  }

  /**
   * What was found outside of the database and ignored since this was asked last: lines that none of the keys has signed, or that were
   * altered. They change nothing of what is decided, and say that somebody else has written there or that a key was lost.
   */
  newlyRejected(): readonly RejectedLines[] {
    const rejected = this.place.memory.rejected();
    const isNew = ({ name, reason, lines }: RejectedLines): boolean =>
      !this.#reported.some((one) => one.name === name && one.reason === reason && one.lines >= lines);
    const found = rejected.filter(isNew);
    this.#reported = rejected;
    return found;
  }

  /**
   * The logs of which a checkpoint was kept, and none that this database has a key for: nothing shows whether they were rolled back.
   * Either the file is of another installation, or the database has lost its keys.
   */
  async unverifiable(): Promise<string[]> {
    const { memory } = this.place;
    const unknown = memory.rejected().filter(({ name, reason }) => reason === 'unknown' && !memory.last(name));
    return this.database.readPlatform(SYSTEM, async (view) => {
      const found: string[] = [];
      for (const { name } of unknown) {
        const tenantId = tenantIn(name);
        const isHere =
          (await view.exists(HistoryHead, { id: tenantId })) || (await view.exists(HistorySize, { tenantId }));
        if (isHere) found.push(name);
      }
      return found;
    });
  }

  private async keptLogs(): Promise<KeptLog[]> {
    // Nothing verifies what was kept: the vault has logged which row was altered.
    if (!this.keys.areKnown) return [];
    await this.refresh();
    const logs: KeptLog[] = [];
    for (const origin of this.place.memory.origins()) {
      const checkpoint = this.place.memory.last(origin)!;
      const tenantId = tenantIn(origin);
      const log = await this.database.readPlatform(SYSTEM, async (view) => {
        const head = await view.findOne(HistoryHead, { id: tenantId });
        const hasEnded = head !== null && restoredAtOf(head.origin) > restoredAtOf(origin);
        const isContinued = await continues(view, tenantId, checkpoint);
        const begunAt = restoredAtOf(head?.origin ?? '');
        return { tenantId, checkpoint, isContinued, begunAt, ...(hasEnded ? { continuesAs: head.origin } : {}) };
      });
      logs.push(log);
    }
    return logs;
  }

  /** @param lost what was signed of the history, and is not in it */
  private async goOnAs(
    { restoredAt, continuesAs }: { readonly restoredAt: EpochMilliseconds; readonly continuesAs: string },
    tenantId: string,
    lost: readonly Checkpoint[],
  ): Promise<void> {
    const { now, confirmed } = await this.database.readPlatform(SYSTEM, async (view) => ({
      now: view.now,
      confirmed: view.confirmed,
    }));
    // A backup of before the first checkpoint has no row that could have another name.
    const empty = { origin: continuesAs, size: 0, root: await new GrowingTiles(0, []).root() };
    const text = formatCheckpoint(empty);
    const signatures = this.keys.sealedLinesOf(continuesAs, text, confirmed, Math.floor(now / SECOND));
    const note = formatNote({ text, signatures });
    await this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('the name of a restored history');
      const head = await tx.lockIfPresent(HistoryHead, { id: tenantId });
      if (head?.origin === continuesAs) return;
      if (head) await tx.update(HistoryHead, { id: tenantId }, { origin: continuesAs, ...UNCOSIGNED });
      else {
        const row = { id: tenantId, origin: continuesAs, size: 0, root: hex(empty.root), note, ...UNCOSIGNED };
        const rest = { publishedAt: tx.now, enterAt: null, nextEntryAt: null, version: 1 };
        if (!(await tx.insertIfAbsent(HistoryHead, { ...row, ...rest }))) return;
      }
      const { size: present = 0 } = (await tx.findOne(HistorySize, { tenantId })) ?? {};
      const hasEvents = tenantId !== CHECKPOINT_LOG && present > 0;
      // What else follows from the restoration may have been recorded before this.
      const restored = hasEvents ? ((await sequenceAt(tx, tenantId, restoredAt)) ?? present) : present;
      // The installation's history says it of the log of checkpoints, and of a tenant that was created after the backup.
      const own = hasEvents && tenantId !== INSTALLATION_ID ? { tenantId } : {};
      for (const { origin: log, size, root } of lost) {
        const details = { log, size, rootHash: hex(root), restored, continuesAs };
        tx.record(historyEvents.log_ended(tenantId, { ...own, details }));
      }
    });
  }

  /**
   * The logs of which checkpoints were kept that a key signed which this database does not have: it was restored from before a
   * rotation of the keys.
   */
  signedByLaterKeys(): string[] {
    return this.place.memory.origins().filter((origin) => {
      const known = [...this.keys.verifierKeysOf(origin), ...this.keys.keepers.keysOf(origin)];
      const { signatures } = parseNote(this.place.memory.last(origin)!.note);
      const isKnown = ({ keyId }: NoteSignature): boolean => known.some((key) => Buffer.from(key.keyId).equals(keyId));
      return !signatures.every(isKnown);
    });
  }

  /** What a log was called that was kept: one that the database has lost continues under no other name. */
  keptOrigin(tenantId: string): string | undefined {
    return this.place.memory.origins().find((origin) => origin.endsWith(`/${tenantId}`));
  }
}

/** Whose history a log is, by its name. */
const tenantIn = (origin: string): string => origin.slice(origin.lastIndexOf('/') + 1);

/** When a log began, where that was by a restoration; later than any before it. */
const restoredAtOf = (origin: string): EpochMilliseconds => Number(/\/restored-(\d+)\//.exec(origin)?.[1] ?? 0);

/** Whether the tree of a history is one that a checkpoint is the beginning of. */
export async function continues(view: View, tenantId: string, kept: Checkpoint): Promise<boolean> {
  const head = await view.findOne(HistoryHead, { id: tenantId });
  if (!head || head.size < kept.size) return false;
  return (await rootAt(view, tenantId, kept.size)) === hex(kept.root);
}

const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');
