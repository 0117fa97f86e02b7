import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Checkpoints, Cosignatures, HistoryCheck, HistoryExport, LogKeys } from '#audit';
import { DAY, type TenantScope, platformScope, systemOrigin } from '#core';
import { Database } from '#database';
import { HistoryRetention } from '#retention';
import { leafHash } from '#transparency-log';

import { tenantEvents } from '../../../libs/tenants/events.js';
import { run } from '../../../apps/cli/src/program.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  type Call,
  PASSWORD,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { type TestWitness, startWitness } from '../../support/witness.js';

const EVENTS = 300;
const BUNDLE = 256;
const folder = mkdtempSync(join(tmpdir(), 'chancery-border-'));
const UNCHANGED = { problems: [] };

let database: TestDatabase;
let server: TestServer;
let other: TestServer;
let plain: DataSource;
let witness: TestWitness;
beforeAll(async () => {
  witness = await startWitness();
  const environment = {
    CHANCERY_CHECKPOINT_FILE: join(folder, 'checkpoints'),
    CHANCERY_WITNESS_URLS: witness.setting,
  };
  database = await createMigratedDatabase();
  server = await startTestServer({ database, environment });
  other = await startTestServer({ database, environment, clock: server.clock });
  plain = await openPlainDataSource(database.url);
}, 60_000);
afterAll(async () => {
  await plain.destroy();
  await Promise.all([server.close(), other.close()]);
  await database.drop();
  await witness.close();
  rmSync(folder, { recursive: true, force: true });
});

const owner = async (of: TestTenant): Promise<Call> => ({ token: await server.login(of.owner.email, PASSWORD) });
const eraseBy = (instance: TestServer) => instance.server.app.get(HistoryRetention).recordDue(100);
const erase = () => eraseBy(server);
const cosign = () => server.server.app.get(Cosignatures).requestDue();
const check = () => server.server.app.get(HistoryCheck).verify();
const edit = async (...statements: string[]): Promise<void> => {
  for (const statement of statements) await plain.query(statement);
};
const rows = async <Row>(query: string): Promise<Row[]> => plain.query<Row[]>(query);
const erasures = async (of: TestTenant): Promise<number> =>
  (await rows(`SELECT id FROM audit_events WHERE tenantId = '${of.id}' AND action = 'history.bodies_erased'`)).length;
const exportOf = async (of: TestTenant, query = '') =>
  server.get(`${of.path}/audit-events/export${query}`, await owner(of));

async function grow(of: TestTenant, count = EVENTS): Promise<void> {
  await server.server.app.get(Database).platform(platformScope(systemOrigin('test')), async (tx) => {
    for (let made = 0; made < count; made += 1) {
      tx.record(tenantEvents.changed(of.id, { tenantId: of.id, after: { name: `name ${made}`, settings: {} } }));
    }
  });
  await server.server.app.get(Checkpoints).publishDue();
}

/** A tenant whose first bundle may be erased, as soon as the witness has cosigned it. */
async function oldTenant(name: string): Promise<TestTenant> {
  const tenant = await createTenant(server, name);
  await grow(tenant);
  const settings = { historyRetentionDays: 365 };
  expect(await server.patch(tenant.path, { settings, password: PASSWORD }, await owner(tenant))).toMatchObject({
    status: 200,
  });
  await server.setTime(server.clock.now() + 400 * DAY);
  const [head] = await rows<{ origin: string }>(`SELECT origin FROM history_heads WHERE id = '${tenant.id}'`);
  witness.trust(head!.origin, server.server.app.get(LogKeys).verifierKeysOf(head!.origin));
  return tenant;
}

/** The same, with its first bundle erased, and the erasure in the checkpoint. */
async function erasedTenant(name: string): Promise<TestTenant> {
  const tenant = await oldTenant(name);
  await cosign();
  await erase();
  await server.server.app.get(Checkpoints).publishDue();
  return tenant;
}

