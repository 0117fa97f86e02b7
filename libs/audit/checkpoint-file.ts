import { type FileHandle, mkdir, open } from 'node:fs/promises';
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

const FILE_MODE = 0o600;
/** No line is longer: what is has no end, and is no note. */
const BYTES_PER_READ = 4 * 1024 * 1024;
/** The signature of the last line is among so many. */
const TAIL_BYTES = 512;
/** The name and the size of a checkpoint are among so many characters of its line. */
const BEGINNING = 400;
const LINE_END = '\n'.codePointAt(0)!;

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
 * Name and size of the checkpoint that a line seems to hold, by its beginning. Whatever is written in another way than
 * `keep` writes it is `undefined`: that line is parsed as a whole.
 */
function sizedIn(line: string): { origin: string; size: number } | undefined {
  const found = /^"([^"\\]+)\\n(\d{1,15})\\n/.exec(line);
  return found ? { origin: found[1]!, size: Number(found[2]) } : undefined;
}

/** What the lines of a file say. */
class Notes {
  readonly last = new Map<string, { readonly size: number; readonly note: string }>();
  readonly erasures = new Set<string>();

  /**
   * Reads lines. Each log has one for every second in which it grew, of which the largest is wanted: only that one is parsed.
   * @param bytes lines up to the end of the last one
   */
  addLines(bytes: Buffer): void {
    // A character for each byte, so that places are the same in both.
    const text = bytes.toString('latin1');
    // From the end: the last line of a log is the largest one, unless it was cut off or altered, and the others are smaller.
    for (let end = text.length; end > 0;) {
      const begin = text.lastIndexOf('\n', end - 1) + 1;
      const found = sizedIn(text.slice(begin, Math.min(end, begin + BEGINNING)));
      if (!found || found.size > (this.last.get(found.origin)?.size ?? -1))
        this.add(bytes.toString('utf8', begin, end));
      end = begin - 1;
    }
  }

  /** A line that was cut off says nothing. */
  add(line: string): void {
    try {
      const note = JSON.parse(line) as string;
      const { text } = parseNote(note);
      if (parseErasure(text)) {
        this.erasures.add(note);
        return;
      }
      const { origin, size } = parseCheckpoint(text);
      if (size > (this.last.get(origin)?.size ?? -1)) this.last.set(origin, { size, note });
    } catch (error) {
      if (!(error instanceof Malformed || error instanceof SyntaxError || error instanceof TypeError)) throw error;
    }
  }

  /** What others lack of these. */
  beyond(others: Notes): string[] {
    const later = [...this.last].filter(([origin, { size }]) => size > (others.last.get(origin)?.size ?? -1));
    return [...later.map(([, { note }]) => note), ...[...this.erasures].filter((note) => !others.erasures.has(note))];
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
  readonly #known = new Notes();
  /** Bytes that were read, up to the end of a line. */
  #read = 0;
  /** The last of them, by which it shows whether the file is the same still. */
  #tail: Buffer = Buffer.alloc(0);
  #refreshed: Promise<void> = Promise.resolve();

  private constructor(private readonly path: string) {}

  /** @throws Error where it can be neither read nor created */
  static async open(path: string): Promise<CheckpointFile> {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = new CheckpointFile(path);
      await file.refresh();
      return file;
    } catch (error) {
      const why = (error as Error).message;
      throw new Error(`The file ${path} (CHANCERY_CHECKPOINT_FILE) cannot be used: ${why}`, { cause: error });
    }
  }

  last(origin: string): string | undefined {
    return this.#known.last.get(origin)?.note;
  }

  origins(): readonly string[] {
    return [...this.#known.last.keys()];
  }

  erasures(): readonly string[] {
    return [...this.#known.erasures];
  }

  /** One by one: each continues where the one before has ended. */
  refresh(): Promise<void> {
    const refreshed = this.#refreshed.then(() => this.readOn());
    this.#refreshed = refreshed.catch(() => undefined);
    return refreshed;
  }

  async keep(notes: readonly string[]): Promise<void> {
    if (notes.length === 0) return;
    const lines = notes.map((note) => JSON.stringify(note));
    const handle = await this.opened();
    try {
      // One write, so that the lines of several processes do not mix. What follows a line that was cut off begins on a new line.
      await handle.appendFile(`${(await isCutOff(handle)) ? '\n' : ''}${lines.join('\n')}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    for (const line of lines) this.#known.add(line);
  }

  /** Created where it is not there; for writing too, so that a missing permission shows at start. */
  private opened(): Promise<FileHandle> {
    return open(this.path, 'a+', FILE_MODE);
  }

  private async readOn(): Promise<void> {
    const handle = await this.opened();
    const found = [this.#known];
    try {
      const { length } = this.#tail;
      if (!(await bytesOf(handle, this.#read - length, length)).equals(this.#tail)) {
        [this.#read, this.#tail] = [0, Buffer.alloc(0)];
        found.push(new Notes());
      }
      await this.readInto(found, handle);
    } finally {
      await handle.close();
    }
    await this.keep(found.flatMap((notes) => this.#known.beyond(notes)));
  }

  /** Reads the lines that were appended since. */
  private async readInto(found: readonly Notes[], handle: FileHandle): Promise<void> {
    for (;;) {
      const { size } = await handle.stat();
      const chunk = await bytesOf(handle, this.#read, Math.min(BYTES_PER_READ, Math.max(0, size - this.#read)));
      const end = chunk.lastIndexOf(LINE_END) + 1 || (chunk.length === BYTES_PER_READ ? chunk.length : 0);
      if (end === 0) return;
      const lines = chunk.subarray(0, end);
      for (const notes of found) notes.addLines(lines);
      this.#read += end;
      this.#tail = Buffer.from(lines.subarray(-TAIL_BYTES));
    }
  }
}
