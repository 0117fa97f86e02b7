import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, addIndexes, dropColumns, dropIndexes, index, instant } from '../schema.js';

const CREDENTIALS = 'credentials';
const BY_DISCARD = 'credentials_by_discard';

/** Which credentials Chancery created by itself and when it stopped doing so; finding those that were discarded long ago. */
export class Successors1763840000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(
      runner,
      CREDENTIALS,
      instant('succeededAutomaticallyAt', { nullable: true }),
      instant('successionStoppedAt', { nullable: true }),
    );
    await addIndexes(runner, CREDENTIALS, index(BY_DISCARD, 'state', 'discardedAt', 'id'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndexes(runner, CREDENTIALS, BY_DISCARD);
    await dropColumns(runner, CREDENTIALS, 'succeededAutomaticallyAt', 'successionStoppedAt');
  }
}
