import { Injectable } from '@nestjs/common';

import type { View } from '#database';

import type { AuditEvent } from './audit-event.entity.js';
import type { EventDocument, PersonalReference } from './event.js';
import type { MonthKey, PersonalPart } from './month-key.js';
import { type Missing, MonthKeys } from './month-keys.service.js';
import { putBack } from './personal-fields.js';

/** An event as the API shows it: the hashed entry with its personal fields, and its proof data. */
export interface HistoryEntry extends EventDocument {
  /** Place in the history, from 0, without gaps: the index of its leaf in the Merkle tree. */
  readonly sequence: number;
  readonly leafHash: string;
  /** Set if the personal fields are `null` because the key of the month was destroyed. */
  readonly erased?: true;
  /** Set if they are `null` because the stored values were altered in the database. */
  readonly altered?: true;
}

type Stored = Pick<AuditEvent, 'tenantId' | 'canonical' | 'personal'>;

/** An event with its personal part. */
export interface OpenedEvent<Row> {
  readonly row: Row;
  /** `undefined` if it was altered and is unreadable. */
  readonly document: EventDocument | undefined;
  /** The personal part in canonical bytes, whose hash is in the entry; or the reason why it is missing; `undefined` if there is none. */
  readonly part: { readonly text: string } | Missing | undefined;
}

/** Reads events with their personal fields, unless these are erased. */
@Injectable()
export class EventReader {
  constructor(private readonly keys: MonthKeys) {}

  /** @param rows of one history. @throws SEALED */
  async entries(view: View, rows: readonly AuditEvent[]): Promise<HistoryEntry[]> {
    const opened = await this.opened(view, rows);
    return opened.map(({ row, document, part }) => ({
      ...withPart(document ?? (JSON.parse(row.canonical) as EventDocument), part),
      sequence: row.sequence,
      leafHash: row.leafHash,
      ...(typeof part === 'string' ? { [part]: true as const } : {}),
    }));
  }

  /**
   * Events as they are stored, with their personal parts.
   * @param rows of one history
   * @param wanted which fields are needed: the part of an event without them is not opened
   * @throws SEALED
   */
  async opened<Row extends Stored>(
    view: View,
    rows: readonly Row[],
    wanted: (field: string) => boolean = () => true,
  ): Promise<OpenedEvent<Row>[]> {
    const events = rows.map((row) => {
      const document = documentIn(row);
      const personal = document?.personal?.fields.some(wanted) ? document.personal : undefined;
      return { row, document, personal };
    });
    const months = new Set(events.flatMap(({ personal }) => (personal ? [personal.month] : [])));
    const keys = await this.keys.forReading(view, rows[0]?.tenantId ?? '', months);
    return events.map(({ row, document, personal }) => ({
      row,
      document,
      part: personal && partOf(row, personal, keys),
    }));
  }
}

/** The stored event may have been altered; it is shown as far as possible. */
function documentIn({ canonical }: Stored): EventDocument | undefined {
  try {
    const document = JSON.parse(canonical) as Partial<EventDocument> | null;
    const personal: unknown = document?.personal?.fields;
    return personal === undefined || Array.isArray(personal) ? (document as EventDocument) : undefined;
  } catch {
    return undefined;
  }
}

/** A document, with the personal fields of its part in their places. */
export function withPart(document: EventDocument, part: OpenedEvent<unknown>['part']): EventDocument {
  if (!document.personal || part === undefined || typeof part === 'string') return document;
  putBack(document, document.personal.fields, (JSON.parse(part.text) as PersonalPart).values);
  return document;
}

function partOf(
  { personal: sealed }: Stored,
  { month, hash }: PersonalReference,
  keys: ReadonlyMap<string, MonthKey | Missing>,
): OpenedEvent<unknown>['part'] {
  const key = keys.get(month) ?? 'altered';
  if (typeof key === 'string') return key;
  // An event is recorded without its personal fields only if the month has no key.
  if (sealed === null) return 'altered';
  const text = key.open(sealed, hash);
  return text === undefined ? 'altered' : { text };
}
