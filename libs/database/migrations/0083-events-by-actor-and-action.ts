import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addIndexes, dropIndexes, index } from '../schema.js';

const EVENTS = 'audit_events';

/** The columns that say who did something: the index with the action of each. */
const ADDED = [
  ['actorId', 'audit_events_by_actor_and_action'],
  ['actorName', 'audit_events_by_actor_name_and_action'],
] as const;

/**
 * What one actor did by one action is found without a look at everything else that this actor did. The indexes without the action
 * stay: an actor has too many actions to ask for each of them.
 */
export class EventsByActorAndAction1764183000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [column, name] of ADDED) {
      await addIndexes(runner, EVENTS, index(name, 'tenantId', column, 'action', 'occurredAt', 'id'));
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [, name] of ADDED) await dropIndexes(runner, EVENTS, name);
  }
}
