import type { EntityManager } from 'typeorm';

import { HOUR, INSTALLATION_ID } from '#core';

import { CLUSTERS } from './cluster.js';
import { TransactionMisuse } from './errors.js';
import type { Gateway } from './gateway.js';
import { type ConnectionSettings, openGateway } from './open-gateway.js';
import { type Query, type TableRows, shapesOf } from './snapshot.js';

/** The database to fill, and its connection. */
export type FillTarget = Omit<ConnectionSettings, 'entities' | 'schema' | 'statementTimeoutMilliseconds'>;

/** A commit of all rows sends and logs them, where the server does so. */
const STATEMENT_TIMEOUT_MILLISECONDS = HOUR;

/** The reason why nothing was written. */
export class TargetRefused extends Error {
  override readonly name = 'TargetRefused';
}

/**
 * Writes a snapshot into an empty database of any kind, completely or not at all. The schema is that of the snapshot; the
 * next start migrates it.
 * @returns how many rows
 * @throws TargetRefused where the database is not empty, or the schema is not known here
 */
export async function fillDatabase(
  settings: FillTarget,
  schema: string,
  tables: AsyncIterable<TableRows>,
): Promise<number> {
  const gateway = await openGateway({
    ...settings,
    entities: [],
    schema,
    statementTimeoutMilliseconds: STATEMENT_TIMEOUT_MILLISECONDS,
  });
  try {
    await gateway.migrate();
    return await gateway.write({ owner: INSTALLATION_ID, rows: 1 }, (manager) => fill(manager, gateway, tables));
  } finally {
    await gateway.close();
  }
}

async function fill(
  manager: EntityManager,
  { dialect, cluster }: Gateway,
  tables: AsyncIterable<TableRows>,
): Promise<number> {
  const query: Query = (statement, parameters = []) => manager.query(statement, [...parameters]);
  for (const statement of cluster === undefined ? [] : CLUSTERS[cluster].large) await query(statement);
  const shapes = new Map((await shapesOf(query, dialect)).map((shape) => [shape.name, shape]));
  for (const name of shapes.keys()) {
    const [row] = await query(`SELECT 1 AS found FROM ${dialect.quote(name)} LIMIT 1`);
    if (row) throw new TargetRefused(`The database is not empty: ${name} has rows`);
  }
  let written = 0;
  for await (const { table, columns, rows } of tables) {
    const shape = shapes.get(table);
    // Names come from a file: only those of the schema go into a statement.
    if (!shape || !columns.every((column) => shape.columns.includes(column))) {
      throw new TransactionMisuse(`The schema has no table ${table} with these columns`);
    }
    if (rows.length === 0) continue;
    await dialect.insertRows(manager.queryRunner!, {
      table: dialect.quote(table),
      columns: columns.map((column) => dialect.quote(column)),
      rows: rows.map((row) => [...row]),
    });
    written += rows.length;
  }
  return written;
}
