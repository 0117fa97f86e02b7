import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, dropColumns, instant } from '../schema.js';

/** Until when an e-mail is of use, however long it was held. */
export class UsefulMails1764179000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(runner, 'mails', instant('usefulUntil', { nullable: true }));
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropColumns(runner, 'mails', 'usefulUntil');
  }
}