async function verify(text: string, ...more: string[]): Promise<{ code: number; output: string }> {
  let output = '';
  const write = (part: string): void => void (output += part);
  const path = file(text);
  const code = await run(['audit', 'verify', '--export', path, ...more], { environment: {}, write, fail: write });
  return { code, output };
}

function file(content: string): string {
  const path = join(folder, String(Math.random()));
  writeFileSync(path, content);
  return path;
}

const dayLater = () => server.setTime(server.clock.now() + DAY);

describe('the erasure of old events', () => {
  it('what a witness has not cosigned is not erased, and a cosigned export waits for the event of an erasure', async () => {
    const tenant = await oldTenant('witnessed');
    await erase();
    expect(await erasures(tenant)).toBe(0);
    await cosign();
    await dayLater();
    await erase();
    expect(await erasures(tenant)).toBe(1);
    const pending = await exportOf(tenant, '?cosigned=true');
    expect(pending).toMatchObject({ status: 503, body: { code: 'CHECKPOINT_PENDING' } });
    await server.server.app.get(Checkpoints).publishDue();
    await cosign();
    const { text } = await exportOf(tenant, '?cosigned=true');
    expect(await verify(text)).toMatchObject({ code: 0 });
  });

  it('two instances that erase at the same time erase once', async () => {
    const tenant = await oldTenant('twice');
    await cosign();
    await Promise.all([eraseBy(server), eraseBy(other), eraseBy(server), eraseBy(other)]);
    expect(await erasures(tenant)).toBe(1);
    await server.server.app.get(Checkpoints).publishDue();
    expect(await check()).toMatchObject(UNCHANGED);
  });

  it('events whose times somebody has made older are not erased, whatever else is changed with them', async () => {
    const tenant = await oldTenant('older');
    await cosign();
    await server.setTime(server.clock.now() - 300 * DAY);
    const where = `tenantId = '${tenant.id}' AND sequence < ${BUNDLE}`;
    await edit(`UPDATE history_borders SET eraseDueAt = 0 WHERE tenantId = '${tenant.id}'`);
    const events = await rows<{ id: string; canonical: string; occurredAt: number }>(
      `SELECT id, canonical, occurredAt FROM audit_events WHERE ${where} ORDER BY sequence`,
    );
    await edit(`UPDATE audit_events SET occurredAt = 1 WHERE ${where}`);
    await expect(erase()).rejects.toThrow('due items of kind history failed');
    await dayLater();

    const [tile] = await rows<{ hashes: Buffer }>(
      `SELECT hashes FROM history_tiles WHERE tenantId = '${tenant.id}' AND place = '0/000'`,
    );
    const leaves: Buffer[] = [];
    for (const { id, canonical } of events) {
      const forged = canonical.replace(/"occurredAt":"[^"]+"/, '"occurredAt":"1970-01-01T00:00:00.001Z"');
      leaves.push(leafHash(Buffer.from(forged)));
      await plain.query('UPDATE audit_events SET canonical = ? WHERE id = ?', [forged, id]);
    }
    const setTile = (hashes: Buffer) =>
      plain.query(`UPDATE history_tiles SET hashes = ? WHERE tenantId = '${tenant.id}' AND place = '0/000'`, [hashes]);
    await setTile(Buffer.concat(leaves));
    await expect(erase()).rejects.toThrow('due items of kind history failed');
    expect(await erasures(tenant)).toBe(0);

    await setTile(tile!.hashes);
    for (const { id, canonical, occurredAt } of events) {
      await plain.query('UPDATE audit_events SET canonical = ?, occurredAt = ? WHERE id = ?', [
        canonical,
        occurredAt,
        id,
      ]);
    }
    await server.setTime(server.clock.now() + 301 * DAY);
    await erase();
    expect(await erasures(tenant)).toBe(1);
    await server.server.app.get(Checkpoints).publishDue();
  });

  it('nothing is erased in a database that was rolled back, by the checkpoint that was kept outside of it, unless it was restored', async () => {
    const tenant = await oldTenant('rolled-back');
    const columns = 'size, root, note';
    const headOf = async () =>
      (
        await rows<{ size: number; root: string; note: string }>(
          `SELECT ${columns} FROM history_heads WHERE id = '${tenant.id}'`,
        )
      )[0]!;
    const put = ({ size, root, note }: Awaited<ReturnType<typeof headOf>>) =>
      plain.query('UPDATE history_heads SET size = ?, root = ?, note = ? WHERE id = ?', [size, root, note, tenant.id]);
    const earlier = await headOf();
    await grow(tenant, 3);
    await cosign();
    const latest = await headOf();
    await put(earlier);
    await expect(erase()).rejects.toThrow('due items of kind history failed');
    expect(await erasures(tenant)).toBe(0);
    await put(latest);
    await dayLater();
    // As it is called after a restoration that somebody has confirmed: it has no checkpoint under this name yet.
    const [{ origin } = { origin: '' }] = await rows<{ origin: string }>(
      `SELECT origin FROM history_heads WHERE id = '${tenant.id}'`,
    );
    const name = (to: string) => plain.query('UPDATE history_heads SET origin = ? WHERE id = ?', [to, tenant.id]);
    await name(origin.replace('/', '/restored-1/'));
    await erase();
    expect(await erasures(tenant)).toBe(1);
    await name(origin);
    await server.server.app.get(Checkpoints).publishDue();
  });

  it('an export that an erasure overtakes ends with an error, and never without a word', async () => {
    const tenant = await oldTenant('overtaken');
    await cosign();
    const scope: TenantScope = { ...systemOrigin('test'), tenantId: tenant.id };
    const { content } = await server.server.app.get(HistoryExport).begin(scope, { format: 'ndjson' });
    await content.next();
    await erase();
    await expect(content.next()).rejects.toMatchObject({ code: 'HISTORY_ERASED' });
    await server.server.app.get(Checkpoints).publishDue();
  });
});

