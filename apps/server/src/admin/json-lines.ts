import { Readable } from 'node:stream';

import { StreamableFile } from '@nestjs/common';

export const JSON_LINES = 'application/x-ndjson';

/**
 * Newline-delimited JSON as a download, one object a line, written as it is read.
 * @param name the file's name without its extension
 */
export function jsonLines<Row>(name: string, rows: AsyncIterable<Row>, present: (row: Row) => object): StreamableFile {
  return new StreamableFile(Readable.from(linesOf(rows, present)), {
    type: JSON_LINES,
    disposition: `attachment; filename="${name}.ndjson"`,
  });
}

async function* linesOf<Row>(rows: AsyncIterable<Row>, present: (row: Row) => object): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(present(row))}\n`;
}
