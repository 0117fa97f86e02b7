import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addIndexes, dropIndexes, index } from '../schema.js';

const EVENTS = 'audit_events';
const NAME = 'audit_events_by_address_and_action';

/**
 * What was done from one source address by one action is found without a look at everything else from this address, from which a whole
 * office or all programs behind a gateway can come. The index without the action stays: an address has too many actions
 * to ask for each of them in each month.
 */
export class EventsByAddressAndAction1764184000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addIndexes(runner, EVENTS, index(NAME, 'tenantId', 'sourceAddress', 'action', 'occurredAt', 'id'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndexes(runner, EVENTS, NAME);
  }
}
