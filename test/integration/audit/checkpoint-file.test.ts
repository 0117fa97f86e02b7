import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it, vi } from 'vitest';

import { CheckpointFile, type Keepers } from '#audit';
import { uuidv7 } from '#crypto';
import {
  type CheckpointSigner,
  SEED_BYTES,
  checkpointSigner,
  formatNote,
  parseNote,
  signNote,
  verifierKey,
} from '#transparency-log';

const folder = mkdtempSync(join(tmpdir(), 'chancery-checkpoint-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const newPath = (): string => join(folder, uuidv7(1));
const signerOf = (origin: string, seed = 0): CheckpointSigner =>
  checkpointSigner(origin, 'ed25519', Buffer.alloc(SEED_BYTES, seed));
/** What an installation knows that has these keys. */
const keepersOf = (...seeds: number[]): Keepers => ({
  identity: seeds.join(' '),
  keysOf: (name) => seeds.map((seed) => verifierKey(name, 'ed25519', signerOf(name, seed).key.publicKey)),
});
const own = keepersOf(0);

const noteOf = (text: string, ...seeds: number[]): string => {
  const [name = ''] = text.split('\n');
  const signers = (seeds.length === 0 ? [0] : seeds).map((seed) => signerOf(name, seed));
  return formatNote({ text, signatures: signers.map((signer) => signNote(text, signer, 0)) });
};
const textOf = (origin: string, size: number): string =>
  `${origin}\n${size}\n${Buffer.alloc(32, size).toString('base64')}\n`;
const checkpointOf = (origin: string, size: number, ...seeds: number[]): string =>
  noteOf(textOf(origin, size), ...seeds);
/** The text of one with the signatures of another: as somebody writes it who has no key. */
const forgedOf = (origin: string, size: number): string =>
  formatNote({ text: textOf(origin, size), signatures: parseNote(checkpointOf(origin, 1)).signatures });
const erasureOf = (month: string, ...seeds: number[]): string =>
  noteOf(`log.example/01890a5d-ac96-774b-bcce-b302099a8057/erased-months\n${month}\n`, ...seeds);
const lineOf = (note: string): string => `${JSON.stringify(note)}\n`;
const opened = async (path: string, keepers = own): Promise<CheckpointFile> => {
  const file = await CheckpointFile.open(path);
  await file.refresh(keepers);
  return file;
};

it('processes that read and write the file of checkpoints at the same time know what each of them has written', async () => {
  const path = newPath();
  const [one, other] = [await opened(path), await opened(path)];
  await other.keep([1, 2, 3].map((size) => checkpointOf('log.example/1', size)));
  await Promise.all([one.refresh(own), one.refresh(own), one.refresh(own)]);
  await other.keep([checkpointOf('log.example/1', 4), erasureOf('2026-01')]);
  await one.refresh(own);
  for (const process of [one, await opened(path)]) {
    expect(process.last('log.example/1')?.note).toBe(checkpointOf('log.example/1', 4));
    expect(process.erasures()).toEqual([erasureOf('2026-01')]);
  }
});

it('a line that another process could not write to its end spoils no line after it', async () => {
  const path = newPath();
  const [one, other] = [await opened(path), await opened(path)];
  await one.keep([checkpointOf('log.example/1', 1)]);
  appendFileSync(path, JSON.stringify(checkpointOf('log.example/1', 2)).slice(0, 30));
  await other.refresh(own);
  await one.keep([erasureOf('2026-01')]);
  await other.refresh(own);
  for (const process of [other, await opened(path)]) {
    expect(process.last('log.example/1')?.note).toBe(checkpointOf('log.example/1', 1));
    expect(process.erasures()).toEqual([erasureOf('2026-01')]);
  }
});

it('what has no line ends is read in parts, and what follows it is understood', async () => {
  const path = newPath();
  writeFileSync(path, Buffer.alloc(9_000_000, '-'));
  const one = await opened(path);
  await one.keep([checkpointOf('log.example/1', 1)]);
  expect((await opened(path)).origins()).toEqual(['log.example/1']);
});

it('the largest checkpoint counts wherever its line is, and where that one is spoiled the largest before it', async () => {
  const path = newPath();
  const sized = (size: number): string => JSON.stringify(checkpointOf('log.example/1', size));
  const spoiled = sized(9).slice(0, 60);
  const another = sized(8).replaceAll(String.raw`\n`, String.raw`\u000a`);
  const lines = [sized(4), sized(7), spoiled, sized(6), '"no note', sized(5), '', '{}'];
  writeFileSync(path, `${lines.join('\n')}\n`);
  expect((await opened(path)).last('log.example/1')?.note).toBe(checkpointOf('log.example/1', 7));
  // As JSON may be written by another program.
  appendFileSync(path, `${another}\n`);
  expect((await opened(path)).last('log.example/1')?.note).toBe(checkpointOf('log.example/1', 8));
});

it('of the lines of one log only the largest is parsed, so that a long file is read quickly', async () => {
  const path = newPath();
  const lines = Array.from({ length: 20_000 }, (_, size) => JSON.stringify(`log.example/1\n${size}\n`));
  lines.push(JSON.stringify(checkpointOf('log.example/1', 20_000)));
  writeFileSync(path, `${lines.join('\n')}\n`);
  const parsing = vi.spyOn(JSON, 'parse');
  const file = await opened(path);
  expect(file.last('log.example/1')?.note).toBe(checkpointOf('log.example/1', 20_000));
  expect(parsing.mock.calls.length).toBeLessThan(10);
  parsing.mockRestore();
});

it('checkpoints that a full disk does not take wait, the last of each log, and are written as soon as there is room', async () => {
  const path = newPath();
  const one = await opened(path);
  await one.keep([checkpointOf('log.example/1', 1)]);
  rmSync(path);
  symlinkSync('/dev/full', path);
  for (const size of [2, 3]) await expect(one.keep([checkpointOf('log.example/1', size)])).rejects.toThrow('ENOSPC');
  await expect(one.keep([erasureOf('2026-01')])).rejects.toThrow('ENOSPC');
  expect([one.isBehind, one.last('log.example/1')?.size]).toEqual([true, 1]);
  rmSync(path);
  await one.keep([]);
  expect(one.isBehind).toBe(false);
  for (const process of [one, await opened(path)]) {
    expect(process.last('log.example/1')?.note).toBe(checkpointOf('log.example/1', 3));
    expect(process.erasures()).toEqual([erasureOf('2026-01')]);
  }
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(3);
});

describe('lines that no key of the installation has signed', () => {
  it('a line with a bad signature takes the place of no signed one, wherever it is and whatever it says, and is reported', async () => {
    const path = newPath();
    const origin = 'log.example/1';
    const [signed, same] = [checkpointOf(origin, 5), forgedOf(origin, 5)];
    const withOne = formatNote({
      text: textOf(origin, 8),
      signatures: [...parseNote(forgedOf(origin, 8)).signatures, ...parseNote(checkpointOf(origin, 8)).signatures],
    });
    writeFileSync(path, [forgedOf(origin, 9), checkpointOf(origin, 4), signed, same, withOne].map(lineOf).join(''));
    const file = await opened(path);
    expect(file.last(origin)).toMatchObject({ size: 5, note: signed });
    // What is smaller than the one that counts is not looked at.
    expect(file.rejected()).toEqual([{ name: origin, reason: 'altered', lines: 3 }]);
    // While the process runs.
    appendFileSync(path, lineOf(forgedOf(origin, 999_999)));
    await file.refresh(own);
    expect(file.last(origin)?.note).toBe(signed);
    await file.keep([checkpointOf(origin, 6)]);
    await file.refresh(own);
    for (const process of [file, await opened(path)]) {
      expect(process.last(origin)?.size).toBe(6);
      expect(process.rejected()).toEqual([expect.objectContaining({ name: origin, reason: 'altered' })]);
    }
  });

  it('a line of an unknown key is ignored and reported by its log, however many there are', async () => {
    const path = newPath();
    const foreign = Array.from({ length: 150 }, (_, place) => checkpointOf(`log.example/${place}`, 9, 7));
    writeFileSync(path, [checkpointOf('log.example/1', 3), ...foreign, erasureOf('2026-01', 7)].map(lineOf).join(''));
    const file = await opened(path);
    expect([file.origins(), file.erasures()]).toEqual([['log.example/1'], []]);
    expect(file.last('log.example/1')?.size).toBe(3);
    const rejected = file.rejected();
    expect(rejected.length).toBe(101);
    expect(rejected.reduce((sum, { lines }) => sum + lines, 0)).toBe(151);
    expect(new Set(rejected.map(({ reason }) => reason))).toEqual(new Set(['unknown']));
  });

  it('what was ignored counts again when its key is known, and a key that is not known any more signs nothing', async () => {
    const path = newPath();
    writeFileSync(
      path,
      [checkpointOf('log.example/1', 2, 0, 1), checkpointOf('log.example/1', 3, 1)].map(lineOf).join(''),
    );
    const file = await opened(path);
    expect(file.last('log.example/1')?.size).toBe(2);
    await file.refresh(keepersOf(0, 1));
    expect([file.last('log.example/1')?.size, file.rejected()]).toEqual([3, []]);
    await file.refresh(own);
    expect(file.last('log.example/1')?.size).toBe(2);
    expect(file.rejected()).toEqual([{ name: 'log.example/1', reason: 'unknown', lines: 1 }]);
  });

  it('lines are found that are further apart than one read, beside lines that are too long', async () => {
    const path = newPath();
    const filler = `${'-'.repeat(1_000)}\n`.repeat(6_000);
    const long = '-'.repeat(5_000_000);
    const parts = [
      lineOf(checkpointOf('log.example/1', 3)),
      filler,
      `${long}\n`,
      lineOf(checkpointOf('log.example/2', 4)),
      filler,
    ];
    writeFileSync(path, parts.join(''));
    const file = await opened(path);
    expect(file.origins().map((origin) => file.last(origin)!.size)).toEqual([4, 3]);
  });
});

it.each<[string, (path: string) => void]>([
  ['taken away', (path) => rmSync(path)],
  ['cut', (path) => truncateSync(path)],
  ['replaced by a longer one', (path) => writeFileSync(path, 'of another process\n'.repeat(1_000))],
])('a process that runs writes again what it knows where the file of checkpoints was %s', async (_, rotate) => {
  const path = newPath();
  const one = await opened(path);
  await one.keep([1, 2].map((size) => checkpointOf('log.example/1', size)));
  await one.keep([checkpointOf('log.example/2', 9), erasureOf('2026-01')]);
  await one.refresh(own);
  rotate(path);
  const other = await opened(path);
  await other.keep([checkpointOf('log.example/2', 10), erasureOf('2026-02')]);
  await one.refresh(own);
  for (const process of [one, await opened(path)]) {
    expect(process.last('log.example/1')?.note).toBe(checkpointOf('log.example/1', 2));
    expect(process.last('log.example/2')?.note).toBe(checkpointOf('log.example/2', 10));
    expect(process.erasures().toSorted()).toEqual([erasureOf('2026-01'), erasureOf('2026-02')]);
  }
  expect(readFileSync(path, 'utf8').match(/"log\.example/g)).toHaveLength(4);
});

it('a file of checkpoints that cannot be written is named together with its setting', async () => {
  const message = `The file ${folder} (CHANCERY_CHECKPOINT_FILE) cannot be used: EISDIR`;
  await expect(CheckpointFile.open(folder)).rejects.toThrow(message);
});
