import { hash } from 'node:crypto';

import { parseExportLine } from '#log-verifier';
import {
  type Checkpoint,
  GrowingTree,
  Malformed,
  type VerifierKey,
  type WitnessPolicy,
  isWitnessed,
  leafHash,
  parseCheckpoint,
  parseNote,
  signersOf,
  subtreesOf,
  verifyConsistency,
} from '#transparency-log';

import { consistencyBetween } from './consistency-answers.js';
import { EndedLogs } from './ended-logs.js';
import { type EntryOfExport, ErasedMonths } from './erased-months.js';

// It knows the format of an export and nothing of the code that writes one: what that does wrong must show here.

/** The second has the personal parts of events. */
const FORMATS: readonly unknown[] = ['chancery-history-export@v1', 'chancery-history-export@v2'];
/** The event that says that events were erased. */
const ERASURE = 'history.bodies_erased';
const PROBLEMS_SHOWN_MAX = 20;

interface Expectations {
  /** The checkpoint that the export must be covered by; the one inside of it where absent. */
  readonly checkpoint?: string | undefined;
  /** A checkpoint that was kept from an earlier time. */
  readonly since?: string | undefined;
  /** Answers of `GET .../proofs/consistency`, which compare kept checkpoints of events that are erased. */
  readonly consistency?: readonly string[];
  /** Checkpoints that the log of the installation over the checkpoints of all histories has. */
  readonly entered?: readonly string[];
  /** The log's keys, of which one must have signed each checkpoint. Without any, no signature is verified. */
  readonly keys: readonly VerifierKey[];
  /** Those who must all have cosigned the checkpoint. */
  readonly witnesses: readonly VerifierKey[];
  /** Which witnesses are enough, as a file of C2SP tlog-policy. */
  readonly policy?: WitnessPolicy | undefined;
}

export interface Verification {
  /** What is wrong, the first things first; empty where all is well. */
  readonly problems: readonly string[];
  /** How many events were verified. */
  readonly events: number;
  /** Of how many of them, by month, the personal fields are missing. */
  readonly erased: ErasedMonths;
  /** Whether the export has every event of the checkpoint: only then it has the event of each erasure. */
  readonly isWhole: boolean;
  /** How many events were erased before, as an event of the export says; 0 where none is. */
  readonly erasedBefore: number;
  /** The logs that ended by a restoration, of which checkpoints were kept that the events continue. */
  readonly earlier: readonly string[];
  readonly checkpoint: Checkpoint | undefined;
}

interface Header {
  readonly origin: string;
  readonly first: number;
  readonly count: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly erasedBefore: number;
  readonly checkpoint: string;
}

/** One export, or several that follow each other, while its lines are read. */
class Part {
  readonly tree = new GrowingTree();
  readonly end: number;
  next: number;

  constructor(
    readonly header: Header,
    readonly covering: Checkpoint,
  ) {
    this.next = header.first;
    this.end = header.first + header.count;
    this.add({ begin: 0, end: header.first }, header.before);
  }

  /** Adds what lies before or after the exported events, of which only hashes are known. */
  add(range: { readonly begin: number; readonly end: number }, hashes: readonly string[]): void {
    const subtrees = subtreesOf(range);
    if (subtrees.length !== hashes.length)
      throw new Malformed('The header of the export has too few or too many hashes');
    for (const [place, { level }] of subtrees.entries()) {
      this.tree.appendSubtree(Buffer.from(hashes[place]!, 'hex'), level);
    }
  }
}

/** A checkpoint that the events must continue. */
class Kept {
  isMet = false;
  isDifferent = false;

  constructor(
    readonly name: string,
    readonly checkpoint: Checkpoint,
  ) {}
}

/**
 * Verifies an export line by line, offline.
 * @param lines of the export, without their ends
 */
