import { Injectable } from '@nestjs/common';

import type { View } from '#database';

import type { AuditEvent } from './audit-event.entity.js';
import type { EventDocument, PersonalReference } from './event.js';
import type { MonthKey, PersonalPart } from './month-key.js';
import { type Missing, MonthKeys } from './month-keys.service.js';
import { putBack } from './personal-fields.js';

/** An event as the API shows it: what was hashed, with its personal fields in their places, and what proves it. */
export interface HistoryEntry extends EventDocument {
  /** Place in the history, from 0, without gaps: the index of its leaf in the Merkle tree. */
  readonly sequence: number;
  readonly leafHash: string;
  /** Set where the personal fields are `null` because the key of the month was destroyed. */
  readonly erased?: true;
  /** Set where they are `null` because what is stored is not what was recorded: somebody changed the database. */
  readonly altered?: true;
}

type Stored = Pick<AuditEvent, 'tenantId' | 'canonical' | 'personal'>;

/** An event with its personal part. */
export interface OpenedEvent<Row> {
  readonly row: Row;
  /** `undefined` where somebody made it unreadable. */
  readonly document: EventDocument | undefined;
  /** The personal part in canonical bytes, whose hash is in the entry; why it is missing; `undefined` where there is none. */
  readonly part: { readonly text: string } | Missing | undefined;
}

/** Reads events with their personal fields, as long as these are not erased. */
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
   * @param wanted which fields are: where an event has no other ones, its part stays closed
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

/** What is stored may have been changed by somebody: it is shown all the same, as far as it can be. */
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
  // An event that has personal fields is recorded without them only where the month has no key.
  if (sealed === null) return 'altered';
  const text = key.open(sealed, hash);
  return text === undefined ? 'altered' : { text };
}
