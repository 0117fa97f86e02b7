import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addIndexes, dropIndexes, index } from '../schema.js';

const EVENTS = 'audit_events';

/** The columns that name a thing: the old index, and the one that takes its place. */
const REPLACED = [
  ['targetId', 'audit_events_by_target', 'audit_events_by_target_and_action'],
  ['credentialId', 'audit_events_by_credential', 'audit_events_by_credential_and_action'],
  ['kid', 'audit_events_by_kid', 'audit_events_by_kid_and_action'],
] as const;

/**
 * What happened to a thing is found with each action by itself: of a million tokens with one `kid`, none is read to find the
 * revocation of its certificate. No event is written to more indexes than before. The release before this one finds the
 * same events by them, and sorts them.
 */
export class EventsByThingAndAction1764182000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [column, before, after] of REPLACED) {
      await addIndexes(runner, EVENTS, index(after, 'tenantId', column, 'action', 'occurredAt', 'id'));
      await dropIndexes(runner, EVENTS, before);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [column, before, after] of REPLACED) {
      await addIndexes(runner, EVENTS, index(before, 'tenantId', column, 'occurredAt', 'id'));
      await dropIndexes(runner, EVENTS, after);
    }
  }
}
