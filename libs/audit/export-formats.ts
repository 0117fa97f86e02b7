import type { EventDocument } from './event.js';
import { type OpenedEvent, withPart } from './event-reader.service.js';

/** The header of an export: everything that verifying it needs. */
export interface ExportHeader {
  /** Name of the log. */
  readonly origin: string;
  /** Number of the first exported event. */
  readonly first: number;
  readonly count: number;
  /** Hashes of the complete subtrees before and after the exported part, from left to right, hexadecimal. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** The events before this number are erased, as an event of the history says; absent if none is. */
  readonly erasedBefore?: number;
  /** The signed checkpoint that covers it. */
  readonly checkpoint: string;
}

export interface ExportedEvent extends Pick<OpenedEvent<unknown>, 'document' | 'part'> {
  readonly sequence: number;
  /** As it was signed, hexadecimal. */
  readonly leafHash: string;
  /** The stored bytes. */
  readonly canonical: string;
}

interface Format {
  readonly mediaType: string;
  readonly head: (header: ExportHeader) => string;
  readonly line: (event: ExportedEvent) => string;
}

const EXPORT_VERSION = 'chancery-history-export@v2';

/** Columns of a spreadsheet, and what of an event each shows. */
const COLUMNS: Readonly<Record<string, (event: EventDocument) => unknown>> = {
  id: ({ id }) => id,
  occurredAt: ({ occurredAt }) => occurredAt,
  action: ({ action }) => action,
  outcome: ({ outcome }) => outcome,
  actorType: ({ actor }) => actor.type,
  actorId: ({ actor }) => actor.id,
  actorName: ({ actor }) => actor.name,
  actorRole: ({ actor }) => actor.role,
  targetType: ({ target }) => target.type,
  targetId: ({ target }) => target.id,
  sourceAddress: ({ sourceAddress }) => sourceAddress,
  requestId: ({ requestId }) => requestId,
  credentialId: ({ credentialId }) => credentialId,
  kid: ({ kid }) => kid,
  tokenId: ({ tokenId }) => tokenId,
  before: ({ before }) => before,
  after: ({ after }) => after,
  details: ({ details }) => details,
};

/**
 * Characters that programs read as the start of a formula, also full-width signs, and after blanks, which programs remove. A tab
 * or a line break alone also starts one.
 */
const FORMULA = /^(?:[\t\r\n]|[\s\u200b\ufeff]*[=+\-@＝＋－＠])/u;

/** A cell that no spreadsheet reads as a formula (CWE-1236), in quotation marks (RFC 4180 §2). */
export function csvCell(value: unknown): string {
  const text = value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

const csvLine = (cells: readonly unknown[]): string => `${cells.map(csvCell).join(',')}\r\n`;

/** The formats of an export: a new one is a row here. */
export const exportFormats = {
  /** For `chancery audit verify`: the stored bytes of each event, last in their line, and of its personal part where there is one. */
  ndjson: {
    mediaType: 'application/x-ndjson',
    head: (header) => `${JSON.stringify({ format: EXPORT_VERSION, ...header })}\n`,
    line: ({ sequence, leafHash, canonical, part }) => {
      const personal = typeof part === 'object' ? `"personal":${part.text},` : '';
      return `{"sequence":${sequence},"leafHash":"${leafHash}",${personal}"event":${canonical}}\n`;
    },
  },
  /** For people and spreadsheets. */
  csv: {
    mediaType: 'text/csv; charset=utf-8',
    head: () => csvLine(['sequence', ...Object.keys(COLUMNS), 'leafHash', 'personal']),
    line: ({ sequence, leafHash, document, part }) => {
      const event = document && withPart(document, part);
      const cells = Object.values(COLUMNS).map((cell) => (event === undefined ? '' : cell(event)));
      return csvLine([String(sequence), ...cells, leafHash, typeof part === 'string' ? part : '']);
    },
  },
} as const satisfies Readonly<Record<string, Format>>;

export type ExportFormat = keyof typeof exportFormats;
