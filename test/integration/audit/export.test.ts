import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Checkpoints, Cosignatures, type ExportRequest, HistoryExport, HistoryLog, LogKeys } from '#audit';
import { ManualClock, type TenantScope, defineEvents, systemOrigin, toRfc3339 } from '#core';
import { uuidv7 } from '#crypto';
import { Database } from '#database';
import {
  SEED_BYTES,
  checkpointSigner,
  formatNote,
  formatVerifierKey,
  leafHash,
  parseNote,
  signNote,
} from '#transparency-log';

import { historyEvents } from '../../../libs/audit/events.js';
import { run } from '../../../apps/cli/src/program.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { openSignedHistory } from '../../support/signed-history.js';
import { eventReader, historyOf } from '../../support/history.js';

const keyEvents = defineEvents('key', { used: '' });
const folder = mkdtempSync(join(tmpdir(), 'chancery-export-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let clock: ManualClock;
let test: TestDatabase;
let database: Database;
let keys: LogKeys;
let exporting: HistoryExport;
let checkpoints: Checkpoints;
let scope: TenantScope;
beforeEach(async () => {
  clock = new ManualClock();
  test = await createMigratedDatabase();
  ({ database, keys, checkpoints } = await openSignedHistory(test.url, clock));
  exporting = new HistoryExport(database, checkpoints, eventReader, new Cosignatures(database, { all: [] }));
  scope = { ...systemOrigin('test'), tenantId: uuidv7(1) };
});
afterEach(async () => {
  await database.close();
  await test.drop();
});

const record = (count: number): Promise<void> =>
  database.transaction(scope, async (tx) => {
    for (let left = count; left > 0; left -= 1) tx.record(keyEvents.used('key', { details: { text: 'a\u2028b "c"' } }));
  });

/** Of an event, but for what makes it another one. */
const COLUMNS =
  'tenantId, occurredAt, actorType, actorId, actorName, sourceAddress, action, targetType, targetId, outcome, requestId, tokenId, kid, credentialId, leafHash';

const file = (content: string): string => {
  const path = join(folder, uuidv7(1));
  writeFileSync(path, content);
  return path;
};

async function exported(request: Partial<ExportRequest> = {}): Promise<string> {
  const { content } = await exporting.begin(scope, { format: 'ndjson', ...request });
  let text = '';
  for await (const piece of content) text += piece;
  return text;
}

/** A checkpoint in a file, as an auditor keeps one. */
const kept = async (): Promise<string> => {
  await checkpoints.publish(scope.tenantId);
  return file(await new HistoryLog(database).checkpoint(scope));
};

const originKeys = (): string[] => keys.verifierKeysOf(`history.example/${scope.tenantId}`).map(formatVerifierKey);

/** `chancery audit verify`, as an auditor runs it. */
async function verify(path: string, ...more: string[]): Promise<{ code: number; output: string }> {
  let output = '';
  const write = (text: string): void => void (output += text);
  const [key] = originKeys();
  const parameters = ['audit', 'verify', '--export', path, '--key', key!, ...more];
  const code = await run(parameters, { environment: {}, write, fail: write });
  return { code, output };
}

/** Changes rows as somebody does who has the database and not the server. */
async function edit(...statements: string[]): Promise<void> {
  const plain: DataSource = await openPlainDataSource(test.url);
  for (const statement of statements) await plain.query(statement);
  await plain.destroy();
}

describe('an export', () => {
  it('an export of an untouched history verifies, with and without a checkpoint that was kept', async () => {
    await record(300);
    const old = await kept();
    await record(300);
    const path = file(await exported());
    expect(await verify(path)).toMatchObject({ code: 0, output: expect.stringContaining('600 events are in') });
    expect(await verify(path, '--since', old)).toMatchObject({ code: 0, output: expect.stringContaining('continue') });
    const header = JSON.parse(readFileSync(path, 'utf8').split('\n')[0]!) as { checkpoint: string };
    expect(await verify(path, '--checkpoint', file(header.checkpoint))).toMatchObject({ code: 0 });
    for (const key of originKeys()) {
      expect(await verify(path, '--key', key)).toMatchObject({ code: 0 });
    }
  });

  it('an export is an event of its own, which the next export has', async () => {
    await record(2);
    await exported({ format: 'csv', from: 0 });
    const { items } = await historyOf(database).list(scope, { action: 'history.exported' }, {});
    expect(items).toMatchObject([{ sequence: 2, details: { format: 'csv', first: 0, count: 2, from: toRfc3339(0) } }]);
    expect((await exported()).trimEnd().split('\n')).toHaveLength(1 + 3);
  });

  it('an export of a period has what happened in it, and verifies alone', async () => {
    const start = clock.now();
    for (let hour = 0; hour < 6; hour += 1) {
      await record(50);
      clock.advance(3_600_000);
    }
    const text = await exported({ from: start + 3_600_000, to: start + 3 * 3_600_000 });
    const sequences = [...text.matchAll(/^\{"sequence":(\d+)/gm)].map(([, sequence]) => Number(sequence));
    expect(sequences).toEqual(Array.from({ length: 100 }, (_, index) => 50 + index));
    expect(await verify(file(text))).toMatchObject({ code: 0, output: expect.stringContaining('100 events are in') });
    const none = await exported({ from: start + 100 * 3_600_000 });
    expect(await verify(file(none))).toMatchObject({ code: 0, output: expect.stringContaining('0 events are in') });
  });

  it('an export continues after an event, and the parts verify one by one', async () => {
    await record(400);
    const whole = await exported();
    const first = whole
      .split('\n')
      .slice(0, 1 + 200)
      .join('\n');
    const rest = await exported({ after: 199 });
    expect(await verify(file(rest))).toMatchObject({ code: 0 });
    expect(await verify(file(first))).toMatchObject({
      code: 2,
      output: expect.stringContaining('event 200 is missing'),
    });
  });

  it('an export has the personal fields, which verify, and says of how many events they are erased', async () => {
    scope = { ...scope, actor: { type: 'user', id: 'ann', name: 'ann@example.com' }, sourceAddress: '192.0.2.1' };
    await record(3);
    const text = await exported();
    expect(text).toContain('"values":["ann@example.com","192.0.2.1"]');
    expect(await verify(file(text))).toMatchObject({ code: 0, output: expect.not.stringContaining('erased') });
    expect(await verify(file(text.replace('ann@example.com', 'bob@example.com')))).toMatchObject({
      code: 2,
      output: expect.stringContaining('line 2: the personal fields of event 0 are not those that were signed'),
    });
    await edit(`UPDATE audit_events SET personal = NULL WHERE sequence < 2 AND tenantId = '${scope.tenantId}'`);
    const rest = await exported();
    expect(rest.split('ann@example.com')).toHaveLength(1 + 2);
    expect(await verify(file(rest))).toMatchObject({
      code: 2,
      output: expect.stringMatching(
        /The personal fields of 2 of them are erased: those of 2026-01[^]*WARNING.* 2026-01 /,
      ),
    });
    // Only a part: the event may be in another one.
    expect(await verify(file(await exported({ after: 0 })))).toMatchObject({
      code: 0,
      output: expect.stringMatching(/of 1 of them are erased: those of 2026-01[^]*Export the whole history/),
    });
    const csv = (await exported({ format: 'csv' })).split('\r\n');
    expect(csv[1]).toMatch(/"altered"$/);
    await database.transaction(scope, async (tx) =>
      tx.record(historyEvents.month_erased(scope.tenantId, { details: { month: '2026-01' } })),
    );
    const explained = await verify(file(await exported()));
    expect(explained).toMatchObject({ code: 0, output: expect.not.stringContaining('WARNING') });
    expect(csv[3]).toMatch(/"ann@example\.com"[^]*""$/);
  });

  it('an export as CSV has no cell that a spreadsheet takes for a formula', async () => {
    const attacker: TenantScope = {
      ...scope,
      actor: { type: 'user', id: '=1+1', name: '=HYPERLINK("http://evil.example")' },
      requestId: '@request',
    };
    await database.transaction(attacker, async (tx) =>
      tx.record(keyEvents.used('-2+3', { kid: '+4', tokenId: '\tx' })),
    );
    const [head, line] = (await exported({ format: 'csv' })).split('\r\n');
    expect(head).toContain('"sequence","id","occurredAt","action"');
    for (const cell of [
      `"'=1+1"`,
      `"'=HYPERLINK(""http://evil.example"")"`,
      `"'@request"`,
      `"'-2+3"`,
      `"'+4"`,
      `"'\tx"`,
    ]) {
      expect(line).toContain(cell);
    }
  });
});

describe('a history that was changed in the database', () => {
  const SIZE = 600;
  let old: string;
  beforeEach(async () => {
    await record(SIZE - 100);
    old = await kept();
    await record(100);
    await checkpoints.publish(scope.tenantId);
  });

  const body = (sequence: number): string =>
    `UPDATE audit_events SET canonical = REPLACE(canonical, 'key.used', 'key.lost') WHERE sequence = ${sequence}`;

  it.each<[string, string[], RegExp]>([
    ['a body', [body(320)], /line 322: event 320 is not what was signed/],
    [
      'a body and its leaf hash',
      [body(320), `UPDATE audit_events SET leafHash = '${'ab'.repeat(32)}' WHERE sequence = 320`],
      /line 322: event 320 is not what was signed/,
    ],
    [
      'the newest five away',
      [`DELETE FROM audit_events WHERE sequence >= ${SIZE - 5}`],
      /event 595 is missing, and 5 in all/,
    ],
    [
      'one in the middle away',
      ['DELETE FROM audit_events WHERE sequence = 77'],
      /line 79: event 77 is expected here and 78/,
    ],
    [
      'two in their order',
      [10, 11, 10].map((sequence, step) => {
        const to = step === 0 ? 9_999 : step === 1 ? 10 : 11;
        return `UPDATE audit_events SET sequence = ${to} WHERE sequence = ${step === 2 ? 9_999 : sequence}`;
      }),
      /line 12: event 10 is not what was signed/,
    ],
    [
      'one into the middle',
      [
        'UPDATE audit_events SET sequence = sequence + 10000 WHERE sequence >= 100',
        `INSERT INTO audit_events (${COLUMNS}, id, sequence, canonical)
         SELECT ${COLUMNS}, 'inserted', 100, REPLACE(canonical, 'key.used', 'key.lost') FROM audit_events WHERE sequence = 99`,
        'UPDATE audit_events SET sequence = sequence - 9999 WHERE sequence >= 10100',
        'UPDATE history_sizes SET size = size + 1',
      ],
      /line 102: event 100 is not what was signed/,
    ],
  ])('a history that was changed in the database is found: somebody put %s', async (_name, statements, finding) => {
    await edit(...statements);
    const found = await verify(file(await exported().catch(() => '')), '--since', old);
    expect(found.code).toBe(2);
    expect(found.output).toMatch(finding);
  });

  it('a history that was changed in the database and signed anew is found by the checkpoint that was kept', async () => {
    // All that is derived is gone, and the server derives it again from what is there now.
    await edit(
      body(320),
      'DELETE FROM history_tiles',
      'DELETE FROM history_heads',
      'UPDATE history_sizes SET publishedSize = NULL',
    );
    await rehash();
    const path = file(await exported());
    expect(await verify(path)).toMatchObject({ code: 0 });
    const found = await verify(path, '--since', old);
    expect(found).toMatchObject({
      code: 2,
      output: expect.stringContaining(`the first ${SIZE - 100} events are not those`),
    });
  });

  it('a history that was rolled back with its whole database is found by the checkpoint that was kept', async () => {
    await edit(
      'DELETE FROM audit_events WHERE sequence >= 300',
      'DELETE FROM history_tiles',
      'DELETE FROM history_heads',
      'UPDATE history_sizes SET size = 300, publishedSize = NULL',
    );
    const found = await verify(file(await exported()), '--since', old);
    expect(found).toMatchObject({
      code: 2,
      output: expect.stringContaining('this history only 300: some were removed'),
    });
  });

  /** Computes the leaf hashes of the rows anew. */
  async function rehash(): Promise<void> {
    const plain = await openPlainDataSource(test.url);
    const rows = await plain.query<{ id: string; canonical: string }[]>(
      'SELECT id, canonical FROM audit_events WHERE sequence = 320',
    );
    for (const { id, canonical } of rows) {
      const hash = leafHash(Buffer.from(canonical)).toString('hex');
      await plain.query('UPDATE audit_events SET leafHash = ? WHERE id = ?', [hash, id]);
    }
    await plain.destroy();
  }
});

describe('an auditor', () => {
  it('an auditor sees a checkpoint that a stranger signed, a fork, and a witness who is missing', async () => {
    await record(10);
    const path = file(await exported());
    const header = JSON.parse(readFileSync(path, 'utf8').split('\n')[0]!) as { checkpoint: string; origin: string };
    const stranger = checkpointSigner(header.origin, 'ed25519', randomBytes(SEED_BYTES));
    const { text } = parseNote(header.checkpoint);
    const forged = formatNote({ text, signatures: [signNote(text, stranger, 0)] });
    expect(await verify(path, '--checkpoint', file(forged))).toMatchObject({
      code: 2,
      output: expect.stringContaining('signed'),
    });
    const other = text.replace(/\n[^\n]+\n$/, `\n${Buffer.alloc(32, 7).toString('base64')}\n`);
    const [own] = keys.verifierKeysOf(header.origin);
    const fork = formatNote({ text: other, signatures: await keys.linesOf(header.origin, other, database.now(), 0) });
    expect(await verify(path, '--checkpoint', file(fork))).toMatchObject({
      code: 2,
      output: expect.stringContaining('a fork'),
    });
    const witness = checkpointSigner('witness.example/w1', 'ed25519Cosignature', randomBytes(SEED_BYTES));
    const missing = await verify(path, '--witness', formatVerifierKey(witness.key));
    expect(missing).toMatchObject({ code: 2, output: expect.stringContaining('has not cosigned') });
    const note = parseNote(header.checkpoint);
    const cosigned = formatNote({ text, signatures: [...note.signatures, signNote(text, witness, 1)] });
    const witnessed = await verify(path, '--checkpoint', file(cosigned), '--witness', formatVerifierKey(witness.key));
    expect(witnessed).toMatchObject({ code: 0 });
    const policy = file(`log ${formatVerifierKey(own!)}\nwitness one ${formatVerifierKey(witness.key)}\nquorum one\n`);
    expect(await verify(path, '--checkpoint', file(cosigned), '--policy', policy)).toMatchObject({ code: 0 });
    expect(await verify(path, '--policy', policy)).toMatchObject({
      code: 2,
      output: expect.stringContaining('too few witnesses'),
    });
    expect(await verify(path, '--policy', file('quorum one\n'))).toMatchObject({
      code: 1,
      output: expect.stringContaining('--policy'),
    });
  });

  it.each([
    ['nothing', ''],
    ['something else', 'hello\n'],
    ['a header that is incomplete', '{"format":"chancery-history-export@v1"}\n'],
    ['an event without a header', '{"sequence":0,"leafHash":"","event":{}}\n'],
  ])('an auditor who verifies %s is told what is wrong', async (_name, content) => {
    expect(await verify(file(content))).toMatchObject({ code: 2, output: expect.stringContaining('DIFFERENT') });
  });

  it('an auditor who gives a key that is none is told so, and nothing is verified', async () => {
    const path = file('');
    expect(await verify(path, '--witness', 'nonsense')).toMatchObject({
      code: 1,
      output: expect.stringContaining('--witness'),
    });
  });
});
