import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it, vi } from 'vitest';

import { systemClock } from '#core';
import { openCheckpoint, parseNote, parseVerifierKey, signersOf } from '#transparency-log';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { type Shape, type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { startWitness } from '../../support/witness.js';

const SOON = { timeout: 40_000, interval: 100 };
const folder = mkdtempSync(join(tmpdir(), 'chancery-checkpoints-'));
const file = join(folder, 'checkpoints.ndjson');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (database: TestDatabase): Promise<TestServer> =>
  startTestServer({
    clock: systemClock,
    database,
    environment: { CHANCERY_ROLES: 'admin,signing,scheduler', CHANCERY_CHECKPOINT_FILE: file },
  });

/** The first event is all that an earlier copy of the database had. */
async function rollBack({ url }: TestDatabase, tenantId: string): Promise<void> {
  const plain = await openPlainDataSource(url);
  await plain.query(`DELETE FROM audit_events WHERE tenantId = '${tenantId}' AND sequence > 0`);
  await plain.query(`DELETE FROM history_tiles WHERE tenantId = '${tenantId}'`);
  await plain.query(`DELETE FROM history_heads WHERE id = '${tenantId}'`);
  await plain.query(`UPDATE history_sizes SET size = 1, publishedSize = NULL WHERE tenantId = '${tenantId}'`);
  await plain.destroy();
}

describe('a server with the role of the scheduler', () => {
  it('a server with the role of the scheduler signs what is recorded, and sees later that its database was rolled back', async () => {
    const database = await createMigratedDatabase();
    const first = await start(database);
    const tenant = await createTenant(first, 'acme');
    for (const name of ['one', 'two']) await first.post(`${tenant.path}/services`, { name }, tenant.owner);
    const origin = `${new URL(first.url).host}/${tenant.id}`;
    const { body } = await first.get(`/v1/history/keys?origin=${encodeURIComponent(origin)}`);
    const keys = (body['keys'] as unknown as Shape[]).map(({ verifierKey }) => parseVerifierKey(verifierKey!));
    const events = (await first.get(`${tenant.path}/audit-events`, tenant.owner)).body['items'] as unknown as Shape[];
    await vi.waitFor(async () => {
      const { text } = await first.get(`${tenant.path}/history/checkpoint`, tenant.owner);
      expect(openCheckpoint(text, origin, keys).size).toBeGreaterThanOrEqual(events.length);
    }, SOON);
    await first.close();
    const kept = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as string);
    const last = kept.findLast((note) => note.startsWith(`${origin}\n`))!;
    expect(openCheckpoint(last, origin, keys).size).toBeGreaterThanOrEqual(events.length);

    const untouched = await start(database);
    expect(untouched.logs.join('')).not.toContain('was it rolled back');
    await untouched.close();
    await rollBack(database, tenant.id);
    const restored = await start(database);
    expect(restored.logs.filter((line) => line.includes('was it rolled back'))).toEqual([
      expect.stringContaining(origin),
    ]);
    await vi.waitFor(() => {
      expect(restored.logs.join('')).toContain('No checkpoint of a history could be signed');
    }, SOON);
    const answer = await restored.get(`${tenant.path}/history/checkpoint`, tenant.owner);
    expect(answer).toMatchObject({ status: 503, body: { code: 'CHECKPOINT_PENDING' } });
    await restored.close();
    await database.drop();
  });

  it('a server with the role of the scheduler has its checkpoints cosigned by its witnesses', async () => {
    const witness = await startWitness();
    const server = await startTestServer({
      clock: systemClock,
      environment: { CHANCERY_ROLES: 'admin,scheduler', CHANCERY_WITNESS_URLS: witness.setting },
    });
    const tenant = await createTenant(server, 'witnessed');
    const origin = `${new URL(server.url).host}/${tenant.id}`;
    const { body } = await server.get(`/v1/history/keys?origin=${encodeURIComponent(origin)}`);
    const keys = (body['keys'] as unknown as Shape[]).map(({ verifierKey }) => parseVerifierKey(verifierKey!));
    const path = `${tenant.path}/history/checkpoint?cosigned=true`;
    expect(await server.get(path, tenant.owner)).toMatchObject({ status: 503, body: { code: 'CHECKPOINT_PENDING' } });
    witness.trust(origin, keys);
    await vi.waitFor(async () => {
      const { status, text } = await server.get(path, tenant.owner);
      expect(status).toBe(200);
      expect(openCheckpoint(text, origin, keys).size).toBeGreaterThan(0);
      expect(signersOf(parseNote(text), [witness.key])).toEqual([witness.key]);
    }, SOON);
    await server.close();
    await witness.close();
  });
});
