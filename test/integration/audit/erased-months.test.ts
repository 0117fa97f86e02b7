import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { CheckpointFile, ErasedMonths } from '#audit';
import { ManualClock } from '#core';
import { uuidv7 } from '#crypto';

import { openPlainDataSource } from '../../support/plain-data-source.js';
import { HISTORY_HOST, signedHistories } from '../../support/signed-history.js';

const folder = mkdtempSync(join(tmpdir(), 'chancery-erased-months-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const clock = new ManualClock();
const { instance, url } = signedHistories(() => clock);
/** More than one page, and more than one transaction records. */
const MONTHS = 1_203;

/** Months of as many histories, as a restoration without their keys leaves them. */
async function leave(erasedAt: number): Promise<void> {
  const plain = await openPlainDataSource(url());
  const rows = Array.from({ length: MONTHS }, () => `('${uuidv7(1)}', '${uuidv7(1)}', '2025-01', 1, 1, ${erasedAt})`);
  await plain.query(
    `INSERT INTO history_months (id, tenantId, month, endsAt, createdAt, erasedAt) VALUES ${rows.join(', ')}`,
  );
  await plain.destroy();
}

it('months that were erased at one instant are all recorded, kept and named, however many they are', async () => {
  const path = join(folder, 'checkpoints.ndjson');
  const memory = await CheckpointFile.open(path);
  const { database, keys } = await instance(memory);
  const months = new ErasedMonths(database, keys, { host: () => HISTORY_HOST, memory });
  const restoredAt = clock.now();
  await leave(restoredAt);
  clock.advance(1_000);
  await months.onRestored({ restoredAt });
  expect(await months.erasedSince(restoredAt)).toHaveLength(MONTHS);
  expect(await months.total()).toMatchObject({ months: MONTHS });
  const plain = await openPlainDataSource(url());
  const [{ count } = { count: 0 }] = await plain.query<{ count: number | string }[]>(
    `SELECT COUNT(*) AS count FROM audit_events WHERE action = 'history.month_erased'`,
  );
  await plain.destroy();
  expect(Number(count)).toBe(MONTHS);
  expect([await months.keepErased(), await months.keepErased()]).toEqual([MONTHS, 0]);
  const again = await CheckpointFile.open(path);
  await again.refresh(keys.keepers);
  expect(again.erasures()).toHaveLength(MONTHS);
});
