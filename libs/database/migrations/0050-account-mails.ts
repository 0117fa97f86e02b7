import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, boolean, createTable, dropColumns, dropTables, index, instant, key, varchar } from '../schema.js';

/** Requests of people for a new password by e-mail, and which invitations were sent by e-mail. */
export class AccountMails1764150000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'reset_requests',
      [key('id', 64), varchar('email', 254), varchar('tenant', 64, { nullable: true }), instant('createdAt')],
      [index('reset_requests_by_age', 'createdAt', 'id')],
    );
    await addColumns(runner, 'invitations', boolean('sentByMail', { nullable: true }));
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropColumns(runner, 'invitations', 'sentByMail');
    await dropTables(runner, 'reset_requests');
  }
}
