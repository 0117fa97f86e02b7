import { Injectable } from '@nestjs/common';

import { MINUTE, SECOND, coreErrors, platformScope, systemOrigin } from '#core';
import { Database, IsNull, MoreThanColumn } from '#database';
import { Counter } from '#metrics';
import { Backoff } from '#scheduler';
import { type NoteSignature, consistencyProof, formatNote, parseNote } from '#transparency-log';

import { HistoryHead } from './log.entities.js';
import { hashesOf } from './stored-tiles.js';
import { type Witness, addCheckpoint } from './witness-client.js';

const SYSTEM = platformScope(systemOrigin('history-witnesses'));
const HISTORIES_PER_PAGE = 50;
const HISTORIES_AT_ONCE = 8;
const RETRIES = { firstDelay: 2 * SECOND, longestDelay: 30 * MINUTE, entriesMax: 10_000 };

/** A checkpoint that a witness did not cosign. */
export interface Uncosigned {
  readonly tenantId: string;
  readonly witness: string;
  readonly error: unknown;
}

/** The witnesses of this installation. */
export abstract class Witnesses {
  abstract readonly all: readonly Witness[];
}

/** How a witness is named among the sizes that it has cosigned: by its key, so that another key is another witness. */
const nameOf = ({ key }: Witness): string => `${key.name}+${key.keyId.toString('hex')}`;

/**
 * Has the last checkpoint of each history cosigned by the witnesses: who sees their cosignatures sees the history that they
 * saw. What fails is tried again with increasing delays, with whatever checkpoint is the last one then.
 */
@Injectable()
export class Cosignatures {
  /** Of this process: `cosigned` or `failed`. */
  readonly outcomes = new Counter();
  readonly #backoff = new Backoff(RETRIES);

  constructor(
    private readonly database: Database,
    private readonly witnesses: Witnesses,
  ) {}

  /** Asks for what is missing. @returns the checkpoints that were not cosigned, by witness, and why */
  async requestDue(): Promise<Uncosigned[]> {
    if (this.witnesses.all.length === 0) return [];
    const failed: Uncosigned[] = [];
    let cursor: string | undefined;
    do {
      const where = [{ size: MoreThanColumn('cosignedSize') }, { cosignedSize: IsNull() }];
      const { items, nextCursor } = await this.database.readPlatform(SYSTEM, (view) =>
        view.page(HistoryHead, where, [['id', 'ASC']], { limit: HISTORIES_PER_PAGE, cursor }),
      );
      for (let from = 0; from < items.length; from += HISTORIES_AT_ONCE) {
        const heads = items.slice(from, from + HISTORIES_AT_ONCE);
        failed.push(...(await Promise.all(heads.map((head) => this.request(head)))).flat());
      }
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined);
    return failed;
  }

  private async request(head: HistoryHead): Promise<Uncosigned[]> {
    const failed: Uncosigned[] = [];
    const cosigned = new Map<string, readonly NoteSignature[]>();
    const due = this.witnesses.all.filter(
      (witness) =>
        head.cosignedSizes?.[nameOf(witness)] !== head.size &&
        !this.#backoff.isWaiting(this.attemptOf(head, witness), this.database.now()),
    );
    await Promise.all(
      due.map(async (witness) => {
        const attempt = this.attemptOf(head, witness);
        try {
          cosigned.set(nameOf(witness), await this.cosignatures(head, witness));
          this.#backoff.succeeded(attempt);
          this.outcomes.increment('cosigned');
        } catch (error) {
          this.#backoff.failed(attempt, this.database.now());
          this.outcomes.increment('failed');
          failed.push({ tenantId: head.id, witness: witness.key.name, error });
        }
      }),
    );
    if (cosigned.size > 0) await this.store(head, cosigned);
    return failed;
  }

  private attemptOf = ({ id }: HistoryHead, witness: Witness): string => `${id} ${nameOf(witness)}`;

  /** A witness that has cosigned another size than we know of says so, and is asked once more. */
  private async cosignatures(head: HistoryHead, witness: Witness): Promise<readonly NoteSignature[]> {
    const known = head.cosignedSizes?.[nameOf(witness)] ?? 0;
    const first = await addCheckpoint(witness, await this.requestFrom(head, known));
    if ('cosignatures' in first) return first.cosignatures;
    const again = await addCheckpoint(witness, await this.requestFrom(head, first.cosignedSize));
    if ('cosignatures' in again) return again.cosignatures;
    throw new Error(`${witness.key.name} has cosigned ${again.cosignedSize} events meanwhile`);
  }

  private async requestFrom(head: HistoryHead, oldSize: number) {
    const { id: tenantId, origin, note, size } = head;
    // A witness remembers more than there is: the database was rolled back.
    if (oldSize > size) throw new Error(`A witness has cosigned ${oldSize} events, and the history has ${size}`);
    const isContinued = oldSize > 0 && oldSize < size;
    const proof = isContinued
      ? await this.database.readPlatform(SYSTEM, (view) => consistencyProof(oldSize, size, hashesOf(view, tenantId)))
      : [];
    // The lines of other witnesses are no concern of this one, and can be more than it reads.
    const { text, signatures } = parseNote(note);
    const own = signatures.filter(({ name }) => name === origin);
    return { oldSize, proof, note: formatNote({ text, signatures: own }) };
  }

  /** Adds the cosignatures to the checkpoint, unless it has been replaced by a later one; that it was cosigned is kept. */
  private async store({ id, size, note }: HistoryHead, cosigned: ReadonlyMap<string, readonly NoteSignature[]>) {
    await this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('cosignatures of checkpoints');
      const present = await tx.lockIfPresent(HistoryHead, { id });
      if (!present) throw coreErrors.NOT_FOUND();
      const isLast = present.size === size;
      const sizes = { ...present.cosignedSizes };
      for (const name of cosigned.keys()) sizes[name] = size;
      const completed = withSignatures(isLast ? present.note : note, [...cosigned.values()].flat());
      const isByAll = this.witnesses.all.every((witness) => sizes[nameOf(witness)] === size);
      await tx.note(
        HistoryHead,
        { id },
        {
          cosignedSizes: sizes,
          cosignedNote: completed,
          ...(isLast ? { note: completed } : {}),
          ...(isByAll ? { cosignedSize: size } : {}),
        },
      );
    });
  }
}

/** The note with further signature lines; one that it has already is not added again. */
function withSignatures(note: string, added: readonly NoteSignature[]): string {
  const { text, signatures } = parseNote(note);
  const others = signatures.filter(
    (line) => !added.some(({ name, keyId }) => name === line.name && keyId.equals(line.keyId)),
  );
  return formatNote({ text, signatures: [...others, ...added] });
}
