import {
  type Checkpoint,
  Malformed,
  type Note,
  type VerifierKey,
  fromHex,
  parseCheckpoint,
  parseExportLine,
  parseLogProof,
  parseNote,
  sameBytes,
  toHex,
} from '#log-verifier';

import { sha256, verifier } from './log-verifier.js';

/** One statement that the browser has verified, or refuted. */
export interface Finding {
  readonly holds: boolean;
  readonly text: string;
  /** What differs, and where. */
  readonly difference?: string;
}

/** A checkpoint with the note that it was signed in. */
export interface SignedCheckpoint extends Checkpoint {
  readonly note: Note;
}

/** @throws Malformed where the text is no signed checkpoint; nothing of it is verified */
export function readCheckpoint(text: string): SignedCheckpoint {
  // What was copied from an e-mail or a terminal may have lost its last newline, or have the line ends of Windows.
  const note = parseNote(`${text.replaceAll('\r\n', '\n').trim()}\n`);
  return { ...parseCheckpoint(note.text), note };
}

const finding = (text: string, difference: string | undefined): Finding =>
  difference === undefined ? { holds: true, text } : { holds: false, text, difference };

const keyName = ({ name, keyId }: { readonly name: string; readonly keyId: Uint8Array }): string =>
  `${name}+${toHex(keyId)}`;

/** Whether one of the keys signed a checkpoint. @param what the checkpoint is, for people */
export function signatureFinding(what: string, { note }: SignedCheckpoint, keys: readonly VerifierKey[]): Finding {
  const text = `${what} is signed by the key of the log`;
  try {
    const signers = verifier.signersOf(note, keys);
    const found = note.signatures.map(keyName).join(', ');
    return finding(
      text,
      signers.length > 0
        ? undefined
        : `It is signed by ${found || 'no key'}, and the key is ${keys.map(keyName).join(' or ') || 'unknown'}`,
    );
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return finding(text, `${error.message}: the checkpoint was changed after it was signed, or never signed`);
  }
}

/**
 * Whether what an auditor kept is the beginning of what the log says now.
 *
 * @param proof of RFC 9162 §2.1.4, hexadecimal; empty where there is none to ask for
 * @param counted what the log has, for people
 */
export function consistencyFindings(
  kept: SignedCheckpoint,
  now: SignedCheckpoint,
  keys: readonly VerifierKey[],
  proof: readonly string[],
  counted = 'events',
): Finding[] {
  return [
    finding(
      `Both checkpoints${counted === 'events' ? '' : ` of ${counted}`} are of the same log`,
      kept.origin === now.origin ? undefined : `The kept one is of ${kept.origin}, the present one of ${now.origin}`,
    ),
    signatureFinding(`The kept checkpoint of ${kept.size} ${counted}`, kept, keys),
    signatureFinding(`The present checkpoint of ${now.size} ${counted}`, now, keys),
    finding(
      `None of the first ${kept.size} ${counted} was changed, removed or inserted since`,
      inconsistency(kept, now, proof, counted),
    ),
  ];
}

function inconsistency(
  kept: Checkpoint,
  now: Checkpoint,
  proof: readonly string[],
  counted = 'events',
): string | undefined {
  if (kept.size > now.size) {
    return `The log has ${now.size} ${counted} and the kept checkpoint ${kept.size}: the last ${kept.size - now.size} were removed, or the server shows an earlier state`;
  }
  // The empty tree is the beginning of every other one, and its root is the same in all logs.
  if (kept.size === 0) return undefined;
  if (kept.size === now.size) {
    return sameBytes(kept.root, now.root)
      ? undefined
      : `Two checkpoints of ${kept.size} ${counted} have different roots, ${toHex(kept.root)} (kept) and ${toHex(now.root)} (present): the log was forked`;
  }
  const holds = verifier.verifyConsistency({
    first: kept.size,
    firstRoot: kept.root,
    second: now.size,
    secondRoot: now.root,
    proof: proof.map((hash) => fromHex(hash, 'A hash of the proof')),
  });
  return holds
    ? undefined
    : `The proof does not lead from the root ${toHex(kept.root)} (kept) to ${toHex(now.root)} (present): ${counted === 'events' ? 'an event' : 'an entry'} before number ${kept.size} was changed, or the log was forked`;
}

export interface KeptEvent {
  readonly bytes: Uint8Array;
  /** The personal part, whose hash is in the event. */
  readonly personal?: Uint8Array;
  readonly sequence?: number;
}

/** What of an event was kept: the canonical JSON, or the line of an export that has it. */
export function keptEvent(text: string): KeptEvent {
  const encode = (part: string): Uint8Array => new TextEncoder().encode(part);
  const line = parseExportLine(text.trim());
  if (line === undefined) return { bytes: encode(text.trim()) };
  const { sequence, personal, event } = line;
  return { bytes: encode(event), ...(personal === undefined ? {} : { personal: encode(personal) }), sequence };
}

interface EventClaim {
  readonly sequence: number;
  /** As the server gives it. */
  readonly bytes: Uint8Array;
  /** As the auditor has it. */
  readonly kept?: KeptEvent;
  /** Of RFC 9162 §2.1.3, hexadecimal. */
  readonly proof: readonly string[];
}