export async function verifyExport(lines: AsyncIterable<string>, expectations: Expectations): Promise<Verification> {
  const problems: string[] = [];
  const report = (problem: string): void => {
    if (problems.length < PROBLEMS_SHOWN_MAX) problems.push(problem);
  };
  let events = 0;
  const erased = new ErasedMonths();
  const ended = new EndedLogs();
  /** The events that the parts have without a gap, from the first of the history on. */
  let reached = 0;
  /** The events before these are said to be erased, the last part last, and which numbers the events of the log itself say. */
  const said = new Set<number>();
  let erasedBefore = 0;
  const erasures = new Set<unknown>();
  let number = 0;
  let part: Part | undefined;
  const kept: Kept[] = [];

  /** Compares with the checkpoints that were kept, as soon as the tree is as large as it was then. */
  const compareWithKept = (): void => {
    for (const one of kept) {
      if (!part || one.isMet || part.tree.size !== one.checkpoint.size) continue;
      one.isMet = true;
      one.isDifferent = !equal(part.tree.root(), one.checkpoint.root);
      // Whether it is to be the same follows from what the events say of another log.
      if (one.checkpoint.origin === part.covering.origin && one.isDifferent) report(differenceOf(one));
    }
  };
  const finish = (): void => {
    if (!part) return;
    ({ erasedBefore } = part.header);
    if (erasedBefore > 0) said.add(erasedBefore);
    // An export that begins where the events are said to be erased is whole from there on.
    if (part.header.first === Math.max(reached, erasedBefore)) reached = part.end;
    if (part.next < part.end) {
      report(`after line ${number}: event ${part.next} is missing, and ${part.end - part.next} in all`);
    } else {
      part.add({ begin: part.end, end: part.covering.size }, part.header.after);
      compareWithKept();
      if (!equal(part.tree.root(), part.covering.root)) {
        const { first } = part.header;
        report(`the events ${first} to ${part.end - 1} are not those of the checkpoint: one of them was changed`);
      }
    }
    part = undefined;
  };

  try {
    const keep = (name: string, note: string) => kept.push(new Kept(name, opened(name, note, expectations)));
    if (expectations.since !== undefined) keep('the kept checkpoint', expectations.since);
    for (const note of expectations.entered ?? []) keep('the checkpoint in the log of the platform', note);
    for await (const line of lines) {
      number += 1;
      if (line === '') continue;
      if (line.startsWith('{"format":')) {
        finish();
        const header = parseHeader(line);
        const covering = coveringCheckpoint(header, expectations);
        for (const { name, checkpoint } of kept) {
          if (checkpoint.origin === header.origin && checkpoint.size > covering.size) {
            report(`${name} has ${checkpoint.size} events and this history only ${covering.size}: some were removed`);
          }
        }
        part = new Part(header, covering);
        compareWithKept();
        continue;
      }
      if (!part) throw new Malformed(`line ${number}: an export begins with its header`);
      const exported = parseExportLine(line);
      if (!exported) throw new Malformed(`line ${number}: it is not an event of an export`);
      const { sequence, personal, event } = exported;
      if (sequence !== part.next) {
        throw new Malformed(`line ${number}: event ${part.next} is expected here and ${sequence} was found`);
      }
      const leaf = leafHash(Buffer.from(event));
      if (leaf.toString('hex') !== exported.leafHash) {
        report(`line ${number}: event ${sequence} is not what was signed: it was changed, moved or inserted`);
      }
      const entry = entryOf(event);
      if (isErasure(entry)) erasures.add(entry.details?.before);
      erased.read(entry, personal !== undefined);
      ended.read(entry, sequence);
      if (personal !== undefined && hash('sha256', personal, 'hex') !== entry.personal?.hash) {
        report(`line ${number}: the personal fields of event ${sequence} are not those that were signed`);
      }
      part.tree.append(leaf);
      part.next += 1;
      events += 1;
      compareWithKept();
    }
    if (number === 0) throw new Malformed('The export is empty');
    const covering = part?.covering;
    finish();
    const isWhole = reached === covering?.size;
    // A person who removes events says that they were erased: the log has to say it, too.
    for (const border of isWhole ? said : []) {
      if (erasures.has(border)) continue;
      report(`no event says that the ${border} events before it were erased: they may have been removed otherwise`);
    }
    const earlierLogs = kept.filter(({ checkpoint }) => checkpoint.origin !== covering?.origin);
    for (const one of earlierLogs) compareWithEarlier(one, covering?.origin, ended, report);
    compareByProofs(kept, covering, expectations, report);
    const missed = kept.find(({ isMet }) => !isMet);
    if (missed && problems.length === 0) {
      report(
        `${missed.name} cannot be compared: export from an earlier event on, up to now, or give a proof by --consistency`,
      );
    }
    const earlier = earlierLogs.map(({ checkpoint }) => checkpoint.origin);
    return { problems, events, erased, isWhole, erasedBefore: Math.max(0, ...said), earlier, checkpoint: covering };
  } catch (error) {
    if (!(error instanceof Malformed || error instanceof RangeError)) throw error;
    report(error.message);
    return { problems, events, erased, isWhole: false, erasedBefore, earlier: [], checkpoint: part?.covering };
  }
}

/** Whether an entry is the event of an erasure in its own history. */
const isErasure = ({ action, tenantId, target, actor, outcome }: EntryOfExport): boolean =>
  action === ERASURE && target?.id === tenantId && actor?.type === 'system' && outcome === 'success';

const differenceOf = ({ name, checkpoint: { size } }: Kept): string =>
  `the first ${size} events are not those of ${name}: one of them was changed since`;

/**
 * Compares with a checkpoint of another log: what was signed of that one before the database was restored from a backup. Up to
 * there the history is the same, as long as an event of it says where that was.
 */
