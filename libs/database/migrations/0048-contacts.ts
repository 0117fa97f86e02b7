import type { MigrationInterface, QueryRunner } from 'typeorm';

import {
  addColumns,
  createTable,
  dropColumns,
  dropTables,
  id,
  index,
  reference,
  text,
  unique,
  varchar,
} from '../schema.js';

const THINGS = ['services', 'keys', 'certificates', 'certificate_authorities'];

/** Contacts of services, keys, certificates and authorities. */
export class Contacts1764148000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of THINGS) await addColumns(runner, table, text('contacts', { nullable: true }));
    await createTable(
      runner,
      'contacts',
      [id(), reference('tenantId'), varchar('subjectType', 32), reference('subjectId'), varchar('email', 254)],
      [
        unique('contacts_of_subject', 'subjectId', 'email'),
        index('contacts_by_email', 'tenantId', 'email', 'subjectType', 'subjectId'),
      ],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'contacts');
    for (const table of THINGS) await dropColumns(runner, table, 'contacts');
  }
}