describe('what is carried forward of erased events', () => {
  it('a state that somebody has changed is found, is shown as altered, and is not confirmed by the next erasure', async () => {
    const tenant = await erasedTenant('carried');
    const where = `tenantId = '${tenant.id}' AND kind = 'members'`;
    const [state] = await rows<{ content: Buffer }>(`SELECT content FROM history_states WHERE ${where}`);
    const put = (content: Buffer) => plain.query(`UPDATE history_states SET content = ? WHERE ${where}`, [content]);
    await put(deflateRawSync(inflateRawSync(state!.content).toString().replace('"owner"', '"auditor"')));
    expect(await check()).toMatchObject({
      problems: [expect.stringContaining('what followed from the erased events was changed')],
    });
    const { body } = await server.get(`${tenant.path}/as-of?kind=members`, await owner(tenant));
    expect(body['members']).toMatchObject({ items: [{ isComplete: false, missing: ['altered'] }] });
    await put(state!.content);

    const kind = `tenantId = '${tenant.id}' AND kind = 'tenant'`;
    const [own] = await rows<{ content: Buffer }>(`SELECT content FROM history_states WHERE ${kind}`);
    await plain.query(`UPDATE history_states SET content = ? WHERE ${kind}`, [
      deflateRawSync('{"missing":[],"row":{}}'),
    ]);
    await grow(tenant);
    await cosign();
    await server.setTime(server.clock.now() + 400 * DAY);
    await expect(erase()).rejects.toThrow('due items of kind history failed');
    expect(await erasures(tenant)).toBe(1);
    await plain.query(`UPDATE history_states SET content = ? WHERE ${kind}`, [own!.content]);
    expect(await check()).toMatchObject(UNCHANGED);
  });
});