function compareWithEarlier(
  one: Kept,
  origin: string | undefined,
  ended: EndedLogs,
  report: (problem: string) => void,
): void {
  const { name, checkpoint } = one;
  const end = ended.endOf(checkpoint.origin);
  if (!end) {
    one.isMet = true;
    report(
      `${name} is of the log ${checkpoint.origin}, and this history is the log ${origin}: no event of the export says that it continues as this one`,
    );
  } else if (checkpoint.size > end.restored) {
    one.isMet = true;
    const { sequence, restored } = end;
    report(
      `${name} has ${checkpoint.size} events of the log ${checkpoint.origin}, of which only the first ${restored} are in this history: ` +
        `the database was restored from a backup, as event ${sequence} says, and the later ones are lost`,
    );
  } else if (one.isMet && one.isDifferent) report(differenceOf(one));
}

/** Compares checkpoints that were kept of events that are erased since: by proofs of consistency (RFC 9162 §2.1.4.2). */
function compareByProofs(
  kept: readonly Kept[],
  covering: Checkpoint | undefined,
  { consistency = [] }: Expectations,
  report: (problem: string) => void,
): void {
  for (const one of kept) {
    if (one.isMet || !covering) continue;
    const proof = consistencyBetween(one.checkpoint.size, covering.size, consistency);
    if (!proof) continue;
    one.isMet = true;
    const [first, second] = [one.checkpoint, covering];
    const claim = { first: first.size, firstRoot: first.root, second: second.size, secondRoot: second.root, proof };
    if (!verifyConsistency(claim))
      report(`the history does not continue ${one.name}: one of its events was changed since`);
  }
}

/** An entry as it is parsed, without members where it is none. */
function entryOf(text: string): EntryOfExport {
  try {
    return (JSON.parse(text) as EntryOfExport | null) ?? {};
  } catch {
    return {};
  }
}

const equal = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

function parseHeader(line: string): Header {
  let header: Partial<Header> & { readonly format?: unknown };
  try {
    header = JSON.parse(line) as typeof header;
  } catch {
    throw new Malformed('The header of the export is not JSON');
  }
  const { format, origin, first, count, before, after, erasedBefore = 0, checkpoint } = header;
  if (!FORMATS.includes(format)) throw new Malformed(`The export is not of a format of ${FORMATS.join(', ')}`);
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  const isHashes = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((hash) => typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash));
  if (!isCount(first) || !isCount(count) || !isCount(erasedBefore) || !isHashes(before) || !isHashes(after)) {
    throw new Malformed('The header of the export is incomplete');
  }
  if (typeof origin !== 'string' || typeof checkpoint !== 'string')
    throw new Malformed('The header names no checkpoint');
  return { origin, first, count, before, after, erasedBefore, checkpoint };
}

/** The checkpoint of the export, where it is the one that is expected. */
function coveringCheckpoint(header: Header, expectations: Expectations): Checkpoint {
  const inside = opened('the checkpoint of the export', header.checkpoint, expectations);
  requireWitnesses(expectations.checkpoint ?? header.checkpoint, expectations);
  if (inside.origin !== header.origin) throw new Malformed(`The checkpoint of the export is of ${inside.origin}`);
  if (header.first + header.count > inside.size) throw new Malformed('The export is larger than its checkpoint');
  if (expectations.checkpoint === undefined) return inside;
  const expected = opened('the checkpoint', expectations.checkpoint, expectations);
  if (expected.origin !== header.origin) throw new Malformed(`The checkpoint is of ${expected.origin}`);
  if (expected.size !== inside.size) {
    const advice = expected.size > inside.size ? 'export again, unless events were removed' : 'give it by --since';
    throw new Malformed(`the checkpoint has ${expected.size} events and that of the export ${inside.size}: ${advice}`);
  }
  // Two signed trees of one size: the log shows different histories to different people.
  if (!equal(expected.root, inside.root))
    throw new Malformed(`two checkpoints of ${inside.size} events differ: a fork`);
  return expected;
}

function opened(what: string, note: string, { keys }: Expectations): Checkpoint {
  const parsed = parseNote(note);
  const checkpoint = parseCheckpoint(parsed.text);
  const own = keys.filter(({ name }) => name === checkpoint.origin);
  if (keys.length > 0 && signersOf(parsed, own).length === 0)
    throw new Malformed(`none of the keys signed ${what} of ${checkpoint.origin}`);
  return checkpoint;
}

function requireWitnesses(note: string, { witnesses, policy }: Expectations): void {
  if (policy && !isWitnessed(parseNote(note), policy)) {
    throw new Malformed('too few witnesses of the policy have cosigned the checkpoint');
  }
  const cosigners = signersOf(parseNote(note), witnesses);
  for (const witness of witnesses) {
    if (!cosigners.includes(witness)) throw new Malformed(`${witness.name} has not cosigned the checkpoint`);
  }
}
