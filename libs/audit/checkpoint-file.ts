import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

import { type Keepers, type KeptCheckpoint, KeptNotes, type RejectedLines } from './kept-notes.js';

/** What is remembered of signed checkpoints and of erasures outside of the database. */
export interface CheckpointMemory {
  /** Whether it keeps anything. */
  readonly isKept: boolean;
  /** The largest checkpoint of a log that was kept and that the installation has signed. */
  last(origin: string): KeptCheckpoint | undefined;
  /** The logs of which such a checkpoint was kept. */
  origins(): readonly string[];
  /** Signed notes that say which months were erased. */
  erasures(): readonly string[];
  /** What was found beside these and was ignored: no key of the installation has signed it, or it was altered. */
  rejected(): readonly RejectedLines[];
  /**
   * Takes note of what was kept before, and of what other processes have kept since. Until the first time nothing is known.
   * @throws Error where it cannot be read
   */
  refresh(keepers: Keepers): Promise<void>;
  /** Whether something waits that could not be kept. */
  readonly isBehind: boolean;
  /**
   * Keeps signed checkpoints and such notes, and what waits since an attempt before; they are on the disk when this resolves.
   * @throws Error where they cannot be written: they wait
   */
  keep(notes: readonly string[]): Promise<void>;
}

/** For installations that keep no checkpoints outside of the database. */
export const NO_CHECKPOINT_MEMORY: CheckpointMemory = {
  isKept: false,
  last: () => undefined,
  origins: () => [],
  erasures: () => [],
  rejected: () => [],
  refresh: async () => undefined,
  isBehind: false,
  keep: async () => undefined,
};

const FILE_MODE = 0o600;
/** No line is longer: what is has no end, and is no note. */
const BYTES_PER_READ = 4 * 1024 * 1024;
/** The signature of the last line is among so many. */
const TAIL_BYTES = 512;
const LINE_END = '\n'.codePointAt(0)!;
const NO_BYTES = Buffer.alloc(0);

