import type { Cell, TableRows } from '#database';

/** Bytes in JSON; nothing else in a row is an object. */
interface Bytes {
  readonly base64: string;
}

type JsonCell = string | number | null | Bytes;

/** A table begins with a line of its own; each row that follows is an array in the order of these columns. */
interface TableLine {
  readonly table: string;
  readonly columns: readonly string[];
}

/** The lines of rows (https://github.com/ndjson/ndjson-spec), each ended by a newline. */
export async function* linesOf(tables: AsyncIterable<TableRows>): AsyncGenerator<string> {
  let current: string | undefined;
  for await (const { table, columns, rows } of tables) {
    if (table !== current) yield `${JSON.stringify({ table, columns } satisfies TableLine)}\n`;
    current = table;
    const lines = rows.map((row) => `${JSON.stringify(row.map(toJson))}\n`);
    if (lines.length > 0) yield lines.join('');
  }
}

/** @throws SyntaxError, TypeError for lines that `linesOf` does not write */
export async function* rowsIn(lines: AsyncIterable<string>, rowsAtOnce = 100): AsyncGenerator<TableRows> {
  let head: TableLine | undefined;
  let rows: Cell[][] = [];
  const taken = (): TableRows => {
    if (head === undefined) throw new TypeError('The first line names no table');
    const batch = { ...head, rows };
    rows = [];
    return batch;
  };
  for await (const line of lines) {
    const value = JSON.parse(line) as TableLine | JsonCell[];
    if (Array.isArray(value)) {
      rows.push(value.map(fromJson));
      if (rows.length === rowsAtOnce) yield taken();
    } else {
      if (rows.length > 0) yield taken();
      head = { table: value.table, columns: value.columns };
    }
  }
  if (rows.length > 0) yield taken();
}

const toJson = (cell: Cell): JsonCell => (Buffer.isBuffer(cell) ? { base64: cell.toString('base64') } : cell);
const fromJson = (cell: JsonCell): Cell =>
  typeof cell === 'object' && cell !== null ? Buffer.from(cell.base64, 'base64') : cell;
