import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Checkpoints, HistoryCheck, type HistoryLog } from '#audit';
import { DAY, platformScope, systemOrigin, toRfc3339 } from '#core';
import { Database } from '#database';
import { verifyInclusion } from '#transparency-log';

import { HistoryRetention } from '#retention';
import { tenantEvents } from '../../../libs/tenants/events.js';
import { run } from '../../../apps/cli/src/program.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  type Answer,
  type Call,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

type InclusionProof = Awaited<ReturnType<HistoryLog['inclusion']>>;

const EVENTS = 600;
const BORDER = 512;
const folder = mkdtempSync(join(tmpdir(), 'chancery-retention-'));

let database: TestDatabase;
let server: TestServer;
let plain: DataSource;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createMigratedDatabase();
  const mail = {
    CHANCERY_PUBLIC_URL: 'https://chancery.test',
    CHANCERY_SMTP_URL: 'smtp://127.0.0.1:1',
    CHANCERY_MAIL_FROM: 'chancery@chancery.test',
  };
  server = await startTestServer({ database, environment: mail });
  plain = await openPlainDataSource(database.url);
  tenant = await createTenant(server, 'retention');
}, 60_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await plain.destroy();
  await server.close();
  await database.drop();
});

const owner = async (of = tenant): Promise<Call> => ({ token: await server.login(of.owner.email, PASSWORD) });
const set = async (settings: object, of = tenant): Promise<Answer> =>
  server.patch(of.path, { settings, password: PASSWORD }, await owner(of));
const publish = () => server.server.app.get(Checkpoints).publishDue();
const erase = () => server.server.app.get(HistoryRetention).recordDue(100);
const at = (instant: number) => server.setTime(instant);
const itemsOf = ({ body }: Answer): Shape[] => body['items'] as unknown as Shape[];
const events = async (filter: string, of = tenant): Promise<Shape[]> =>
  itemsOf(await server.get(`${of.path}/audit-events?${filter}`, await owner(of)));
const rowsBefore = async (sequence: number, of = tenant): Promise<number> => {
  const where = `tenantId = '${of.id}' AND sequence < ${sequence}`;
  const [row] = await plain.query<{ count: number }[]>(`SELECT COUNT(*) AS count FROM audit_events WHERE ${where}`);
  return Number(row!.count);
};

/** Lets a tenant have some hundred events, signed. */
async function grow(of = tenant, count = EVENTS): Promise<void> {
  await server.server.app.get(Database).platform(platformScope(systemOrigin('test')), async (tx) => {
    for (let made = 0; made < count; made += 1) {
      tx.record(tenantEvents.changed(of.id, { tenantId: of.id, after: { name: `name ${made}`, settings: {} } }));
    }
  });
  await publish();
}

const file = (content: string): string => {
  const path = join(folder, String(Math.random()));
  writeFileSync(path, content);
  return path;
};

async function verify(text: string, ...more: string[]): Promise<{ code: number; output: string }> {
  let output = '';
  const write = (part: string): void => void (output += part);
  const code = await run(['audit', 'verify', '--export', file(text), ...more], { environment: {}, write, fail: write });
  return { code, output };
}

