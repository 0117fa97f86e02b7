import type { DataSource } from 'typeorm';

import { openPlainDataSource } from '../../support/plain-data-source.js';

/** Every row of every table, by table. */
export type DatabaseDump = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

async function tablesOf(source: DataSource): Promise<string[]> {
  const rows: object[] = await source.query(
    source.options.type === 'better-sqlite3'
      ? `SELECT name FROM sqlite_master WHERE type = 'table'`
      : 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()',
  );
  return rows.map((row) => (row as { name: string }).name).toSorted();
}

export async function dumpDatabase(url: string): Promise<DatabaseDump> {
  const source = await openPlainDataSource(url);
  try {
    const dump: Record<string, Record<string, unknown>[]> = {};
    for (const table of await tablesOf(source)) dump[table] = await source.query(`SELECT * FROM \`${table}\``);
    return dump;
  } finally {
    await source.destroy();
  }
}

/** The dump as one text; bytes as Latin-1, so that a text that was stored as bytes is found in it. */
export const textOf = (dump: DatabaseDump): string =>
  Object.entries(dump)
    .flatMap(([table, rows]) =>
      rows.flatMap((row) =>
        Object.entries(row).map(([column, value]) => {
          const text = Buffer.isBuffer(value)
            ? value.toString('latin1')
            : typeof value === 'object'
              ? JSON.stringify(value)
              : String(value);
          return `${table}.${column}: ${text}`;
        }),
      ),
    )
    .join('\n');
