import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, dropColumns, reference } from '../schema.js';

const TABLES = ['acme_bindings', 'acme_accounts'];

/** The trust of the workload that made a binding: the binding and its account end with it. */
export class AcmeTrusts1764171000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await addColumns(runner, table, reference('trustId', { nullable: true }));
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await dropColumns(runner, table, 'trustId');
  }
}
