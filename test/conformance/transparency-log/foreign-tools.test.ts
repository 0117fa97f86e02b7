import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Checkpoints, HistoryLog, LogKeys, NO_CHECKPOINT_MEMORY, auditEntities, recordEvents } from '#audit';
import { ManualClock, Secret, type TenantScope, defineEvents, systemOrigin } from '#core';
import { localKeyEncryptionKey, uuidv7 } from '#crypto';
import { Database } from '#database';
import { TILE_WIDTH, formatTileIndex, formatVerifierKey, parseCheckpoint, parseNote, widthOf } from '#transparency-log';
import { Vault, vaultEntities } from '#vault';

import { type Shape, createTenant, startTestServer } from '../../support/server.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';

/** Minutes to fetch and build; continuous integration sets it. */
const isWanted = process.env['LOG_TOOLS'] === '1' && spawnSync('go', ['version']).status === 0;
const BUILD_TIMEOUT = 600_000;
const RUN_TIMEOUT = 60_000;
const FSCK = 'github.com/transparency-dev/tessera/cmd/fsck@v1.0.4';
const keyEvents = defineEvents('key', { used: '' });
const run = promisify(execFile);

let programs: string;
let test: TestDatabase;
let database: Database;
let checkpoints: Checkpoints;
let log: HistoryLog;
let keys: LogKeys;

