import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';

import { addColumns, dropColumns, sealed, varchar } from '../schema.js';

const AUTHORITIES = 'certificate_authorities';

/**
 * Authorities whose private keys are in key stores, and sealed in no row. The previous version works on this schema: it writes
 * sealed keys as before, and only an authority that a newer instance made in a store is one that it cannot sign with.
 */
export class AuthoritiesInKeyStores1764173000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(runner, AUTHORITIES, varchar('keyStore', 32, { nullable: true }));
    await setNullable(runner, true);
  }

  async down(runner: QueryRunner): Promise<void> {
    // An earlier version cannot use such an authority; its row remains for what was issued.
    await runner.query(`UPDATE ${AUTHORITIES} SET sealedPrivateKey = '' WHERE sealedPrivateKey IS NULL`);
    await setNullable(runner, false);
    await dropColumns(runner, AUTHORITIES, 'keyStore');
  }
}

async function setNullable(runner: QueryRunner, nullable: boolean): Promise<void> {
  const [before, after] = [!nullable, nullable].map(
    (is) => new TableColumn(sealed('sealedPrivateKey', { nullable: is })),
  );
  await runner.changeColumn(AUTHORITIES, before!, after!);
}
