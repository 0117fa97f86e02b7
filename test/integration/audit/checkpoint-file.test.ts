import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it, vi } from 'vitest';

import { CheckpointFile } from '#audit';
import { uuidv7 } from '#crypto';
import { SEED_BYTES, checkpointSigner, formatNote, signNote } from '#transparency-log';

const folder = mkdtempSync(join(tmpdir(), 'chancery-checkpoint-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const newPath = (): string => join(folder, uuidv7(1));
const signer = checkpointSigner('log.example', 'ed25519', Buffer.alloc(SEED_BYTES));
const noteOf = (text: string): string => formatNote({ text, signatures: [signNote(text, signer, 0)] });
const checkpointOf = (origin: string, size: number): string =>
  noteOf(`${origin}\n${size}\n${Buffer.alloc(32, size).toString('base64')}\n`);
const erasureOf = (month: string): string =>
  noteOf(`log.example/01890a5d-ac96-774b-bcce-b302099a8057/erased-months\n${month}\n`);

it('processes that read and write the file of checkpoints at the same time know what each of them has written', async () => {
  const path = newPath();
  const [one, other] = [await CheckpointFile.open(path), await CheckpointFile.open(path)];
  await other.keep([1, 2, 3].map((size) => checkpointOf('log.example/1', size)));
  await Promise.all([one.refresh(), one.refresh(), one.refresh()]);
  await other.keep([checkpointOf('log.example/1', 4), erasureOf('2026-01')]);
  await one.refresh();
  for (const process of [one, await CheckpointFile.open(path)]) {
    expect(process.last('log.example/1')).toBe(checkpointOf('log.example/1', 4));
    expect(process.erasures()).toEqual([erasureOf('2026-01')]);
  }
});

it('a line that another process could not write to its end spoils no line after it', async () => {
  const path = newPath();
  const [one, other] = [await CheckpointFile.open(path), await CheckpointFile.open(path)];
  await one.keep([checkpointOf('log.example/1', 1)]);
  appendFileSync(path, JSON.stringify(checkpointOf('log.example/1', 2)).slice(0, 30));
  await other.refresh();
  await one.keep([erasureOf('2026-01')]);
  await other.refresh();
  for (const process of [other, await CheckpointFile.open(path)]) {
    expect(process.last('log.example/1')).toBe(checkpointOf('log.example/1', 1));
    expect(process.erasures()).toEqual([erasureOf('2026-01')]);
  }
});

it('what has no line ends is read in parts, and what follows it is understood', async () => {
  const path = newPath();
  writeFileSync(path, Buffer.alloc(9_000_000, '-'));
  const one = await CheckpointFile.open(path);
  await one.keep([checkpointOf('log.example/1', 1)]);
  expect((await CheckpointFile.open(path)).origins()).toEqual(['log.example/1']);
});

it('the largest checkpoint counts wherever its line is, and where that one is spoiled the largest before it', async () => {
  const path = newPath();
  const lineOf = (size: number): string => JSON.stringify(checkpointOf('log.example/1', size));
  const spoiled = lineOf(9).slice(0, 60);
  const another = lineOf(8).replaceAll(String.raw`\n`, String.raw`\u000a`);
  const lines = [lineOf(4), lineOf(7), spoiled, lineOf(6), '"no note', lineOf(5), '', '{}'];
  writeFileSync(path, `${lines.join('\n')}\n`);
  expect((await CheckpointFile.open(path)).last('log.example/1')).toBe(checkpointOf('log.example/1', 7));
  // As JSON may be written by another program.
  appendFileSync(path, `${another}\n`);
  expect((await CheckpointFile.open(path)).last('log.example/1')).toBe(checkpointOf('log.example/1', 8));
});

it('of the lines of one log only the largest is parsed, so that a long file is read quickly', async () => {
  const path = newPath();
  const lines = Array.from({ length: 20_000 }, (_, size) => JSON.stringify(`log.example/1\n${size}\n`));
  lines.push(JSON.stringify(checkpointOf('log.example/1', 20_000)));
  writeFileSync(path, `${lines.join('\n')}\n`);
  const parsing = vi.spyOn(JSON, 'parse');
  const file = await CheckpointFile.open(path);
  expect(file.last('log.example/1')).toBe(checkpointOf('log.example/1', 20_000));
  expect(parsing.mock.calls.length).toBeLessThan(10);
  parsing.mockRestore();
});

it.each<[string, (path: string) => void]>([
  ['taken away', (path) => rmSync(path)],
  ['cut', (path) => truncateSync(path)],
  ['replaced by a longer one', (path) => writeFileSync(path, 'of another process\n'.repeat(1_000))],
])('a process that runs writes again what it knows where the file of checkpoints was %s', async (_, rotate) => {
  const path = newPath();
  const one = await CheckpointFile.open(path);
  await one.keep([1, 2].map((size) => checkpointOf('log.example/1', size)));
  await one.keep([checkpointOf('log.example/2', 9), erasureOf('2026-01')]);
  await one.refresh();
  rotate(path);
  const other = await CheckpointFile.open(path);
  await other.keep([checkpointOf('log.example/2', 10), erasureOf('2026-02')]);
  await one.refresh();
  for (const process of [one, await CheckpointFile.open(path)]) {
    expect(process.last('log.example/1')).toBe(checkpointOf('log.example/1', 2));
    expect(process.last('log.example/2')).toBe(checkpointOf('log.example/2', 10));
    expect(process.erasures().toSorted()).toEqual([erasureOf('2026-01'), erasureOf('2026-02')]);
  }
  expect(readFileSync(path, 'utf8').match(/"log\.example/g)).toHaveLength(4);
});

it('a file of checkpoints that cannot be written is named together with its setting', async () => {
  const message = `The file ${folder} (CHANCERY_CHECKPOINT_FILE) cannot be used: EISDIR`;
  await expect(CheckpointFile.open(folder)).rejects.toThrow(message);
});
