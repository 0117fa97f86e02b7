import { Injectable } from '@nestjs/common';

import { DomainError, MINUTE, type PlatformScope, type TenantScope, toRfc3339 } from '#core';
import { Between, Database, LessThan, MoreThanOrEqual, type View } from '#database';
import { isStoreRefusal } from '#key-stores';
import { TILE_WIDTH, hashAt, parseCheckpoint, parseNote, subtreesOf } from '#transparency-log';

import { AuditEvent } from './audit-event.entity.js';
import { Checkpoints } from './checkpoints.service.js';
import { Cosignatures } from './cosignatures.service.js';
import { type Erased, historyErased, readAtBorder, requireErasureCovered, requireRetained } from './history-border.js';
import { historyErrors } from './errors.js';
import { historyEvents } from './events.js';
import { EventReader } from './event-reader.service.js';
import { type ExportedEvent, type ExportFormat, type ExportHeader, exportFormats } from './export-formats.js';
import { isPlatform, readsOf } from './history.service.js';
import { HistoryHead } from './log.entities.js';
import { sequenceAt, sequenceBefore } from './sequence-at.js';
import { hashesOf, readTiles } from './stored-tiles.js';

export interface ExportRequest {
  readonly format: ExportFormat;
  /** Epoch milliseconds, inclusive; from the first event on if absent. */
  readonly from?: number | undefined;
  /** Epoch milliseconds, exclusive; up to now if absent. */
  readonly to?: number | undefined;
  /** Continues with an export after this event. */
  readonly after?: number | undefined;
  /** Ends with the last checkpoint that a witness has cosigned, which may be older than the last one. */
  readonly cosigned?: boolean | undefined;
}

interface HistoryExportResult {
  readonly header: ExportHeader;
  /** The export piece by piece. */
  readonly content: AsyncGenerator<string>;
}

type Scope = TenantScope | PlatformScope;

/**
 * How far the times of neighbouring events may be out of order: clocks of instances differ by seconds, and a waiting
 * transaction keeps its earlier time.
 */
const DISORDER = MINUTE;

/** Exports histories with the data to verify them offline: the latest checkpoint, and the hashes around the exported part. */
@Injectable()
export class HistoryExport {
  constructor(
    private readonly database: Database,
    private readonly checkpoints: Checkpoints,
    private readonly reader: EventReader,
    private readonly cosignatures: Cosignatures,
  ) {}

  /**
   * Starts an export. Its event is committed before the first piece is read.
   * The exported part has no gaps: it includes events between its ends whose times are outside of the period.
   * It begins at the border where events are erased; the header says so.
   * @throws CHECKPOINT_PENDING where the history is empty, or its checkpoint does not cover the event of the last erasure; NO_WITNESS, HISTORY_ERASED where it is to continue after an event that is erased
   */
  async begin(scope: Scope, request: ExportRequest): Promise<HistoryExportResult> {
    const isPublished = await this.publish(scope);
    if (request.cosigned) await this.cosignatures.checkpoint(scope);
    const header = await this.read(scope, (view) =>
      readAtBorder(view, scope.tenantId, async (erased) => {
        const found = await headerOf(view, scope, request, erased);
        const size = found.first + found.count;
        // Otherwise a verifier would find no event that records the erasure.
        if (isPublished && isWhole(request)) await requireErasureCovered(view, scope.tenantId, erased, size);
        return found;
      }),
    );
    const { first, count } = header;
    const event = historyEvents.exported(scope.tenantId, {
      details: {
        format: request.format,
        first,
        count,
        ...(request.from === undefined ? {} : { from: toRfc3339(request.from) }),
        ...(request.to === undefined ? {} : { to: toRfc3339(request.to) }),
      },
    });
    if (isPlatform(scope)) await this.database.platform(scope, async (tx) => tx.record(event));
    else await this.database.transaction(scope, async (tx) => tx.record(event));
    return { header, content: this.content(scope, header, request.format) };
  }

  private async *content(scope: Scope, header: ExportHeader, format: ExportFormat): AsyncGenerator<string> {
    const { head, line } = exportFormats[format];
    yield head(header);
    const end = header.first + header.count;
    for (let from = header.first; from < end;) {
      const to = Math.min(end, (Math.floor(from / TILE_WIDTH) + 1) * TILE_WIDTH);
      const events = await this.read(scope, (view) => this.eventsOf(view, scope, from, to));
      yield events.map(line).join('');
      from = to;
    }
  }