/** So many bytes of a file from a place on; fewer where it ends before. */
async function bytesOf(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** Whether the last line has no end: a crash or a full disk has cut it off. */
async function isCutOff(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  return size > 0 && (await bytesOf(handle, size - 1, 1))[0] !== LINE_END;
}

/**
 * The end of the last complete line since a place. What is cut off may be continued, unless it is longer than any line.
 * @param size that of the file
 */
async function lastLineEnd(handle: FileHandle, since: number, size: number): Promise<number> {
  const begin = Math.max(since, size - BYTES_PER_READ);
  const found = (await bytesOf(handle, begin, size - begin)).lastIndexOf(LINE_END);
  if (found >= 0) return begin + found + 1;
  return begin > since || size - begin === BYTES_PER_READ ? size : since;
}

/** Reads the lines between two places into notes. The last ones first: each log has its largest checkpoint there. */
async function readInto(notes: KeptNotes, handle: FileHandle, since: number, to: number): Promise<void> {
  let rest = NO_BYTES;
  for (let end = to; end > since;) {
    const begin = Math.max(since, end - BYTES_PER_READ);
    const bytes = Buffer.concat([await bytesOf(handle, begin, end - begin), rest]);
    // The line at its beginning may have begun before.
    const first = begin === since ? 0 : bytes.indexOf(LINE_END) + 1 || bytes.length;
    await notes.addLines(bytes.subarray(first));
    rest = first > BYTES_PER_READ ? NO_BYTES : bytes.subarray(0, first);
    end = begin;
  }
}

/**
 * A file to which each signed checkpoint is appended, one note a line as JSON: by it a database that was rolled back is
 * recognised, and months that were erased are erased again. What several processes append to it each of them reads before it
 * signs: the database may have been rolled back below a checkpoint that another process has signed. Where the file was taken
 * away, cut or replaced, the next process to read it writes again what it knows: so it can be rotated.
 */
export class CheckpointFile implements CheckpointMemory {
  readonly isKept = true;
  #known = new KeptNotes();
  /** What could not be written: of each log its largest checkpoint. */
  #waiting = new KeptNotes();
  /** Bytes that were read, up to the end of a line. */
  #read = 0;
  /** The last of them, by which it shows whether the file is the same still. */
  #tail: Buffer = NO_BYTES;
  #done: Promise<void> = Promise.resolve();

  private constructor(private readonly path: string) {}

  /** @throws Error where it can be neither read nor created */
  static async open(path: string): Promise<CheckpointFile> {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = new CheckpointFile(path);
      await (await file.opened()).close();
      return file;
    } catch (error) {
      const why = (error as Error).message;
      throw new Error(`The file ${path} (CHANCERY_CHECKPOINT_FILE) cannot be used: ${why}`, { cause: error });
    }
  }

  last(origin: string): KeptCheckpoint | undefined {
    return this.#known.last.get(origin);
  }

  origins(): readonly string[] {
    return [...this.#known.last.keys()];
  }

  erasures(): readonly string[] {
    return [...this.#known.erasures];
  }

  rejected(): readonly RejectedLines[] {
    return this.#known.rejected;
  }

  get isBehind(): boolean {
    return this.#waiting.beyond(new KeptNotes()).length > 0;
  }

  refresh(keepers: Keepers): Promise<void> {
    return this.afterOthers(() => this.readOn(keepers));
  }

  keep(notes: readonly string[]): Promise<void> {
    return this.afterOthers(() => this.append(notes));
  }

  /** One by one: each continues where the one before has ended. */
  private afterOthers(work: () => Promise<void>): Promise<void> {
    const done = this.#done.then(work);
    this.#done = done.catch(() => undefined);
    return done;
  }

  private async append(news: readonly string[]): Promise<void> {
    for (const note of news) this.#waiting.addSigned(note);
    const notes = [...new Set([...this.#waiting.beyond(new KeptNotes()), ...news])];
    if (notes.length === 0) return;
    await this.write(notes.map((note) => JSON.stringify(note)));
    this.#waiting = new KeptNotes();
    for (const note of notes) this.#known.addSigned(note);
  }

  private async write(lines: readonly string[]): Promise<void> {
    const handle = await this.opened();
    try {
      // One write, so that the lines of several processes do not mix. What follows a line that was cut off begins on a new line.
      await handle.appendFile(`${(await isCutOff(handle)) ? '\n' : ''}${lines.join('\n')}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  /** Created where it is not there; for writing too, so that a missing permission shows at start. */
  private opened(): Promise<FileHandle> {
    return open(this.path, 'a+', FILE_MODE);
  }

  private async readOn(keepers: Keepers): Promise<void> {
    const handle = await this.opened();
    try {
      const { length } = this.#tail;
      const isSame = (await bytesOf(handle, this.#read - length, length)).equals(this.#tail);
      // What another key has signed may have been ignored, and the other way round.
      const isContinued = isSame && keepers.identity === this.#known.keepers?.identity;
      const since = isContinued ? this.#read : 0;
      const { size } = await handle.stat();
      const to = size === since ? since : await lastLineEnd(handle, since, size);
      const found = isContinued ? this.#known : new KeptNotes(keepers);
      // Before the lines: where the file is replaced meanwhile, the next time shows it.
      const tail = await bytesOf(handle, Math.max(0, to - TAIL_BYTES), Math.min(to, TAIL_BYTES));
      await readInto(found, handle, since, to);
      [this.#read, this.#tail] = [to, tail];
      if (isContinued) return;
      const before = new KeptNotes(keepers);
      before.addAll(this.#known);
      const missing = before.beyond(found);
      for (const note of missing) found.addSigned(note);
      this.#known = found;
      await this.append(missing);
    } finally {
      await handle.close();
    }
  }
}
