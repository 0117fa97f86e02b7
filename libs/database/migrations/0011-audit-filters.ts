import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, addIndexes, dropColumns, dropIndexes, index, varchar } from '../schema.js';

const EVENTS = 'audit_events';
const BY_ACTOR_NAME = 'audit_events_by_actor_name';
const BY_ADDRESS = 'audit_events_by_address';

/** Finding events by the name or e-mail of their actor and by the source address; both are read from the stored event. */
export class AuditFilters1763860000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(
      runner,
      EVENTS,
      varchar('actorName', 254, { nullable: true }),
      varchar('sourceAddress', 64, { nullable: true }),
    );
    const member = (path: string): string =>
      runner.connection.options.type === 'better-sqlite3'
        ? `json_extract(canonical, '${path}')`
        : `JSON_VALUE(canonical, '${path}')`;
    await runner.query(
      `UPDATE ${EVENTS} SET actorName = SUBSTR(${member('$.actor.name')}, 1, 254), sourceAddress = ${member('$.sourceAddress')}
       WHERE actorName IS NULL`,
    );
    await addIndexes(
      runner,
      EVENTS,
      index(BY_ACTOR_NAME, 'tenantId', 'actorName', 'occurredAt', 'id'),
      index(BY_ADDRESS, 'tenantId', 'sourceAddress', 'occurredAt', 'id'),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndexes(runner, EVENTS, BY_ACTOR_NAME, BY_ADDRESS);
    await dropColumns(runner, EVENTS, 'actorName', 'sourceAddress');
  }
}
