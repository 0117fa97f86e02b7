import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';

import { createTable, dropTables, instant, key } from '../schema.js';

const EVENTS = 'audit_events';
const SIZES = 'history_sizes';

/** The place of each event in its history: how long each history is, and the number of every event that is there already. */
export class HistoryOrder1763870000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, SIZES, [key('tenantId', 36), instant('size')]);
    const numbered = `(SELECT id, ROW_NUMBER() OVER (PARTITION BY tenantId ORDER BY id) - 1 AS place FROM ${EVENTS})`;
    await runner.query(
      runner.connection.options.type === 'better-sqlite3'
        ? `UPDATE ${EVENTS} SET sequence = numbered.place FROM ${numbered} AS numbered WHERE numbered.id = ${EVENTS}.id`
        : `UPDATE ${EVENTS} JOIN ${numbered} AS numbered ON numbered.id = ${EVENTS}.id SET sequence = numbered.place`,
    );
    await runner.query(`DELETE FROM ${SIZES}`);
    await runner.query(
      `INSERT INTO ${SIZES} (tenantId, size) SELECT tenantId, COUNT(*) FROM ${EVENTS} GROUP BY tenantId`,
    );
    await setNullable(runner, false);
  }

  async down(runner: QueryRunner): Promise<void> {
    await setNullable(runner, true);
    await runner.query(`UPDATE ${EVENTS} SET sequence = NULL`);
    await dropTables(runner, SIZES);
  }
}

/** An event without a place is an error: an instance of an earlier version can then record nothing, and so change nothing. */
async function setNullable(runner: QueryRunner, nullable: boolean): Promise<void> {
  const [before, after] = [instant('sequence', { nullable: !nullable }), instant('sequence', { nullable })];
  await runner.changeColumn(EVENTS, new TableColumn(before), new TableColumn(after));
}
