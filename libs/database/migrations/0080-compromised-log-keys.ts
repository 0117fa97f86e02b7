import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, dropColumns, instant } from '../schema.js';

/** Which keys of the histories were ended immediately because somebody else may have them. */
export class CompromisedLogKeys1764180000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(runner, 'history_keys', instant('compromisedAt', { nullable: true }));
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropColumns(runner, 'history_keys', 'compromisedAt');
  }
}
