import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

import { type Checkpoint, Malformed, type VerifierKey, parseCheckpoint, parseNote, signersOf } from '#transparency-log';

import { parseErasure } from './erased-month.js';

/** The keys by which the installation recognises what it kept outside of the database. */
export interface Keepers {
  /** Differs where a key does. */
  readonly identity: string;
  /** Those of a name. @throws Malformed for a name that none can have */
  readonly keysOf: (name: string) => readonly VerifierKey[];
}

/** A checkpoint that was kept, and that the installation has signed. */
export interface KeptCheckpoint extends Checkpoint {
  readonly note: string;
}

/**
 * Why a line is ignored: a signature of one of the keys does not verify, or none of the keys signed it, as where another
 * installation has used the file or the keys were lost.
 */
export type KeptRejection = 'altered' | 'unknown';

/** Lines of one log, or of the erasures of one history, that were ignored. */
export interface RejectedLines {
  readonly name: string;
  readonly reason: KeptRejection;
  readonly lines: number;
}

/** The name and the size of a checkpoint are among so many characters of its line. */
const BEGINNING = 400;
/** Each takes a tenth of a millisecond: requests are answered meanwhile. */
const VERIFIED_TOGETHER = 50;
/** A program that appends lines can name any number of logs; the lines of all others are counted together. */
const REJECTED_NAMES_MAX = 100;
export const OTHER_NAMES = 'others';

/**
 * Name and size of the checkpoint that a line seems to hold, by its beginning. Whatever is written in another way than
 * the file is written is `undefined`: that line is parsed as a whole.
 */
function sizedIn(line: string): { origin: string; size: number } | undefined {
  const found = /^"([^"\\]+)\\n(\d{1,15})\\n/.exec(line);
  return found ? { origin: found[1]!, size: Number(found[2]) } : undefined;
}

/**
 * What lines say that are kept outside of the database. A program that can append a line can append any. What none of the keys
 * has signed takes the place of nothing that one of them has.
 */
export class KeptNotes {
  readonly last = new Map<string, KeptCheckpoint>();
  readonly erasures = new Set<string>();
  readonly #rejected = new Map<string, RejectedLines>();

  /** @param keepers by which lines are verified; `undefined` as long as none is known: then none is read */
  constructor(readonly keepers?: Keepers) {}

  get rejected(): readonly RejectedLines[] {
    return [...this.#rejected.values()];
  }

  /**
   * Reads lines. Each log has one for every second in which it grew, of which the largest that is signed is wanted: smaller
   * ones are not even parsed.
   * @param bytes lines up to the end of the last one
   */
  async addLines(bytes: Buffer): Promise<void> {
    // A character for each byte, so that places are the same in both.
    const text = bytes.toString('latin1');
    let verified = 0;
    // From the end: the last line of a log is the largest one, unless it was cut off or altered, and the others are smaller.
    for (let end = text.length; end > 0;) {
      const begin = text.lastIndexOf('\n', end - 1) + 1;
      const found = sizedIn(text.slice(begin, Math.min(end, begin + BEGINNING)));
      if (!found || found.size > (this.last.get(found.origin)?.size ?? -1)) {
        this.addLine(bytes.toString('utf8', begin, end));
        verified += 1;
        if (verified % VERIFIED_TOGETHER === 0) await yieldToEventLoop();
      }
      end = begin - 1;
    }
  }

  /** Adds a note that the installation has signed. */
  addSigned(note: string): void {
    this.addNote(note, false);
  }

  /** Adds what other lines say, by the keys of these. */
  addAll({ last, erasures }: KeptNotes): void {
    for (const { note } of last.values()) this.addNote(note, true);
    for (const note of erasures) this.addNote(note, true);
  }

  /** What others lack of these. */
  beyond(others: KeptNotes): string[] {
    const later = [...this.last].filter(([origin, { size }]) => size > (others.last.get(origin)?.size ?? -1));
    return [...later.map(([, { note }]) => note), ...[...this.erasures].filter((note) => !others.erasures.has(note))];
  }

  /** A line that was cut off says nothing. */
  private addLine(line: string): void {
    let note: unknown;
    try {
      note = JSON.parse(line);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    if (typeof note === 'string') this.addNote(note, true);
  }

  private addNote(note: string, mustVerify: boolean): void {
    try {
      const parsed = parseNote(note);
      const erasure = parseErasure(parsed.text);
      const checkpoint = erasure ? undefined : parseCheckpoint(parsed.text);
      const name = (erasure?.name ?? checkpoint?.origin)!;
      const known = this.last.get(name);
      if (checkpoint ? checkpoint.size <= (known?.size ?? -1) : this.erasures.has(note)) return;
      const rejection = mustVerify ? this.rejectionOf(name, parsed) : undefined;
      if (rejection !== undefined) this.reject(name, rejection);
      else if (checkpoint) this.last.set(name, { ...checkpoint, note });
      else this.erasures.add(note);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
  }

  private rejectionOf(name: string, note: ReturnType<typeof parseNote>): KeptRejection | undefined {
    const keys = this.keepers?.keysOf(name) ?? [];
    try {
      return signersOf(note, keys).length > 0 ? undefined : 'unknown';
    } catch (error) {
      if (error instanceof Malformed) return 'altered';
      throw error;
    }
  }

  private reject(name: string, reason: KeptRejection): void {
    const own = `${reason} ${name}`;
    const isNamed = this.#rejected.has(own) || this.#rejected.size < REJECTED_NAMES_MAX;
    const key = isNamed ? own : `${reason} ${OTHER_NAMES}`;
    const { lines } = this.#rejected.get(key) ?? { lines: 0 };
    this.#rejected.set(key, { name: isNamed ? name : OTHER_NAMES, reason, lines: lines + 1 });
  }
}
