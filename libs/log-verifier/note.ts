import { Malformed, concatenated, decodeBase64, toBase64, toHex, utf8 } from './bytes.js';

/** Kinds of signatures and their keys (C2SP signed-note, tlog-cosignature). */
const SIGNATURE_TYPES = {
  /** Ed25519 over the text of the note. */
  ed25519: 0x01,
  /** Ed25519 of a cosigner, with the time. */
  ed25519Cosignature: 0x04,
  /** ML-DSA-44 of a cosigner or of the log, with the time. */
  mlDsa44: 0x06,
} as const;
export type SignatureType = keyof typeof SIGNATURE_TYPES;

export const KEY_ID_BYTES = 4;
/** More than the 16 that everyone must accept. */
const SIGNATURES_MAX = 64;
const NOTE_BYTES_MAX = 1_000_000;

/** One line below a note. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Note {
  /** What is signed, with its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** The key that somebody's signatures are verified by. */
export interface VerifierKey {
  readonly name: string;
  readonly type: SignatureType;
  /** As the standard of the algorithm encodes it: 32 bytes of Ed25519, 1,312 of ML-DSA-44. */
  readonly publicKey: Uint8Array;
  readonly keyId: Uint8Array;
}

const isName = (name: string): boolean => name !== '' && !/[\s+]/u.test(name);

const typed = (type: SignatureType, publicKey: Uint8Array): Uint8Array =>
  concatenated(Uint8Array.of(SIGNATURE_TYPES[type]), publicKey);

/** The bytes whose SHA-256 begins with the id of a key: name, newline, type, public key. @throws Malformed for another name */
export function namedKey(name: string, type: SignatureType, publicKey: Uint8Array): Uint8Array {
  if (!isName(name)) throw new Malformed('A key name has neither blanks nor "+", and is not empty');
  return concatenated(utf8(`${name}\n`), typed(type, publicKey));
}

/** `<name>+<key id>+<type and public key>` */
export const formatVerifierKey = ({ name, type, publicKey, keyId }: VerifierKey): string =>
  `${name}+${toHex(keyId)}+${toBase64(typed(type, publicKey))}`;

const PUBLIC_KEY_BYTES: Readonly<Record<SignatureType, number>> = {
  ed25519: 32,
  ed25519Cosignature: 32,
  mlDsa44: 1_312,
};

/** Takes a verifier key apart; that the key id is its own is not verified. @throws Malformed */
export function splitVerifierKey(text: string): Omit<VerifierKey, 'keyId'> & { readonly keyId: string } {
  const match = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(text.trim());
  if (!match) throw new Malformed('A verifier key is <name>+<key id>+<key>');
  const [, name, keyId, encoded] = match;
  const bytes = decodeBase64(encoded!, 'The verifier key');
  const type = (Object.keys(SIGNATURE_TYPES) as SignatureType[]).find((known) => SIGNATURE_TYPES[known] === bytes[0]);
  if (type === undefined) throw new Malformed('The verifier key is of an unknown type');
  const publicKey = bytes.subarray(1);
  if (publicKey.length !== PUBLIC_KEY_BYTES[type]) throw new Malformed('The verifier key has the wrong length');
  return { name: name!, type, publicKey, keyId: keyId! };
}

export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(formatSignature).join('')}`;
}

/** One signature line, with its newline. */
export const formatSignature = ({ name, keyId, signature }: NoteSignature): string =>
  `\u2014 ${name} ${toBase64(concatenated(keyId, signature))}\n`;

/** Takes a note apart; nothing of it is verified. @throws Malformed */
export function parseNote(note: string): Note {
  if (utf8(note).length > NOTE_BYTES_MAX) throw new Malformed('The note is too large');
  // Control characters other than the newline.
  if (/[\u0000-\u0009\u000b-\u001f]/u.test(note) || !note.isWellFormed()) {
    throw new Malformed('The note has control characters');
  }
  const split = note.lastIndexOf('\n\n');
  if (split < 0) throw new Malformed('The note has no signatures');
  return { text: note.slice(0, split + 1), signatures: parseSignatures(note.slice(split + 2)) };
}

/** Signature lines as they are below a note, or as a witness answers them. @throws Malformed */
export function parseSignatures(lines: string): NoteSignature[] {
  if (!lines.endsWith('\n')) throw new Malformed('The last signature line is cut off');
  const signatures = lines.slice(0, -1).split('\n');
  if (signatures.length > SIGNATURES_MAX) throw new Malformed('The note has too many signatures');
  return signatures.map((line) => {
    const match = /^\u2014 ([^ ]+) ([^ ]+)$/u.exec(line);
    if (!match || !isName(match[1]!)) throw new Malformed('A signature line is a dash, a name and a signature');
    const bytes = decodeBase64(match[2]!, 'A signature');
    if (bytes.length <= KEY_ID_BYTES) throw new Malformed('A signature is too short');
    return { name: match[1]!, keyId: bytes.subarray(0, KEY_ID_BYTES), signature: bytes.subarray(KEY_ID_BYTES) };
  });
}
