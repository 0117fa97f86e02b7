import { type MigrationInterface, type QueryRunner, TableColumn, type TableColumnOptions } from 'typeorm';

import { addColumns, addIndexes, dropColumns, dropIndexes, index, instant, text, varchar } from '../schema.js';

const AUTHORITIES = 'certificate_authorities';
const BY_END = 'certificate_authorities_by_end';

type Kind = (nullable: boolean) => TableColumnOptions;

/** What an authority has only from its certificate. */
const OF_THE_CERTIFICATE: readonly Kind[] = [
  (nullable) => text('issuer', { nullable }),
  (nullable) => varchar('serialNumber', 40, { nullable }),
  (nullable) => text('certificatePem', { nullable }),
  (nullable) => instant('notBefore', { nullable }),
];

/**
 * Authorities that wait for a certificate of an external issuer. The previous version works on this schema: a pending authority is none
 * of its issuers, and has no revocation list.
 */
export class AuthoritiesOfExternalIssuers1764186000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(runner, AUTHORITIES, text('csrPem', { nullable: true }));
    await setNullable(runner, true);
    // The calendar lists authorities of two states now: an index by one state does not give their order.
    await addIndexes(runner, AUTHORITIES, index(BY_END, 'tenantId', 'notAfter', 'id'));
  }

  async down(runner: QueryRunner): Promise<void> {
    // An earlier version knows no authority without a certificate; none of them has issued anything.
    await runner.query(`DELETE FROM ${AUTHORITIES} WHERE certificatePem IS NULL`);
    await dropIndexes(runner, AUTHORITIES, BY_END);
    await setNullable(runner, false);
    await dropColumns(runner, AUTHORITIES, 'csrPem');
  }
}

async function setNullable(runner: QueryRunner, nullable: boolean): Promise<void> {
  for (const column of OF_THE_CERTIFICATE) {
    await runner.changeColumn(AUTHORITIES, new TableColumn(column(!nullable)), new TableColumn(column(nullable)));
  }
}