describe('the events of a history that a tenant keeps no longer', () => {
  it('an erasure is set by owners who prove who they are, for at least what the operator permits, and is announced', async () => {
    const call = await owner();
    const body = { settings: { historyRetentionDays: 365 } };
    expect(await server.patch(tenant.path, body, call)).toMatchObject({
      status: 401,
      body: { code: 'PASSWORD_REQUIRED' },
    });
    expect(await set({ historyRetentionDays: 364 })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/settings/historyRetentionDays', code: 'INVALID_SETTING' }] },
    });
    await grow();
    expect(await set({ historyRetentionDays: 365 })).toMatchObject({ status: 200 });
    const beginsAt = toRfc3339(server.clock.now() + 30 * DAY);
    expect(await events('action=history.erasure_planned')).toMatchObject([
      { actor: { type: 'user' }, details: { retentionDays: 365, beginsAt } },
    ]);
    const mails = await plain.query<{ recipient: string }[]>('SELECT recipient FROM mails');
    expect(mails).toEqual([{ recipient: tenant.owner.email }]);
    const calendar = await server.get(
      `${tenant.path}/expirations?kind=history&before=${toRfc3339(server.clock.now() + 31 * DAY)}`,
      call,
    );
    expect(itemsOf(calendar)).toMatchObject([{ kind: 'history', dueAt: beginsAt, happens: 'loses its oldest events' }]);
  });

  it('an erasure that is announced erases nothing before it begins, nothing that is younger, and nothing under a hold', async () => {
    const start = server.clock.now();
    await at(start + 29 * DAY);
    await erase();
    await at(start + 200 * DAY);
    await erase();
    expect(await rowsBefore(BORDER)).toBe(BORDER);
    await at(start + 366 * DAY);
    // Owners change back what they did not want; what they hold is held, and its end is announced anew.
    await set({ historyHold: true });
    await erase();
    expect(await rowsBefore(BORDER)).toBe(BORDER);
    await set({ historyHold: false });
    await erase();
    expect(await rowsBefore(BORDER)).toBe(BORDER);
    await at(start + 397 * DAY);
  });

  it('an event that somebody has changed is not erased, and neither are those after it', async () => {
    const edit = (from: string, to: string) =>
      plain.query(
        `UPDATE audit_events SET canonical = REPLACE(canonical, '${from}', '${to}') WHERE tenantId = '${tenant.id}' AND sequence = 300`,
      );
    await edit('success', 'succeed');
    await expect(erase()).rejects.toThrow('1 of 1 due items of kind history failed');
    expect(await rowsBefore(BORDER)).toBe(BORDER);
    await edit('succeed', 'success');
    await at(server.clock.now() + DAY);
  });

  it('an erasure takes whole bundles, once for two instances, and says in the history what it erased', async () => {
    const old = (await server.get(`${tenant.path}/audit-events/checkpoint`, await owner())).text;
    writeFileSync(join(folder, 'old'), old);
    await Promise.all([erase(), erase()]);
    expect(await rowsBefore(BORDER)).toBe(0);
    expect(await rowsBefore(BORDER + 1)).toBe(1);
    expect(await events('action=history.bodies_erased')).toMatchObject([
      {
        actor: { type: 'system', id: 'history-retention' },
        target: { id: tenant.id },
        details: {
          from: 0,
          before: BORDER,
          retentionDays: 365,
          stateSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        },
      },
    ]);
    await publish();
    expect(await server.server.app.get(HistoryCheck).verify()).toMatchObject({ problems: [] });
  });

  it('an erased event answers that it is erased, and its proofs verify as before', async () => {
    const call = await owner();
    const erased = { status: 410, body: { code: 'HISTORY_ERASED', erasedBefore: BORDER } };
    expect(await server.get(`${tenant.path}/audit-events/5`, call)).toMatchObject(erased);
    const bytes = { ...call, headers: { Accept: 'application/octet-stream' } };
    expect(await server.get(`${tenant.path}/audit-events/5`, bytes)).toMatchObject(erased);
    expect(await server.get(`${tenant.path}/history/tile/entries/001`, call)).toMatchObject(erased);
    expect(await server.get(`${tenant.path}/audit-events/export?after=100`, call)).toMatchObject(erased);
    expect(await server.get(`${tenant.path}/as-of?at=2025-12-31`, call)).toMatchObject(erased);
    expect((await server.get(`${tenant.path}/audit-events/${BORDER}`, call)).status).toBe(200);
    expect((await server.get(`${tenant.path}/history/tile/0/001`, call)).status).toBe(200);
    expect((await server.get(`${tenant.path}/audit-events/5/proof`, call)).text).toMatch(/^c2sp.org\/tlog-proof@v1/);
    const proof = await server.get(`${tenant.path}/audit-events/proofs/inclusion?sequence=5`, call);
    const { leafHash, rootHash, treeSize, proof: hashes } = proof.body as unknown as InclusionProof;
    const bytesOf = (hash: string): Buffer => Buffer.from(hash, 'hex');
    const claim = { index: 5, size: treeSize, proof: hashes.map(bytesOf) };
    expect(verifyInclusion({ leafHash: bytesOf(leafHash), root: bytesOf(rootHash), ...claim })).toBe(true);
    const list = await server.get(`${tenant.path}/audit-events?order=asc`, call);
    expect(list.body).toMatchObject({ erasedBefore: BORDER });
    expect(itemsOf(list)[0]).toMatchObject({ sequence: BORDER });
  });

  it('an export begins at the border and verifies, with a checkpoint that was kept of what is erased', async () => {
    const call = await owner();
    const { text } = await server.get(`${tenant.path}/audit-events/export`, call);
    expect(await verify(text)).toMatchObject({
      code: 0,
      output: expect.stringContaining(`The ${BORDER} events before them are erased, as an event`) as string,
    });
    const header = JSON.parse(text.split('\n')[0]!) as { checkpoint: string; first: number };
    expect(header.first).toBe(BORDER);
    const [to, old] = [header.checkpoint.split('\n')[1]!, join(folder, 'old')];
    const proof = await server.get(`${tenant.path}/audit-events/proofs/consistency?from=300&to=${to}`, call);
    expect(proof.status).toBe(200);
    expect(await verify(text, '--since', old)).toMatchObject({ code: 0 });
  });

  it('personal fields of what is carried forward are sealed, and are erased with the month in which they were recorded', async () => {
    const members = async (): Promise<Shape[]> => {
      const { body } = await server.get(`${tenant.path}/as-of?kind=members`, await owner());
      return body['members']!['items'] as unknown as Shape[];
    };
    expect(await members()).toMatchObject([{ email: tenant.owner.email, isComplete: true }]);
    const where = `tenantId = '${tenant.id}' AND kind = 'members'`;
    const [row] = await plain.query<{ content: Buffer; personal: string }[]>(
      `SELECT content, personal FROM history_states WHERE ${where}`,
    );
    expect(inflateRawSync(row!.content).toString()).toContain('"email":null');
    expect(row!.personal).not.toContain(tenant.owner.email);

    const erasure = `${tenant.path}/history/months/2026-01/erase`;
    const held = { status: 409, body: { code: 'HISTORY_ON_HOLD' } };
    await set({ historyHold: true });
    expect(await server.post(erasure, { password: PASSWORD }, await owner())).toMatchObject(held);
    expect(await server.post(`${erasure}?dryRun=true`, {}, await owner())).toMatchObject({
      body: { allowed: false, code: 'HISTORY_ON_HOLD' },
    });
    await set({ historyHold: false });
    expect(await server.post(erasure, { password: PASSWORD }, await owner())).toMatchObject({ status: 200 });
    expect(await members()).toMatchObject([{ email: null, isComplete: false, missing: ['erased'] }]);
    expect(await server.server.app.get(HistoryCheck).verify()).toMatchObject({ problems: [] });
  });

  it('a border that somebody has moved is found by a person who verifies an export, and by the server', async () => {
    const row = `tenantId = '${tenant.id}'`;
    await plain.query(`UPDATE history_borders SET erasedBefore = 768 WHERE ${row}`);
    await grow(tenant, 400);
    const { text } = await server.get(`${tenant.path}/audit-events/export`, await owner());
    expect(await verify(text)).toMatchObject({
      code: 2,
      output: expect.stringContaining('no event says that the 768') as string,
    });
    const { problems } = await server.server.app.get(HistoryCheck).verify();
    expect(problems).toEqual([expect.stringContaining('no event says that the 768')]);
    await plain.query(`UPDATE history_borders SET erasedBefore = ${BORDER} WHERE ${row}`);
    const state = `${row} AND kind = 'tenant'`;
    const [before] = await plain.query<{ hash: string }[]>(`SELECT hash FROM history_states WHERE ${state}`);
    await plain.query(`UPDATE history_states SET hash = '${'0'.repeat(64)}' WHERE ${state}`);
    expect((await server.server.app.get(HistoryCheck).verify()).problems).toEqual([
      expect.stringContaining('what followed from the erased events was changed'),
    ]);
    await plain.query(`UPDATE history_states SET hash = '${before!.hash}' WHERE ${state}`);
  });

  it('an active webhook has what it subscribed to before it is erased', async () => {
    const other = await createTenant(server, 'waiting');
    await grow(other, 260);
    await set({ historyRetentionDays: 365 }, other);
    const webhook = { id: '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47', state: "'active'", nextSequence: 100 };
    await plain.query(
      `INSERT INTO webhooks (id, tenantId, url, actions, state, nextSequence, leasedUntil, failures, createdBy, version, createdAt, updatedAt)
       VALUES ('${webhook.id}', '${other.id}', 'https://hook.test', '["x"]', ${webhook.state}, ${webhook.nextSequence}, 0, 0, 'x', 1, 0, 0)`,
    );
    await at(server.clock.now() + 400 * DAY);
    await erase();
    expect(await rowsBefore(256, other)).toBe(256);
    await plain.query(`UPDATE webhooks SET nextSequence = 300 WHERE id = '${webhook.id}'`);
    await at(server.clock.now() + DAY);
    await erase();
    expect(await rowsBefore(256, other)).toBe(0);
  });
});
