import { Checkpoints } from '#audit';
import { DAY, defineEvents, platformScope, systemOrigin } from '#core';
import { Database } from '#database';
import { HistoryRetention } from '#retention';

import { type Call, PASSWORD, type TestServer, type TestTenant } from '../../support/server.js';

const BUNDLE = 256;
const keyEvents = defineEvents('key', { used: '' });

/** Lets a tenant keep its history for a year only, and a year pass: at least one bundle of its events is erased. */
export async function eraseOld(server: TestServer, of: TestTenant, owner: Call): Promise<void> {
  const settings = { historyRetentionDays: 365 };
  await server.patch(of.path, { settings, password: PASSWORD }, owner);
  await server.server.app.get(Database).platform(platformScope(systemOrigin('test')), async (tx) => {
    for (let made = 0; made < BUNDLE; made += 1) tx.record(keyEvents.used(of.id, { tenantId: of.id }));
  });
  await server.server.app.get(Checkpoints).publishDue();
  await server.setTime(server.clock.now() + 366 * DAY);
  await server.server.app.get(HistoryRetention).recordDue(10);
  await server.runScheduler();
}
