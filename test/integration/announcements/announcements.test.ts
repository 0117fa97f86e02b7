import { randomUUID } from 'node:crypto';

import type { INestApplicationContext } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, ManualClock } from '#core';
import { Scheduler } from '#scheduler';

import { type Installation, type TestTenant, createTenant, openInstallation } from '../../support/installation.js';
import { openModules } from '../../support/modules.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';

const TOKENS = 1_000;

let installation: Installation;
let tenant: TestTenant;
let plain: DataSource;
let clock: ManualClock;
/** Two more processes on the same database. */
let instances: INestApplicationContext[];

beforeAll(async () => {
  installation = await openInstallation();
  ({ clock } = installation);
  tenant = await createTenant(installation);
  plain = await openPlainDataSource(installation.url);
  instances = [await openModules(installation.url, clock), await openModules(installation.url, clock)];
  const rows = Array.from({ length: TOKENS }, () => {
    const id = randomUUID();
    return `('${id}', '${tenant.id}', 'token', '${id}', '[]', 0, '[]', '${id}', 'x', '${id}', 0, ${clock.now() + 8 * DAY})`;
  });
  await plain.query(
    `INSERT INTO api_tokens (id, tenantId, name, ownerId, permissions, stepUp, allowedCidrs, lookupHash, tokenMasked,
       createdBy, createdAt, expiresAt) VALUES ${rows.join(', ')}`,
  );
});
afterAll(async () => {
  await Promise.all(instances.map((instance) => instance.close()));
  await plain.destroy();
  await installation.drop();
});

const runBoth = () => Promise.all(instances.map((instance) => instance.get(Scheduler).run()));

/** How many announcements there are, by their lead: as rows, and as events of the history. */
async function announced() {
  const rows = await plain.query<{ daysAhead: number; number: number | string }[]>(
    `SELECT daysAhead, COUNT(*) AS number FROM announcements GROUP BY daysAhead ORDER BY daysAhead DESC`,
  );
  const [events] = await plain.query<{ number: number | string; subjects: number | string }[]>(
    `SELECT COUNT(*) AS number, COUNT(DISTINCT targetId) AS subjects FROM audit_events
     WHERE action = 'expiration.announced' AND tenantId = '${tenant.id}'`,
  );
  return {
    rows: rows.map(({ daysAhead, number }) => [daysAhead, Number(number)]),
    events: Number(events!.number),
    subjects: Number(events!.subjects),
  };
}

describe('announcements by two instances', () => {
  it('announcements by two instances of a thousand things are made once each, for each lead', async () => {
    await runBoth();
    await runBoth();
    expect(await announced()).toEqual({ rows: [[14, TOKENS]], events: TOKENS, subjects: TOKENS });
    clock.advance(2 * DAY);
    await runBoth();
    await runBoth();
    expect(await announced()).toEqual({
      rows: [
        [14, TOKENS],
        [7, TOKENS],
      ],
      events: 2 * TOKENS,
      subjects: TOKENS,
    });
  });

  it('announcements by two instances wait while a jump of the clock is not confirmed', async () => {
    const before = await announced();
    clock.jump(5 * DAY);
    await runBoth();
    expect(await announced()).toEqual(before);
    clock.jump(-5 * DAY);
  });
});
