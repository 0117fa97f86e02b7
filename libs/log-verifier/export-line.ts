/** One event of an NDJSON export: parts as they are written, so that their hashes can be computed. */
export interface ExportLine {
  readonly sequence: number;
  /** Hexadecimal. */
  readonly leafHash: string;
  /** The personal fields, whose hash is in the event; `undefined` where the line has none. */
  readonly personal: string | undefined;
  /** The canonical bytes (RFC 8785) that the leaf hash is of. */
  readonly event: string;
}

const LINE = /^\{"sequence":(\d{1,16}),"leafHash":"([0-9a-f]{64})",(?:"personal":(\{.*?\}),)?"event":(\{.*\})\}$/su;

/** The parts of a line of an export, in both of its versions; `undefined` for what is none. Nothing of it is verified. */
export function parseExportLine(text: string): ExportLine | undefined {
  const line = LINE.exec(text);
  if (line === null) return undefined;
  const [, sequence, leafHash = '', personal, event = ''] = line;
  return { sequence: Number(sequence), leafHash, personal, event };
}