  /** The events `[from, to)` of one tile as they are stored, with the leaf hashes that were signed. */
  private async eventsOf(view: View, { tenantId }: Scope, from: number, to: number): Promise<ExportedEvent[]> {
    const [tile] = await readTiles(view, tenantId, [{ level: 0, index: Math.floor(from / TILE_WIDTH) }]);
    const where = { tenantId, sequence: Between(from, to - 1) };
    const rows = await readAtBorder(view, tenantId, async (erased) => {
      // Otherwise events that are erased during the export would be missing silently.
      requireRetained(erased, from);
      return view.find(AuditEvent, where, {
        order: { sequence: 'ASC' },
        columns: ['tenantId', 'sequence', 'canonical', 'personal'],
      });
    });
    return (await this.reader.opened(view, rows)).map(({ row: { sequence, canonical }, document, part }) => ({
      sequence,
      leafHash: Buffer.from(hashAt(tile!.hashes, sequence % TILE_WIDTH)).toString('hex'),
      canonical,
      document,
      part,
    }));
  }

  /**
   * A history that can no longer be signed, or not now because its key store does not answer, is exported up to its latest
   * checkpoint: that is when an export is needed most.
   * @returns whether it can be signed, now or later
   */
  private async publish({ tenantId }: Scope): Promise<boolean> {
    try {
      await this.checkpoints.publish(tenantId);
      return true;
    } catch (error) {
      if (isStoreRefusal(error)) return true;
      if (!(error instanceof DomainError && error.code === historyErrors.HISTORY_INCONSISTENT.code)) throw error;
      return false;
    }
  }

  private read<T>(scope: Scope, work: (view: View) => Promise<T>): Promise<T> {
    return readsOf(this.database, scope, work);
  }
}

/** Whether an export continues to the end of the checkpoint, from the border or from where an earlier one ended. */
const isWhole = ({ from, to }: ExportRequest): boolean => from === undefined && to === undefined;

async function headerOf(
  view: View,
  { tenantId }: Scope,
  request: ExportRequest,
  erased: Erased,
): Promise<ExportHeader> {
  const head = await view.findOne(HistoryHead, { id: tenantId });
  const note = (request.cosigned ? head?.cosignedNote : head?.note) ?? undefined;
  if (!head || note === undefined) throw historyErrors.CHECKPOINT_PENDING({ retryAfterSeconds: 1 });
  const { size } = parseCheckpoint(parseNote(note).text);
  const { from, to, after } = request;
  const { erasedBefore } = erased;
  if (after !== undefined && after + 1 < erasedBefore) throw historyErased(erased);
  const begin = Math.max(
    erasedBefore,
    from === undefined ? 0 : await firstSince(view, tenantId, from),
    (after ?? -1) + 1,
  );
  const end = Math.min(size, to === undefined ? size : await endBefore(view, tenantId, to, size));
  const [first, next] = [Math.min(begin, size), Math.max(Math.min(begin, size), end)];
  const read = hashesOf(view, tenantId);
  const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map((hash) => Buffer.from(hash).toString('hex'));
  return {
    origin: head.origin,
    first,
    count: next - first,
    before: hex(await read(subtreesOf({ begin: 0, end: first }))),
    after: hex(await read(subtreesOf({ begin: next, end: size }))),
    ...(erasedBefore === 0 ? {} : { erasedBefore }),
    checkpoint: note,
  };
}

/** The number of the first event that is not earlier than an instant; one past the last where there is none. */
async function firstSince(view: View, tenantId: string, from: number): Promise<number> {
  const known = await sequenceAt(view, tenantId, from);
  if (known === undefined) return Number.MAX_SAFE_INTEGER;
  const bound = (await sequenceAt(view, tenantId, from - DISORDER)) ?? known;
  // Between two numbers: MariaDB reads a history from its end where one of them is open.
  const [event] = await view.find(
    AuditEvent,
    { tenantId, sequence: Between(Math.min(bound, known), known), occurredAt: MoreThanOrEqual(from) },
    { order: { sequence: 'ASC' }, limit: 1, columns: ['sequence'] },
  );
  return event?.sequence ?? known;
}

/** One past the number of the last event that is earlier than an instant, in a history of `size` events. */
async function endBefore(view: View, tenantId: string, to: number, size: number): Promise<number> {
  const known = await sequenceBefore(view, tenantId, to);
  if (known === undefined) return 0;
  const bound = (await sequenceAt(view, tenantId, to + DISORDER)) ?? size;
  const [event] = await view.find(
    AuditEvent,
    { tenantId, sequence: Between(known, Math.max(bound, known)), occurredAt: LessThan(to) },
    { order: { sequence: 'DESC' }, limit: 1, columns: ['sequence'] },
  );
  return (event?.sequence ?? known) + 1;
}