describe.skipIf(!isWanted)('tools that others wrote', () => {
  beforeAll(async () => {
    programs = mkdtempSync(join(tmpdir(), 'chancery-log-tools-'));
    const environment = { env: { ...process.env, GOBIN: programs }, timeout: BUILD_TIMEOUT };
    await run('go', ['install', FSCK], environment);
    const source = join(import.meta.dirname, 'sumdb');
    await run('go', ['build', '-C', source, '-o', join(programs, 'sumdb'), '.'], environment);
    test = await createMigratedDatabase();
    const entities = [...auditEntities, ...vaultEntities];
    database = await Database.open({ url: test.url, entities, clock: new ManualClock(), recorder: recordEvents });
    const vault = new Vault(database);
    await vault.unseal([localKeyEncryptionKey(new Secret(randomBytes(32)))]);
    keys = new LogKeys(vault);
    await keys.onUnsealed();
    checkpoints = new Checkpoints(database, keys, { host: () => 'history.example', memory: NO_CHECKPOINT_MEMORY });
    log = new HistoryLog(database);
  }, BUILD_TIMEOUT * 2);
  afterAll(async () => {
    await database?.close();
    await test?.drop();
    rmSync(programs, { recursive: true, force: true });
  });

  const record = async (scope: TenantScope, count: number): Promise<void> => {
    await database.transaction(scope, async (tx) => {
      for (let left = count; left > 0; left -= 1) tx.record(keyEvents.used('key'));
    });
    await checkpoints.publish(scope.tenantId);
  };

  /** Copies a published log into files, as a tool reads it over HTTP: the checkpoint, each tile and each bundle. */
  async function mirror(scope: TenantScope): Promise<string> {
    const folder = mkdtempSync(join(programs, 'log-'));
    const write = (path: string, content: string | Buffer): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    };
    const note = await log.checkpoint(scope);
    write('checkpoint', note);
    const { size } = parseCheckpoint(parseNote(note).text);
    for (let level = 0; TILE_WIDTH ** level <= size; level += 1) {
      for (let index = 0; widthOf({ level, index }, size) > 0; index += 1) {
        const width = widthOf({ level, index }, size);
        const path = `${formatTileIndex(index)}${width < TILE_WIDTH ? `.p/${width}` : ''}`;
        write(`tile/${level}/${path}`, await log.tile(scope, `${level}/${path}`));
        if (level === 0) write(`tile/entries/${path}`, await log.tile(scope, `entries/${path}`));
      }
    }
    const [key] = keys.verifierKeysOf(`history.example/${scope.tenantId}`);
    write('key', formatVerifierKey(key!));
    return folder;
  }

  const ended = (program: string, ...parameters: string[]): Promise<{ code: number; output: string }> =>
    run(join(programs, program), parameters, { timeout: RUN_TIMEOUT }).then(
      ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
      (error: { code?: number | string; stdout?: string; stderr?: string }) => ({
        code: typeof error.code === 'number' ? error.code : -1,
        output: `${error.stdout ?? ''}${error.stderr ?? ''}`,
      }),
    );
  /** It always ends with 0, and says what it found. */
  const fsck = async (url: string, key: string, ...more: string[]): Promise<boolean> => {
    const parameters = ['-N', '16', '-ui=false', '-storage_url', url, '-public_key', key, ...more];
    const { code, output } = await ended('fsck', ...parameters);
    return code === 0 && output.includes("Successfully fsck'd log") && !output.includes('fsck failed');
  };
  const fsckFiles = (folder: string): Promise<boolean> => fsck(`file://${folder}/`, join(folder, 'key'));
  const sumdb = (folder: string, ...old: string[]) => ended('sumdb', folder, join(folder, 'key'), ...old);

  it('tools that others wrote verify an untouched history, and that it continues an earlier one', async () => {
    const scope: TenantScope = { ...systemOrigin('test'), tenantId: uuidv7(1) };
    await record(scope, 300);
    const before = await mirror(scope);
    await record(scope, 600);
    const after = await mirror(scope);
    expect(await sumdb(after, join(before, 'checkpoint'))).toMatchObject({ code: 0, output: '900 entries verified\n' });
    for (const folder of [before, after]) expect(await fsckFiles(folder)).toBe(true);
  });

  it('tools that others wrote find a changed, a moved and a removed event, and a history that was signed anew', async () => {
    const scope: TenantScope = { ...systemOrigin('test'), tenantId: uuidv7(1) };
    await record(scope, 300);
    const before = await mirror(scope);
    const plain = await openPlainDataSource(test.url);
    const of = `tenantId = '${scope.tenantId}'`;
    const edit = async (...statements: string[]): Promise<void> => {
      for (const statement of statements) await plain.query(`${statement} AND ${of}`);
    };
    const set = (sequence: number, to: number) =>
      `UPDATE audit_events SET sequence = ${to} WHERE sequence = ${sequence}`;
    await edit(set(10, 9_999), set(11, 10), set(9_999, 11));
    const swapped = await mirror(scope);
    await edit(set(10, 9_999), set(11, 10), set(9_999, 11));
    await edit(`UPDATE audit_events SET canonical = REPLACE(canonical, 'key.used', 'key.lost') WHERE sequence = 20`);
    const changed = await mirror(scope);
    for (const folder of [swapped, changed]) {
      expect(await fsckFiles(folder)).toBe(false);
      expect((await sumdb(folder)).code).toBe(2);
    }
    // The newest are gone, and the server signs what is left: only who kept the checkpoint can see it.
    await edit('DELETE FROM audit_events WHERE sequence >= 295');
    await edit(`DELETE FROM history_tiles WHERE 1 = 1`);
    await plain.query(`DELETE FROM history_heads WHERE id = '${scope.tenantId}'`);
    await edit('UPDATE history_sizes SET size = 295, publishedSize = NULL WHERE 1 = 1');
    await checkpoints.publish(scope.tenantId);
    await plain.destroy();
    const shortened = await mirror(scope);
    expect(await sumdb(shortened, join(before, 'checkpoint'))).toMatchObject({ code: 2 });
  });

  it('tools that others wrote verify a history over HTTP, with the token of a session', async () => {
    const server = await startTestServer();
    const tenant = await createTenant(server, 'acme');
    for (const name of ['one', 'two']) await server.post(`${tenant.path}/services`, { name }, tenant.owner);
    await server.server.app.get(Checkpoints).publishDue();
    const origin = `${new URL(server.url).host}/${tenant.id}`;
    const answer = await server.get(`/v1/history/keys?origin=${encodeURIComponent(origin)}`);
    const [key] = answer.body['keys'] as unknown as Shape[];
    const file = join(programs, 'key');
    writeFileSync(file, key!['verifierKey']!);
    const url = `${server.url}${tenant.path}/history/`;
    expect(await fsck(url, file, '-bearer_token', tenant.owner.token!)).toBe(true);
    expect(await fsck(url, file, '-bearer_token', 'another')).toBe(false);
    await server.close();
  });
});
