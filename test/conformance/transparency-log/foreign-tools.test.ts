import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { type CheckpointLog, Checkpoints, Cosignatures, type HistoryLog, type LogKeys } from '#audit';
import { DAY, MINUTE, ManualClock, type TenantScope, defineEvents, platformScope, systemOrigin } from '#core';
import { uuidv7 } from '#crypto';
import type { Database } from '#database';
import {
  EMPTY_ROOT,
  TILE_WIDTH,
  formatCheckpoint,
  formatNote,
  formatTileIndex,
  formatVerifierKey,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  signersOf,
  widthOf,
} from '#transparency-log';

import { type Shape, createTenant, startTestServer } from '../../support/server.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { openSignedHistory } from '../../support/signed-history.js';

/** Minutes to fetch and build; continuous integration sets it. */
const isWanted = process.env['LOG_TOOLS'] === '1' && spawnSync('go', ['version']).status === 0;
const BUILD_TIMEOUT = 600_000;
const RUN_TIMEOUT = 60_000;
const FSCK = 'github.com/transparency-dev/tessera/cmd/fsck@v1.0.4';
const LITEWITNESS = 'filippo.io/torchwood/cmd/litewitness@v0.6.1';
/** Its metadata demand a later Python than it needs. */
const AICS_TLOG = ['--ignore-requires-python', 'aics-tlog==0.2.1', 'cryptography==50.0.2'];
const WITNESS = 'auditor.example/witness';
const WITNESS_SCRIPT = join(import.meta.dirname, '../../../deploy/compose/witness/witness.sh');
const EMPTY_ROOT_TEXT = Buffer.from(EMPTY_ROOT).toString('base64');
const keyEvents = defineEvents('key', { used: '' });
const clock = new ManualClock();
const PLATFORM = platformScope(systemOrigin('test'));
const STARTING = { timeout: 60_000, interval: 50 };
const run = promisify(execFile);
type Witness = ConstructorParameters<typeof Cosignatures>[1]['all'][number];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

let programs: string;
let pythonPackages: string;
let isAicsTlogThere = false;
let test: TestDatabase;
let database: Database;
let checkpoints: Checkpoints;
let log: HistoryLog;
let checkpointLog: CheckpointLog;
let keys: LogKeys;

