import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, dropColumns, instant, integer } from '../schema.js';

const API_TOKENS = 'api_tokens';

/** How often an API token was rejected, and when last. */
export class RefusedApiTokens1764137000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(
      runner,
      API_TOKENS,
      { ...integer('refusedUses'), default: 0 },
      instant('lastRefusedAt', { nullable: true }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropColumns(runner, API_TOKENS, 'refusedUses', 'lastRefusedAt');
  }
}