describe('an export that begins at a border', () => {
  it('each change of the database is found in an export that begins at a border', async () => {
    const tenant = await erasedTenant('attacked');
    await grow(tenant, 20);
    const of = `tenantId = '${tenant.id}' AND sequence`;
    const { text: whole } = await exportOf(tenant);
    expect(await verify(whole)).toMatchObject({ code: 0 });
    const lines = whole.trimEnd().split('\n');
    const header = JSON.parse(lines[0]!) as { checkpoint: string; first: number; count: number };
    expect(header.first).toBe(BUNDLE);
    const kept = file(header.checkpoint);
    const last = header.first + header.count - 1;
    const spare = 1_000_000;
    const changes: Readonly<Record<string, readonly [readonly string[], readonly string[], RegExp]>> = {
      'a body': [
        [`UPDATE audit_events SET canonical = REPLACE(canonical, 'success', 'succeed') WHERE ${of} = 270`],
        [`UPDATE audit_events SET canonical = REPLACE(canonical, 'succeed', 'success') WHERE ${of} = 270`],
        /event 270 is not what was signed/,
      ],
      'the newest five': [
        [`UPDATE audit_events SET sequence = sequence + ${spare} WHERE ${of} BETWEEN ${last - 4} AND ${last}`],
        [`UPDATE audit_events SET sequence = sequence - ${spare} WHERE ${of} >= ${spare}`],
        /is (missing|expected)/,
      ],
      'one in the middle': [
        [`UPDATE audit_events SET sequence = ${spare} WHERE ${of} = 280`],
        [`UPDATE audit_events SET sequence = 280 WHERE ${of} = ${spare}`],
        /event 280 is expected here and 281/,
      ],
      'two in their order': [
        [
          `UPDATE audit_events SET sequence = ${spare} WHERE ${of} = 260`,
          `UPDATE audit_events SET sequence = 260 WHERE ${of} = 261`,
          `UPDATE audit_events SET sequence = 261 WHERE ${of} = ${spare}`,
        ],
        [
          `UPDATE audit_events SET sequence = ${spare} WHERE ${of} = 260`,
          `UPDATE audit_events SET sequence = 260 WHERE ${of} = 261`,
          `UPDATE audit_events SET sequence = 261 WHERE ${of} = ${spare}`,
        ],
        /event 260 is not what was signed/,
      ],
    };
    for (const [name, [attack, undo, finding]] of Object.entries(changes)) {
      await edit(...attack);
      const { text } = await exportOf(tenant);
      await edit(...undo);
      const found = { name, ...(await verify(text, '--since', kept)) };
      expect(found).toMatchObject({ name, code: 2, output: expect.stringMatching(finding) as string });
    }
    // In the file itself: one more event, and the history of another day.
    const inserted = [...lines.slice(0, 10), lines[9]!, ...lines.slice(10)].join('\n');
    expect(await verify(inserted, '--since', kept)).toMatchObject({ code: 2 });
    await grow(tenant, 5);
    const { text: later } = await exportOf(tenant);
    const newest = file((JSON.parse(later.split('\n')[0]!) as { checkpoint: string }).checkpoint);
    const rolledBack = await verify(whole, '--since', newest);
    expect(rolledBack).toMatchObject({ code: 2, output: expect.stringContaining('some were removed') as string });
  });

  it('events that were removed are found, although a later part of the export says nothing of a border', async () => {
    const tenant = await erasedTenant('parts');
    // No event, and all hashes before the end of the history.
    const { text } = await exportOf(tenant, '?after=999999');
    const part = JSON.parse(text) as { first: number; count: number };
    const size = part.first;
    expect(part.count).toBe(0);
    const withBorder = async (...borders: (number | undefined)[]) => {
      const headers = borders.map((erasedBefore) => JSON.stringify({ ...part, erasedBefore }));
      return verify(`${headers.join('\n')}\n`);
    };
    for (const borders of [[size], [size, undefined], [size, BUNDLE]]) {
      expect(await withBorder(...borders)).toMatchObject({
        code: 2,
        output: expect.stringContaining(`no event says that the ${size} events before it were erased`) as string,
      });
    }
    expect(await withBorder(undefined)).toMatchObject({
      code: 0,
      output: expect.stringContaining('They are a part of it') as string,
    });
  });
});
