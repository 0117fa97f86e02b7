import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, addIndexes, dropColumns, dropIndexes, index, instant, reference } from '../schema.js';

/** Whose tenant's an e-mail is, and whether it waits because that tenant is suspended. */
export class MailsOfTenants1764154000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(
      runner,
      'mails',
      reference('tenantId', { nullable: true }),
      instant('heldSince', { nullable: true }),
    );
    await addIndexes(
      runner,
      'mails',
      index('mails_to_send', 'state', 'heldSince', 'dueAt', 'id'),
      index('mails_waiting', 'state', 'heldSince', 'createdAt', 'id'),
      index('mails_of_tenant', 'tenantId', 'state'),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndexes(runner, 'mails', 'mails_of_tenant', 'mails_waiting', 'mails_to_send');
    await dropColumns(runner, 'mails', 'heldSince', 'tenantId');
  }
}
