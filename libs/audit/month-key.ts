import {
  type KeyObject,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  hkdfSync,
} from 'node:crypto';

import { type Json, type Secret, canonicalJson } from '#core';
import { randomNonce, randomSalt } from '#crypto';

// What the key of a month does: pure over node:crypto.

/** The personal fields of one event, as they are sealed. */
export interface PersonalPart {
  /** 16 random bytes, hexadecimal: without them, and they are erased too, a guess of an e-mail address could be confirmed. */
  readonly salt: string;
  /** In the order of `personal.fields` of the entry. */
  readonly values: readonly Json[];
}

const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** Values whose index is remembered: those of the callers of a tenant. */
const INDEXED_MAX = 1_000;

// Sealed part: format, nonce, number of the first block (u32, big endian), ciphertext.
const FORMAT = 1;
const NONCE_BYTES = 12;
const BLOCK_AT = 1 + NONCE_BYTES;
const HEADER_BYTES = BLOCK_AT + 4;
const BLOCK_BYTES = 16;
/** NIST SP 800-38A §6.5. */
const CIPHER = 'aes-256-ctr';

/** The part in canonical bytes (RFC 8785), and the hash of them that the entry holds. */
export function personalPart(values: readonly Json[]): { readonly part: string; readonly hash: string } {
  const part = canonicalJson({ salt: randomSalt(SALT_BYTES), values });
  return { part, hash: partHash(part) };
}

/** SHA-256 of a part in canonical bytes, hexadecimal. */
const partHash = (part: string): string => hash('sha256', part, 'hex');

/** The key of one month of one history. One key is derived for sealing, one for the index (RFC 5869). */
export class MonthKey {
  readonly #sealing: KeyObject;
  readonly #indexing: KeyObject;
  readonly #indexed = new Map<string, string>();

  constructor(
    readonly month: string,
    secret: Secret<Buffer>,
  ) {
    const derived = (purpose: string): KeyObject =>
      createSecretKey(Buffer.from(hkdfSync('sha256', secret.reveal(), '', purpose, KEY_BYTES)));
    this.#sealing = derived('history month: sealing');
    this.#indexing = derived('history month: index');
  }

  /**
   * Seals the parts of one transaction by one run of the cipher, each from a block of its own on: a cipher for each event would
   * cost as much as all the rest of it. There is no tag: the hash in the entry, which the tree signs, is what a part is verified by.
   */
  seal(parts: readonly string[]): Buffer[] {
    const places: { readonly begin: number; readonly length: number }[] = [];
    let end = 0;
    for (const part of parts) {
      const length = Buffer.byteLength(part);
      places.push({ begin: end, length });
      end += Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES;
    }
    const plaintext = Buffer.alloc(end);
    for (const [index, { begin }] of places.entries()) plaintext.write(parts[index]!, begin);
    const counter = Buffer.alloc(BLOCK_BYTES);
    randomNonce(NONCE_BYTES).copy(counter);
    const ciphertext = createCipheriv(CIPHER, this.#sealing, counter).update(plaintext);
    return places.map(({ begin, length }) => {
      const sealed = Buffer.allocUnsafe(HEADER_BYTES + length);
      sealed[0] = FORMAT;
      counter.copy(sealed, 1, 0, NONCE_BYTES);
      sealed.writeUInt32BE(begin / BLOCK_BYTES, BLOCK_AT);
      ciphertext.copy(sealed, HEADER_BYTES, begin, begin + length);
      return sealed;
    });
  }

  /**
   * The part that an entry has the hash of.
   * @returns `undefined` where it was altered, belongs to another event, or was sealed by another key
   */
  open(sealed: Buffer, expected: string): string | undefined {
    if (sealed.length < HEADER_BYTES || sealed[0] !== FORMAT) return undefined;
    const counter = sealed.subarray(1, HEADER_BYTES);
    const part = createDecipheriv(CIPHER, this.#sealing, counter).update(sealed.subarray(HEADER_BYTES)).toString();
    return partHash(part) === expected ? part : undefined;
  }

  /**
   * What a personal value is found by: the database has no more of it. Without the key it is a random text, so that it is erased
   * with the key.
   */
  indexOf(column: string, value: string): string {
    const text = `${column}\0${value}`;
    const known = this.#indexed.get(text);
    if (known !== undefined) return known;
    const index = createHmac('sha256', this.#indexing).update(text).digest('base64url');
    if (this.#indexed.size >= INDEXED_MAX) this.#indexed.clear();
    this.#indexed.set(text, index);
    return index;
  }
}
