import type { MigrationInterface, QueryRunner } from 'typeorm';

import {
  addColumns,
  addIndexes,
  createTable,
  dropColumns,
  dropIndexes,
  dropTables,
  index,
  instant,
  key,
  reference,
  varchar,
} from '../schema.js';

const SESSIONS = 'sessions';
const BY_RENEWAL = 'sessions_by_renewal';
const BY_EXPIRY = 'sessions_by_expiry';

/** Sessions that are renewed by refresh tokens. Those of before end when their access token does. */
export class RefreshTokens1763950000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(
      runner,
      SESSIONS,
      { ...instant('renewedAt'), default: 0 },
      { ...instant('renewableUntil'), default: 0 },
      varchar('userAgent', 200, { nullable: true }),
    );
    await runner.query(
      'UPDATE sessions SET renewedAt = createdAt, renewableUntil = expiresAt WHERE renewableUntil = 0',
    );
    await addIndexes(runner, SESSIONS, index(BY_RENEWAL, 'renewableUntil', 'id'));
    await dropIndexes(runner, SESSIONS, BY_EXPIRY);
    await createTable(
      runner,
      'refresh_tokens',
      [
        key('lookupHash', 64),
        reference('sessionId'),
        instant('createdAt'),
        instant('usedAt', { nullable: true }),
        instant('expiresAt'),
      ],
      [index('refresh_tokens_by_expiry', 'expiresAt', 'lookupHash')],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'refresh_tokens');
    await addIndexes(runner, SESSIONS, index(BY_EXPIRY, 'expiresAt'));
    await dropIndexes(runner, SESSIONS, BY_RENEWAL);
    await dropColumns(runner, SESSIONS, 'renewedAt', 'renewableUntil', 'userAgent');
  }
}
