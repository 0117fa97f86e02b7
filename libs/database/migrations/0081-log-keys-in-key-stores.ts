import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, dropColumns, reference, sealed, varchar } from '../schema.js';

const KEYS = 'history_keys';

/**
 * Keys of the histories whose Ed25519 halves are in key stores. The previous version works on this schema; it knows no such key,
 * and where that is the latest it signs no checkpoint, which a newer instance does.
 */
export class LogKeysInKeyStores1764181000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const columns = [varchar('keyStore', 32, { nullable: true }), reference('objectId', { nullable: true })];
    await addColumns(runner, KEYS, ...columns, sealed('sealedPart', { nullable: true }));
  }

  async down(runner: QueryRunner): Promise<void> {
    // An earlier version cannot use such a key: the latest of the others signs again.
    await runner.query(`DELETE FROM ${KEYS} WHERE keyStore IS NOT NULL`);
    const [row] = (await runner.query(`SELECT MAX(number) AS latest FROM ${KEYS} WHERE compromisedAt IS NULL`)) as {
      latest: number | null;
    }[];
    await runner.query(`UPDATE ${KEYS} SET signsUntil = NULL WHERE number = ${row?.latest ?? 0}`);
    await dropColumns(runner, KEYS, 'sealedPart', 'objectId', 'keyStore');
  }
}
