import { createReadStream } from 'node:fs';
import { appendFile, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

import { Malformed, parseCheckpoint, parseNote } from '#transparency-log';

import { parseErasure } from './erased-month.js';

/** What is remembered of signed checkpoints and of erasures outside of the database. */
export interface CheckpointMemory {
  /** Whether it keeps anything. */
  readonly isKept: boolean;
  /** The largest checkpoint of a log that was kept: a signed note. */
  last(origin: string): string | undefined;
  /** The logs of which a checkpoint was kept. */
  origins(): readonly string[];
  /** Signed notes that say which months were erased. */
  erasures(): readonly string[];
  /** Takes note of what other processes have kept since. @throws Error where it cannot be read */
  refresh(): Promise<void>;
  /** Keeps signed checkpoints and such notes; they are on the disk when this resolves. */
  keep(notes: readonly string[]): Promise<void>;
}

/** For installations that keep no checkpoints outside of the database. */
export const NO_CHECKPOINT_MEMORY: CheckpointMemory = {
  isKept: false,
  last: () => undefined,
  origins: () => [],
  erasures: () => [],
  refresh: async () => undefined,
  keep: async () => undefined,
};

async function isCutOff(path: string): Promise<boolean> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    return size > 0 && (await handle.read(Buffer.alloc(1), 0, 1, size - 1)).buffer.toString() !== '\n';
  } finally {
    await handle.close();
  }
}

const FILE_MODE = 0o600;

/**
 * A file to which each signed checkpoint is appended, one note a line as JSON: by it a database that was rolled back is
 * recognised, and months that were erased are erased again. What several processes append to it each of them reads before it
 * signs: the database may have been rolled back below a checkpoint that another process has signed.
 */
export class CheckpointFile implements CheckpointMemory {
  readonly isKept = true;
  readonly #last = new Map<string, { readonly size: number; readonly note: string }>();
  readonly #erasures = new Set<string>();
  /** Bytes that were read, up to the end of a line. */
  #read = 0;

  private constructor(private readonly path: string) {}

  /** @throws Error where it can be neither read nor created */
  static async open(path: string): Promise<CheckpointFile> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = new CheckpointFile(path);
    // Created here, so that a missing permission shows at start.
    await (await open(path, 'a', FILE_MODE)).close();
    await file.refresh();
    // What follows a line that a crash has cut off begins on a new line.
    if (await isCutOff(path)) await appendFile(path, '\n');
    return file;
  }

  last(origin: string): string | undefined {
    return this.#last.get(origin)?.note;
  }

  origins(): readonly string[] {
    return [...this.#last.keys()];
  }

  erasures(): readonly string[] {
    return [...this.#erasures];
  }

  async refresh(): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of createReadStream(this.path, { start: this.#read }) as AsyncIterable<Buffer>) {
      rest = Buffer.concat([rest, chunk]);
      const end = rest.lastIndexOf('\n') + 1;
      for (const line of rest.toString('utf8', 0, end).split('\n')) this.remember(line);
      this.#read += end;
      rest = rest.subarray(end);
    }
  }

  async keep(notes: readonly string[]): Promise<void> {
    if (notes.length === 0) return;
    const lines = notes.map((note) => JSON.stringify(note));
    const handle = await open(this.path, 'a', FILE_MODE);
    try {
      // One write, so that the lines of several processes do not mix.
      await handle.appendFile(`${lines.join('\n')}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    for (const line of lines) this.remember(line);
  }

  /** A line that a crash has cut off says nothing. */
  private remember(line: string): void {
    try {
      const note = JSON.parse(line) as string;
      const { text } = parseNote(note);
      if (parseErasure(text)) {
        this.#erasures.add(note);
        return;
      }
      const { origin, size } = parseCheckpoint(text);
      if (size > (this.#last.get(origin)?.size ?? -1)) this.#last.set(origin, { size, note });
    } catch (error) {
      if (!(error instanceof Malformed || error instanceof SyntaxError || error instanceof TypeError)) throw error;
    }
  }
}
