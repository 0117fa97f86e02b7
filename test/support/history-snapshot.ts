import { openPlainDataSource } from './plain-data-source.js';

/** Remembers the rows of all histories as they are; the answer puts them back, as a backup does. */
export async function snapshotOfHistories(url: string): Promise<() => Promise<void>> {
  const tables = ['audit_events', 'history_sizes', 'history_heads', 'history_tiles', 'history_checkpoints'];
  const copies: [string, Record<string, unknown>[]][] = [];
  const read = await openPlainDataSource(url);
  for (const table of tables)
    copies.push([table, await read.query<Record<string, unknown>[]>(`SELECT * FROM ${table}`)]);
  await read.destroy();
  return async () => {
    const plain = await openPlainDataSource(url);
    for (const [table, rows] of copies) {
      await plain.query(`DELETE FROM ${table}`);
      for (const row of rows) {
        const places = Object.keys(row).map(() => '?');
        await plain.query(
          `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${places.join(', ')})`,
          Object.values(row),
        );
      }
    }
    await plain.destroy();
  };
}
