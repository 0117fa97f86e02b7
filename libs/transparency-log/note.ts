import { createPublicKey, hash, type KeyObject } from 'node:crypto';

/** A note, a checkpoint, a verifier key or a proof that is not written as its format demands. */
export class Malformed extends Error {}

/** Kinds of signatures and their keys (C2SP signed-note, tlog-cosignature). */
export const SIGNATURE_TYPES = {
  /** Ed25519 over the text of the note. */
  ed25519: 0x01,
  /** Ed25519 of a cosigner, with the time. */
  ed25519Cosignature: 0x04,
  /** ML-DSA-44 of a cosigner or of the log, with the time. */
  mlDsa44: 0x06,
} as const;
export type SignatureType = keyof typeof SIGNATURE_TYPES;

const KEY_ID_BYTES = 4;
/** More than the 16 that everyone must accept. */
const SIGNATURES_MAX = 64;
const NOTE_BYTES_MAX = 1_000_000;

/** One line below a note. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: Buffer;
  readonly signature: Buffer;
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
  readonly publicKey: Buffer;
  readonly keyId: Buffer;
}

const isName = (name: string): boolean => name !== '' && !/[\s+]/u.test(name);

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Strict Base64 (RFC 4648 §4). @throws Malformed */
export function decodeBase64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new Malformed(`${what} is not Base64`);
  return bytes;
}

/** Names a key: SHA-256(name || newline || type || public key), its first four bytes. */
export function verifierKey(name: string, type: SignatureType, publicKey: Uint8Array): VerifierKey {
  if (!isName(name)) throw new Malformed('A key name has neither blanks nor "+", and is not empty');
  const named = Buffer.concat([Buffer.from(`${name}\n`), Uint8Array.of(SIGNATURE_TYPES[type]), publicKey]);
  const keyId = hash('sha256', named, 'buffer').subarray(0, KEY_ID_BYTES);
  return { name, type, publicKey: Buffer.from(publicKey), keyId };
}

/** `<name>+<key id>+<type and public key>` */
export const formatVerifierKey = ({ name, type, publicKey, keyId }: VerifierKey): string =>
  `${name}+${keyId.toString('hex')}+${base64(Buffer.concat([Uint8Array.of(SIGNATURE_TYPES[type]), publicKey]))}`;

const PUBLIC_KEY_BYTES: Readonly<Record<SignatureType, number>> = {
  ed25519: 32,
  ed25519Cosignature: 32,
  mlDsa44: 1_312,
};

/** @throws Malformed also where the key id is not that of the key */
export function parseVerifierKey(text: string): VerifierKey {
  const match = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(text.trim());
  if (!match) throw new Malformed('A verifier key is <name>+<key id>+<key>');
  const [, name, keyId, encoded] = match;
  const [typeByte, ...bytes] = decodeBase64(encoded!, 'The verifier key');
  const type = (Object.keys(SIGNATURE_TYPES) as SignatureType[]).find((known) => SIGNATURE_TYPES[known] === typeByte);
  if (type === undefined) throw new Malformed('The verifier key is of an unknown type');
  if (bytes.length !== PUBLIC_KEY_BYTES[type]) throw new Malformed('The verifier key has the wrong length');
  const key = verifierKey(name!, type, Uint8Array.from(bytes));
  if (key.keyId.toString('hex') !== keyId) throw new Malformed('The key id is not that of the verifier key');
  return key;
}

/** The key as node:crypto takes it. */
export function publicKeyOf({ type, publicKey }: Pick<VerifierKey, 'type' | 'publicKey'>): KeyObject {
  const encoded = publicKey.toString('base64url');
  // RFC 8037 §2; RFC 9964 for the second.
  const jwk =
    type === 'mlDsa44' ? { kty: 'AKP', alg: 'ML-DSA-44', pub: encoded } : { kty: 'OKP', crv: 'Ed25519', x: encoded };
  return createPublicKey({ key: jwk, format: 'jwk' });
}

export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(formatSignature).join('')}`;
}

/** One signature line, with its newline. */
export const formatSignature = ({ name, keyId, signature }: NoteSignature): string =>
  `\u2014 ${name} ${base64(Buffer.concat([keyId, signature]))}\n`;

/** Takes a note apart; nothing of it is verified. @throws Malformed */
export function parseNote(note: string): Note {
  if (Buffer.byteLength(note) > NOTE_BYTES_MAX) throw new Malformed('The note is too large');
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