/** Whether an event is in the history of a checkpoint. @param which the checkpoint is, for people */
export function eventFindings(which: string, checkpoint: Checkpoint, claim: EventClaim): Finding[] {
  const { sequence, bytes, kept, proof } = claim;
  const place = `in the ${which} of ${checkpoint.size} events`;
  if (sequence >= checkpoint.size) {
    return [
      finding(
        `Event ${sequence} is ${place}`,
        `Its last event is number ${checkpoint.size - 1}: the checkpoint is older than the event`,
      ),
    ];
  }
  const isIn = (entry: Uint8Array): string | undefined => {
    const leafHash = verifier.leafHash(entry);
    const holds = verifier.verifyInclusion({
      leafHash,
      index: sequence,
      size: checkpoint.size,
      root: checkpoint.root,
      proof: proof.map((hash) => fromHex(hash, 'A hash of the proof')),
    });
    return holds
      ? undefined
      : `Its leaf hash is ${toHex(leafHash)}, from which the proof does not lead to the root ${toHex(checkpoint.root)}: the event is not what was recorded at place ${sequence}`;
  };
  const ofServer = finding(`Event ${sequence}, as the server gives it, is ${place}`, isIn(bytes));
  if (kept === undefined) return [ofServer];
  return [
    ofServer,
    finding(`The event that you kept is ${place}, at place ${sequence}`, isIn(kept.bytes)),
    finding('The event that you kept is the one that the server gives', firstDifference(kept.bytes, bytes)),
    ...(kept.personal === undefined ? [] : [personalFinding(kept.bytes, kept.personal)]),
  ];
}

/** The hash that an event has of its personal part; `undefined` for what is no event. */
function personalHashIn(event: string): unknown {
  try {
    return (JSON.parse(event) as { readonly personal?: { readonly hash?: unknown } }).personal?.hash;
  } catch {
    return undefined;
  }
}

function personalFinding(event: Uint8Array, personal: Uint8Array): Finding {
  const text = 'The personal fields that you kept are those whose hash is in the event';
  const signed = personalHashIn(new TextDecoder().decode(event));
  const hash = toHex(sha256(personal));
  return finding(
    text,
    signed === hash
      ? undefined
      : `Their hash is ${hash}, and the event has ${String(signed ?? 'none')}: they were changed`,
  );
}

const AROUND = 24;

/** Where two texts part, with what follows in each. */
function firstDifference(kept: Uint8Array, given: Uint8Array): string | undefined {
  if (sameBytes(kept, given)) return undefined;
  const differing = kept.findIndex((byte, place) => byte !== given[place]);
  const at = differing === -1 ? kept.length : differing;
  const text = (bytes: Uint8Array): string =>
    at >= bytes.length ? 'its end' : `“${new TextDecoder().decode(bytes.subarray(at, at + AROUND))}”`;
  return `They differ from byte ${at} on: ${text(kept)} in yours, ${text(given)} in that of the server`;
}

/** What the server gives to show that a checkpoint of a history is in the log of the installation over all checkpoints. */
interface EnteredClaim {
  /** C2SP tlog-proof, whose extra data is that checkpoint. */
  readonly proof: string;
  /** The keys of the log of the installation. */
  readonly logKeys: readonly VerifierKey[];
  /** The present checkpoint of the history, and the keys of it. */
  readonly now: SignedCheckpoint;
  readonly keys: readonly VerifierKey[];
  /** From the entered checkpoint to the present one: RFC 9162 §2.1.4, hexadecimal. */
  readonly continued: readonly string[];
  /** A checkpoint of the log of the installation that was kept, and the proof from it to the log that the tlog-proof is of. */
  readonly kept?: { readonly checkpoint: SignedCheckpoint; readonly proof: readonly string[] };
}

/** The checkpoints in a tlog-proof of the log of the installation; nothing of them is verified. @throws Malformed */
export function readEntered(proof: string): { readonly log: SignedCheckpoint; readonly entered: SignedCheckpoint } {
  const { note, extra } = parseLogProof(proof);
  if (extra === undefined) throw new Malformed('The proof holds no checkpoint of the history');
  return { log: readCheckpoint(note), entered: readCheckpoint(new TextDecoder().decode(extra)) };
}

/** Whether the history continues what the log of the installation has of it, and that log what was kept of it. */
export function enteredFindings({ proof, logKeys, now, keys, continued, kept }: EnteredClaim): Finding[] {
  const { log, entered } = readEntered(proof);
  const { index, proof: path, extra } = parseLogProof(proof);
  const claim = { leafHash: verifier.leafHash(extra!), index, size: log.size, root: log.root, proof: path };
  const place = `entry ${index} of the ${log.size} of the log of the installation`;
  return [
    ...(kept === undefined
      ? [signatureFinding(`The log of the installation with ${log.size} entries`, log, logKeys)]
      : consistencyFindings(kept.checkpoint, log, logKeys, kept.proof, 'entries of the log of the installation')),
    finding(
      `The checkpoint of ${entered.size} events of this history is ${place}`,
      verifier.verifyInclusion(claim)
        ? undefined
        : `The proof does not lead from the checkpoint to the root ${toHex(log.root)}`,
    ),
    signatureFinding(`The checkpoint of ${entered.size} events in ${place}`, entered, keys),
    finding(
      `The present history continues ${place}`,
      entered.origin === now.origin
        ? inconsistency(entered, now, continued)
        : `The entry is of ${entered.origin}, the present checkpoint of ${now.origin}`,
    ),
  ];
}
