import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, addIndexes, dropColumns, dropIndexes, index, instant } from '../schema.js';

/** How long an order is kept: until its certificate ends, where it has one. And how many names an account has ordered. */
export class AcmeRetention1764177000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(runner, 'acme_orders', instant('certificateEndsAt', { nullable: true }));
    await addIndexes(
      runner,
      'acme_orders',
      index('acme_orders_by_certificate_end', 'certificateEndsAt', 'expiresAt', 'id'),
    );
    await addIndexes(
      runner,
      'acme_authorizations',
      index('acme_authorizations_by_account', 'tenantId', 'accountId', 'expiresAt', 'id'),
    );
    const [tenantId, certificateKid, endsAt, notAfter] = [
      'tenantId',
      'certificateKid',
      'certificateEndsAt',
      'notAfter',
    ].map((name) => runner.connection.driver.escape(name));
    await runner.query(
      `UPDATE acme_orders SET ${endsAt} = (SELECT MAX(c.${notAfter}) FROM certificates c
        WHERE c.${tenantId} = acme_orders.${tenantId} AND c.kid = acme_orders.${certificateKid})
       WHERE ${certificateKid} IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndexes(runner, 'acme_authorizations', 'acme_authorizations_by_account');
    await dropIndexes(runner, 'acme_orders', 'acme_orders_by_certificate_end');
    await dropColumns(runner, 'acme_orders', 'certificateEndsAt');
  }
}