describe.skipIf(!isWanted)('tools that others wrote', () => {
  beforeAll(async () => {
    programs = mkdtempSync(join(tmpdir(), 'chancery-log-tools-'));
    pythonPackages = join(programs, 'python');
    const environment = { env: { ...process.env, GOBIN: programs }, timeout: BUILD_TIMEOUT };
    for (const program of [FSCK, LITEWITNESS]) await run('go', ['install', program], environment);
    for (const program of ['sumdb', 'torchwood']) {
      const source = join(import.meta.dirname, program);
      await run('go', ['build', '-C', source, '-o', join(programs, program), '.'], environment);
    }
    const install = ['-m', 'pip', 'install', '--quiet', '--target', pythonPackages, ...AICS_TLOG];
    const installed = run('python3', install, { timeout: BUILD_TIMEOUT });
    isAicsTlogThere = await installed.then(
      () => true,
      () => false,
    );
    test = await createMigratedDatabase();
    ({ database, keys, checkpoints, checkpointLog, log } = await openSignedHistory(test.url, clock));
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

  interface PublishedLog {
    readonly origin: string;
    checkpoint(): Promise<string>;
    /** @param path what follows `tile/` */
    tile(path: string): Promise<Buffer>;
  }

  const mirror = (scope: TenantScope): Promise<string> =>
    mirrorOf({
      origin: `history.example/${scope.tenantId}`,
      checkpoint: () => log.checkpoint(scope),
      tile: (path) => log.tile(scope, path),
    });
  const mirrorOfCheckpoints = (): Promise<string> =>
    mirrorOf({
      origin: 'history.example/checkpoints',
      checkpoint: () => checkpointLog.checkpoint(PLATFORM),
      tile: (path) => checkpointLog.tile(PLATFORM, path),
    });

  /** Copies a published log into files, as a tool reads it over HTTP: the checkpoint, each tile and each bundle. */
  async function mirrorOf(published: PublishedLog): Promise<string> {
    const folder = mkdtempSync(join(programs, 'log-'));
    const write = (path: string, content: string | Buffer): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    };
    const note = await published.checkpoint();
    write('checkpoint', note);
    const { size } = parseCheckpoint(parseNote(note).text);
    for (let level = 0; TILE_WIDTH ** level <= size; level += 1) {
      for (let index = 0; widthOf({ level, index }, size) > 0; index += 1) {
        const width = widthOf({ level, index }, size);
        const path = `${formatTileIndex(index)}${width < TILE_WIDTH ? `.p/${width}` : ''}`;
        write(`tile/${level}/${path}`, await published.tile(`${level}/${path}`));
        if (level === 0) write(`tile/entries/${path}`, await published.tile(`entries/${path}`));
      }
    }
    const [key] = keys.verifierKeysOf(published.origin);
    write('key', formatVerifierKey(key!));
    return folder;
  }

  /** A witness with a new key, as the composition for production starts it, which knows the one log. */
  async function startLitewitness(
    origin: string,
    logKey: string,
  ): Promise<Witness & { stop(): void; addKey(key: string): void }> {
    const folder = mkdtempSync(join(programs, 'witness-'));
    const port = await freePort();
    const witness = spawn('sh', [WITNESS_SCRIPT], {
      env: {
        PATH: `${programs}:${process.env['PATH']}`,
        WITNESS_NAME: WITNESS,
        WITNESS_DATA: folder,
        WITNESS_LISTEN: `127.0.0.1:${port}`,
      },
    });
    let said = '';
    witness.stderr.on('data', (text: Buffer) => (said += text.toString()));
    await vi.waitFor(() => expect(said).toMatch(/vkey=.*listening/s), STARTING);
    const write = (statement: string, ...values: (string | number)[]): void => {
      const known = new DatabaseSync(join(folder, 'witness.db'));
      known.prepare(statement).run(...values);
      known.close();
    };
    // What `witnessctl add-log` and `add-key` write.
    write('INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)', origin, EMPTY_ROOT_TEXT);
    const addKey = (key: string): void => write('INSERT INTO key (origin, key) VALUES (?, ?)', origin, key);
    addKey(logKey);
    const [, key] = /vkey="?([^\s"]+)/.exec(said)!;
    return { key: parseVerifierKey(key!), url: `http://127.0.0.1:${port}`, addKey, stop: () => witness.kill('SIGINT') };
  }

  const ended = (program: string, ...parameters: string[]): Promise<{ code: number; output: string }> =>
    run(program === 'python3' ? program : join(programs, program), parameters, {
      timeout: RUN_TIMEOUT,
      env: { ...process.env, PYTHONPATH: pythonPackages },
    }).then(
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
  const aicsTlog = (folder: string, old: string) => {
    const trusted = [
      '--old-checkpoint',
      join(old, 'checkpoint'),
      '--log-key',
      readFileSync(join(folder, 'key'), 'utf8'),
    ];
    return ended('python3', '-m', 'aics_tlog', 'verify-consistency', '--tiles', folder, ...trusted);
  };
  /** The proof of one event of a history, by a policy that trusts the key of its log. */
  const torchwood = async (scope: TenantScope, sequence: number, entry: number, quorum = ['quorum none']) => {
    const folder = mkdtempSync(join(programs, 'proof-'));
    const [logKey] = keys.verifierKeysOf(await log.origin(scope));
    const files = {
      policy: [`log ${formatVerifierKey(logKey!)}`, ...quorum, ''].join('\n'),
      proof: await log.proof(scope, sequence),
      entry: await log.entry(scope, entry),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    return ended('torchwood', ...Object.keys(files).map((name) => join(folder, name)));
  };

  it('tools that others wrote verify an untouched history, and that it continues an earlier one', async () => {
    const scope: TenantScope = { ...systemOrigin('test'), tenantId: uuidv7(1) };
    await record(scope, 300);
    const before = await mirror(scope);
    await record(scope, 600);
    const after = await mirror(scope);
    expect(await sumdb(after, join(before, 'checkpoint'))).toMatchObject({ code: 0, output: '900 entries verified\n' });
    for (const folder of [before, after]) expect(await fsckFiles(folder)).toBe(true);
  });

  it('tools that others wrote verify the log of checkpoints, and find a checkpoint in it that was replaced', async () => {
    const grow = async (histories: number): Promise<string> => {
      for (let left = histories; left > 0; left -= 1) {
        const scope: TenantScope = { ...systemOrigin('test'), tenantId: uuidv7(left) };
        await database.transaction(scope, async (tx) => tx.record(keyEvents.used('key')));
      }
      expect(await checkpoints.publishDue()).toEqual([]);
      return mirrorOfCheckpoints();
    };
    const before = await grow(3);
    // More than one tile.
    const after = await grow(TILE_WIDTH);
    const { output } = await sumdb(after, join(before, 'checkpoint'));
    const [, entries] = /^(\d+) entries verified\n$/.exec(output) ?? [output];
    expect(Number(entries)).toBeGreaterThan(TILE_WIDTH);
    for (const folder of [before, after]) expect(await fsckFiles(folder)).toBe(true);
    const plain = await openPlainDataSource(test.url);
    const replace = (from: string, to: string) =>
      plain.query(`UPDATE history_checkpoints SET note = REPLACE(note, '${from}', '${to}') WHERE sequence = 1`);
    await replace('history.example', 'another.example');
    const altered = await mirrorOfCheckpoints();
    expect([await fsckFiles(altered), (await sumdb(altered)).code]).toEqual([false, 2]);
    await replace('another.example', 'history.example');
    await plain.destroy();
  });

  it('tools that others wrote find each attack on the stored history: by the tiles, or by a checkpoint that was kept', async () => {
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
    const swap = [set(10, 9_999), set(11, 10), set(9_999, 11)];
    const replace = (from: string, to: string) =>
      `UPDATE audit_events SET canonical = REPLACE(canonical, '${from}', '${to}') WHERE sequence = 20`;
    // The tiles stay as they were signed.
    const attacks: Record<string, readonly [attack: readonly string[], repair: readonly string[]]> = {
      'two were swapped': [swap, swap],
      'one was changed': [[replace('key.used', 'key.lost')], [replace('key.lost', 'key.used')]],
    };
    for (const [name, [attack, repair]] of Object.entries(attacks)) {
      await edit(...attack);
      const folder = await mirror(scope);
      expect([name, await fsckFiles(folder), (await sumdb(folder)).code]).toEqual([name, false, 2]);
      await edit(...repair);
    }
    // The server signs the altered history anew: only a person who kept the checkpoint can see it.
    const signAnew = async (size: number): Promise<string> => {
      await edit('DELETE FROM history_tiles WHERE 1 = 1');
      await plain.query(`DELETE FROM history_heads WHERE id = '${scope.tenantId}'`);
      await edit(`UPDATE history_sizes SET size = ${size}, publishedSize = NULL WHERE 1 = 1`);
      await checkpoints.publish(scope.tenantId);
      return mirror(scope);
    };
    const moveDown = Array.from({ length: 249 }, (_, place) => set(51 + place, 50 + place));
    const moveUp = Array.from({ length: 249 }, (_, place) => set(298 - place, 299 - place));
    const [row] = await plain.query<Shape[]>('SELECT * FROM audit_events LIMIT 1');
    const instead: Readonly<Record<string, string>> = { id: "'inserted'", sequence: '50' };
    const copied = Object.keys(row!).map((column) => instead[column] ?? column);
    const copy = `INSERT INTO audit_events SELECT ${copied.join(', ')} FROM audit_events WHERE sequence = 7`;
    const anew: Record<string, readonly [size: number, attack: readonly string[]]> = {
      'one in the middle was deleted': [299, ['DELETE FROM audit_events WHERE sequence = 50', ...moveDown]],
      'one was inserted': [300, [...moveUp, copy]],
      'the newest five were deleted': [295, ['DELETE FROM audit_events WHERE sequence >= 295']],
      'the database is that of yesterday': [120, ['DELETE FROM audit_events WHERE sequence >= 120']],
    };
    for (const [name, [size, attack]] of Object.entries(anew)) {
      await edit(...attack);
      const folder = await signAnew(size);
      expect([name, await fsckFiles(folder), (await sumdb(folder, join(before, 'checkpoint'))).code]).toEqual([
        name,
        true,
        2,
      ]);
    }
    await plain.destroy();
  });

  it('a verifier in Python accepts a history that continues an earlier one, and rejects one that was signed anew', async ({
    skip,
  }) => {
    if (!isAicsTlogThere) skip('aics-tlog could not be installed: there is no Python with pip, or no network');
    const scope: TenantScope = { ...systemOrigin('test'), tenantId: uuidv7(1) };
    await record(scope, 300);
    const before = await mirror(scope);
    await record(scope, 300);
    const { code, output } = await aicsTlog(await mirror(scope), before);
    expect([code, JSON.parse(output)]).toMatchObject([0, { ok: true }]);
    const plain = await openPlainDataSource(test.url);
    const of = `tenantId = '${scope.tenantId}'`;
    await plain.query(`UPDATE audit_events SET leafHash = '${'ab'.repeat(32)}' WHERE sequence = 20 AND ${of}`);
    for (const table of ['history_tiles', 'history_heads']) {
      await plain.query(`DELETE FROM ${table} WHERE ${table === 'history_tiles' ? of : `id = '${scope.tenantId}'`}`);
    }
    await plain.query(`UPDATE history_sizes SET publishedSize = NULL WHERE ${of}`);
    await plain.destroy();
    await checkpoints.publish(scope.tenantId);
    expect((await aicsTlog(await mirror(scope), before)).code).toBe(1);
  });

  it('Torchwood verifies the proof of an event by the key of its log, and rejects another event and another key', async () => {
    const scope: TenantScope = { ...systemOrigin('test'), tenantId: uuidv7(1) };
    await record(scope, 300);
    expect(await torchwood(scope, 41, 41)).toEqual({ code: 0, output: 'the entry is in the log\n' });
    expect(await torchwood(scope, 41, 42)).toMatchObject({
      code: 2,
      output: expect.stringContaining('proof verification failed'),
    });
    const other = formatVerifierKey(keys.verifierKeysOf('another.example/log')[0]!);
    expect((await torchwood(scope, 41, 41, [`log ${other}`, 'quorum none'])).code).toBe(2);
  });

  it('a witness that others wrote cosigns a history that continues, and no fork of it', async () => {
    const scope: TenantScope = { ...systemOrigin('test'), tenantId: uuidv7(1) };
    const origin = `history.example/${scope.tenantId}`;
    const witness = await startLitewitness(origin, formatVerifierKey(keys.verifierKeysOf(origin)[0]!));
    const cosignatures = new Cosignatures(database, { all: [witness] });
    const failures = async (): Promise<unknown[]> =>
      (await cosignatures.requestDue())
        .filter(({ tenantId }) => tenantId === scope.tenantId)
        .map(({ error }) => (error as Error).message);
    const cosigned = async (): Promise<boolean> =>
      signersOf(parseNote(await log.checkpoint(scope)), [witness.key]).length === 1;
    const plain = await openPlainDataSource(test.url);
    const update = (set: string) => plain.query(`UPDATE history_heads SET ${set} WHERE id = '${scope.tenantId}'`);
    try {
      await record(scope, 3);
      expect([await failures(), await cosigned()]).toEqual([[], true]);
      await record(scope, 300);
      expect([await failures(), await cosigned()]).toEqual([[], true]);
      const key = formatVerifierKey(witness.key);
      expect((await torchwood(scope, 41, 41, [`witness own ${key}`, 'quorum own'])).code).toBe(0);
      // It knows the earlier key alone, which signs beside the new one for a year; afterwards it needs the new one.
      await keys.rotate(PLATFORM);
      await record(scope, 1);
      expect([await failures(), await cosigned()]).toEqual([[], true]);
      clock.advance(366 * DAY);
      await record(scope, 1);
      expect([await failures(), await cosigned()]).toEqual([[`${WITNESS} answered 403`], false]);
      witness.addKey(formatVerifierKey(keys.verifierKeysOf(origin)[2]!));
      clock.advance(MINUTE);
      expect([await failures(), await cosigned()]).toEqual([[], true]);
      // It answers 409 and its size, and is asked again from there.
      await record(scope, 1);
      await update('cosignedSizes = NULL');
      expect([await failures(), await cosigned()]).toEqual([[], true]);
      await record(scope, 1);
      const fork = { origin, size: 307, root: Buffer.alloc(32, 1) };
      const text = formatCheckpoint(fork);
      const signatures = await keys.linesOf(origin, text, clock.now(), 1);
      await update(`note = '${formatNote({ text, signatures })}'`);
      expect([await failures(), await cosigned()]).toEqual([[`${WITNESS} answered 422`], false]);
    } finally {
      await plain.destroy();
      witness.stop();
    }
  });

  it('tools that others wrote verify a history, and the log of checkpoints, over HTTP with the token of a session', async () => {
    const server = await startTestServer();
    const tenant = await createTenant(server, 'acme');
    for (const name of ['one', 'two']) await server.post(`${tenant.path}/services`, { name }, tenant.owner);
    await server.server.app.get(Checkpoints).publishDue();
    const { host } = new URL(server.url);
    const logs = [
      [`${host}/${tenant.id}`, `${tenant.path}/history/`, tenant.owner.token!],
      [`${host}/checkpoints`, '/v1/history/', await server.login()],
    ] as const;
    for (const [origin, path, token] of logs) {
      const answer = await server.get(`/v1/history/keys?origin=${encodeURIComponent(origin)}`);
      const [key] = answer.body['keys'] as unknown as Shape[];
      const file = join(programs, 'key');
      writeFileSync(file, key!['verifierKey']!);
      const found = [];
      for (const used of [token, 'another']) found.push(await fsck(server.url + path, file, '-bearer_token', used));
      expect([origin, ...found]).toEqual([origin, true, false]);
    }
    await server.close();
  });
});
