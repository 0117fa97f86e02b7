import { cryptoErrors, fromBigInt, toBigInt } from '#crypto';

/** A value of ASN.1 as BER or DER encode it (X.690). */
export interface Asn1Value {
  /** The identifier octet: class, constructed bit and tag number. */
  readonly tag: number;
  /** The value as it was written, with its tag and length. */
  readonly encoding: Buffer;
  /** What a primitive value holds. */
  readonly content: Buffer;
  /** What a constructed value holds. */
  readonly children: readonly Asn1Value[];
}

export const TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;
/** The tag of a constructed, context-specific value: `[number]`. */
export const contextTag = (number: number): number => 0xa0 | number;

const CONSTRUCTED = 0x20;
const END_OF_CONTENTS = 0x00;
const DEPTH_MAX = 24;
const VALUES_MAX = 2_000;

const malformed = (): Error => cryptoErrors.INVALID_KEY('It is not the ASN.1 of a private key');

/**
 * Reads one value that takes up all bytes. Indefinite lengths are read too, because other products write PKCS#12 with
 * them; depth and number of values are bounded.
 * @throws INVALID_KEY
 */
export function readAsn1(bytes: Buffer): Asn1Value {
  let position = 0;
  let count = 0;

  const next = (end: number): number => {
    if (position >= end) throw malformed();
    return bytes[position++]!;
  };

  function readLength(end: number): number | 'indefinite' {
    const first = next(end);
    if (first < 0x80) return first;
    if (first === 0x80) return 'indefinite';
    if (first > 0x84) throw malformed();
    let length = 0;
    for (let octets = first & 0x7f; octets > 0; octets--) length = length * 256 + next(end);
    return length;
  }

  function readValue(limit: number, depth: number): Asn1Value {
    if (depth > DEPTH_MAX || ++count > VALUES_MAX) throw malformed();
    const start = position;
    const tag = next(limit);
    if ((tag & 0x1f) === 0x1f) throw malformed();
    const length = readLength(limit);
    const end = length === 'indefinite' ? limit : position + length;
    if (end > limit) throw malformed();
    if ((tag & CONSTRUCTED) === 0) {
      if (length === 'indefinite') throw malformed();
      position = end;
      return { tag, encoding: bytes.subarray(start, end), content: bytes.subarray(end - length, end), children: [] };
    }
    const children: Asn1Value[] = [];
    const atEnd = (): boolean => length !== 'indefinite' && position >= end;
    while (!atEnd()) {
      const child = readValue(end, depth + 1);
      if (length === 'indefinite' && child.tag === END_OF_CONTENTS) break;
      children.push(child);
    }
    return { tag, encoding: bytes.subarray(start, position), content: Buffer.alloc(0), children };
  }

  const value = readValue(bytes.length, 0);
  if (position !== bytes.length) throw malformed();
  return value;
}

/** The parts of a SEQUENCE or SET. @throws INVALID_KEY */
export function partsOf(value: Asn1Value | undefined, tag: number = TAG.sequence): readonly Asn1Value[] {
  if (value?.tag !== tag) throw malformed();
  return value.children;
}

/** @throws INVALID_KEY where it is no INTEGER, or negative: no number of a key is */
export function integerOf(value: Asn1Value | undefined): bigint {
  if (value?.tag !== TAG.integer || value.content.length === 0 || value.content[0]! >= 0x80) throw malformed();
  return toBigInt(value.content);
}

/** An INTEGER that counts something. @throws INVALID_KEY beyond `max` */
export function countOf(value: Asn1Value | undefined, max: number): number {
  const number = integerOf(value);
  if (number < 1n || number > BigInt(max)) throw cryptoErrors.INVALID_KEY('The key file asks for too much work');
  return Number(number);
}

/** The bytes of an OCTET STRING, also of one in pieces, as BER has it; `tag` for an implicitly tagged one. @throws INVALID_KEY */
export function octetsOf(value: Asn1Value | undefined, tag: number = TAG.octetString): Buffer {
  if (value?.tag === tag) return value.content;
  if (value?.tag === (tag | CONSTRUCTED)) return Buffer.concat(value.children.map((piece) => octetsOf(piece)));
  throw malformed();
}

/** The bytes of a BIT STRING of whole bytes. @throws INVALID_KEY */
export function bitsOf(value: Asn1Value | undefined, tag: number = TAG.bitString): Buffer {
  if (value?.tag !== tag || value.content[0] !== 0) throw malformed();
  return value.content.subarray(1);
}

/** An OBJECT IDENTIFIER in dotted form. @throws INVALID_KEY */
export function identifierOf(value: Asn1Value | undefined): string {
  if (value?.tag !== TAG.objectIdentifier || value.content.length === 0 || value.content.length > 32) throw malformed();
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of value.content) {
    arc = arc * 128 + (octet & 0x7f);
    if (octet >= 0x80) continue;
    if (arcs.length === 0) arcs.push(Math.min(Math.floor(arc / 40), 2), arc - 40 * Math.min(Math.floor(arc / 40), 2));
    else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}

function encode(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const length = fromBigInt(BigInt(body.length));
  const header = body.length < 0x80 ? [tag, body.length] : [tag, 0x80 | length.length, ...length];
  return Buffer.concat([Buffer.from(header), body]);
}

/** Writes DER; each takes and gives encoded values. */
export const der = {
  sequence: (...parts: readonly Buffer[]): Buffer => encode(TAG.sequence, ...parts),
  set: (...parts: readonly Buffer[]): Buffer => encode(TAG.set, ...parts),
  explicit: (number: number, part: Buffer): Buffer => encode(contextTag(number), part),
  octets: (bytes: Buffer): Buffer => encode(TAG.octetString, bytes),
  null: (): Buffer => encode(TAG.null),
  bmpString: (text: string): Buffer => encode(TAG.bmpString, utf16(text)),
  integer: (number: number): Buffer => {
    const bytes = fromBigInt(BigInt(number));
    return encode(TAG.integer, bytes[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
  },
  identifier: (dotted: string): Buffer => {
    const [first = 0, second = 0, ...arcs] = dotted.split('.').map(Number);
    return encode(TAG.objectIdentifier, Buffer.from([first * 40 + second, ...arcs].flatMap(base128)));
  },
} as const;

/** UTF-16, most significant byte first. */
export const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

function base128(arc: number): number[] {
  const digits = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift(0x80 | (rest % 128));
  return digits;
}
