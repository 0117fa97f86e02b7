import { type EpochMilliseconds, fromRfc3339 } from '#core';
import { TAG } from './der.js';

/** Why bytes are not the ASN.1 that was expected. Stays inside this library: each parser turns it into its refusal. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

interface DerLimits {
  readonly maxBytes: number;
  /** Levels of constructed elements; a primitive element has depth 0. */
  readonly maxDepth: number;
}

export const DER_LIMITS: DerLimits = { maxBytes: 16 * 1024, maxDepth: 32 };
const BER_LIMITS: DerLimits = { maxBytes: 64 * 1024, maxDepth: 24 };
const BER_ELEMENTS_MAX = 2_000;

export interface DerNode {
  readonly tag: number;
  /** Tag, length and content, as they stood in the input. */
  readonly raw: Buffer;
  readonly content: Buffer;
  /** Of a constructed element; otherwise empty. */
  readonly children: readonly DerNode[];
}

const CONSTRUCTED = 0x20;
const INDEFINITE = 0x80;
const END_OF_CONTENTS = Buffer.of(0, 0);

/**
 * Reads exactly one element and everything in it: definite minimal lengths (X.690 §10.1), tags below 31, nothing behind
 * it. The work is bounded by `maxBytes`, the stack by `maxDepth`.
 *
 * @throws DerError
 */
export const parseDer = (bytes: Buffer, limits: DerLimits = DER_LIMITS): DerNode =>
  new ElementReader(bytes, limits, false).readOnly();

/**
 * As `parseDer`, for files that others wrote in the Basic Encoding Rules, such as PKCS#12: lengths may be indefinite or
 * longer than they need to be (X.690 §8.1.3). At most 2,000 elements.
 *
 * @throws DerError
 */
export const parseBer = (bytes: Buffer): DerNode => new ElementReader(bytes, BER_LIMITS, true).readOnly();

class ElementReader {
  #elements = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly limits: DerLimits,
    /** Whether the Basic Encoding Rules are accepted. */
    private readonly basic: boolean,
  ) {}

  readOnly(): DerNode {
    const { bytes, limits } = this;
    if (bytes.length > limits.maxBytes) throw new DerError(`More than ${limits.maxBytes} bytes`);
    const node = this.read(0, bytes.length, limits.maxDepth);
    if (node.raw.length !== bytes.length) throw new DerError('Bytes follow the outermost element');
    return node;
  }

  private read(start: number, limit: number, depthLeft: number): DerNode {
    const { bytes } = this;
    if (this.basic && ++this.#elements > BER_ELEMENTS_MAX) throw new DerError('Too many elements');
    if (start + 2 > limit) throw new DerError('An element is cut off');
    const [tag, firstLength] = [bytes[start]!, bytes[start + 1]!];
    if ((tag & 0x1f) === 0x1f) throw new DerError('Tags above 30 are not read');
    const isConstructed = (tag & CONSTRUCTED) !== 0;
    if (this.basic && firstLength === INDEFINITE && isConstructed) {
      const children = this.readChildren(start + 2, limit, depthLeft - 1, true);
      const contentEnd = start + 2 + children.reduce((sum, { raw }) => sum + raw.length, 0);
      const raw = bytes.subarray(start, contentEnd + END_OF_CONTENTS.length);
      return { tag, raw, content: bytes.subarray(start + 2, contentEnd), children };
    }
    const lengthOctets = firstLength < 0x80 ? 0 : firstLength - 0x80;
    const contentStart = start + 2 + lengthOctets;
    const end = contentStart + (firstLength < 0x80 ? firstLength : this.longLength(start + 2, lengthOctets, limit));
    if (end > limit) throw new DerError('An element is longer than its surroundings');
    const children = isConstructed ? this.readChildren(contentStart, end, depthLeft - 1, false) : [];
    return { tag, raw: bytes.subarray(start, end), content: bytes.subarray(contentStart, end), children };
  }

  private longLength(start: number, octets: number, limit: number): number {
    if (octets === 0) throw new DerError('Indefinite lengths are not DER');
    if (octets > 4 || start + octets > limit) throw new DerError('A length is cut off or too large');
    const length = this.bytes.readUIntBE(start, octets);
    if (!this.basic && (length < 0x80 || this.bytes[start] === 0)) {
      throw new DerError('A length is not in its shortest form');
    }
    return length;
  }

  /** The elements up to `end`, or to the end-of-contents octets before it. */
  private readChildren(start: number, end: number, depthLeft: number, isIndefinite: boolean): DerNode[] {
    if (depthLeft < 0) throw new DerError('Nested too deeply');
    const children: DerNode[] = [];
    let offset = start;
    while (isIndefinite ? !this.bytes.subarray(offset, offset + 2).equals(END_OF_CONTENTS) : offset < end) {
      const child = this.read(offset, end, depthLeft);
      children.push(child);
      offset += child.raw.length;
    }
    if (isIndefinite && offset + 2 > end) throw new DerError('An element is cut off');
    return children;
  }
}

/** Takes the fields of a constructed element one by one. */
export class DerFields {
  #next = 0;

  constructor(private readonly nodes: readonly DerNode[]) {}

  /** The fields of an element that must have this tag. @throws DerError */
  static of(node: DerNode, tag: number = TAG.sequence): DerFields {
    return new DerFields(expectTag(node, tag).children);
  }

  /** The next field, of this tag if one is named. @throws DerError where it is missing or another */
  take(tag?: number): DerNode {
    const node = this.nodes[this.#next];
    if (!node) throw new DerError('A field is missing');
    if (tag !== undefined) expectTag(node, tag);
    this.#next += 1;
    return node;
  }

  /** The next field if it has this tag. */
  optional(tag: number): DerNode | undefined {
    return this.nodes[this.#next]?.tag === tag ? this.take() : undefined;
  }

  /** @throws DerError where fields are left */
  end(): void {
    if (this.#next < this.nodes.length) throw new DerError('There are fields that do not belong here');
  }
}

export function expectTag(node: DerNode, tag: number): DerNode {
  if (node.tag !== tag) throw new DerError(`Tag 0x${node.tag.toString(16)} where 0x${tag.toString(16)} is due`);
  return node;
}

/** The one element inside an explicit tag. @throws DerError */
export function onlyChild(node: DerNode): DerNode {
  const [child, ...others] = node.children;
  if (!child || others.length > 0) throw new DerError('An explicit tag holds exactly one element');
  return child;
}

/** Content octets of an INTEGER. @throws DerError if they are empty or padded (X.690 §8.3.2) */
export function integerOctets(node: DerNode): Buffer {
  const { content } = expectTag(node, TAG.integer);
  const [first, second] = content;
  if (first === undefined) throw new DerError('An integer without octets');
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
    throw new DerError('An integer is not in its shortest form');
  return content;
}

/** @throws DerError */
export function readInteger(node: DerNode): bigint {
  const octets = integerOctets(node);
  return BigInt.asIntN(octets.length * 8, BigInt(`0x${octets.toString('hex')}`));
}

/** @throws DerError */
export function readBoolean(node: DerNode): boolean {
  const { content } = expectTag(node, TAG.boolean);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new DerError('A boolean is 00 or FF');
  return content[0] === 0xff;
}

const OBJECT_IDENTIFIER_BYTES_MAX = 64;

/** The dotted form. @throws DerError */
export function readObjectIdentifier(node: DerNode): string {
  const { content } = expectTag(node, TAG.objectIdentifier);
  if (content.length === 0 || content.length > OBJECT_IDENTIFIER_BYTES_MAX || content.at(-1)! >= 0x80)
    throw new DerError('An object identifier is empty, cut off or too long');
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const [index, octet] of content.entries()) {
    if (octet === 0x80 && (index === 0 || content[index - 1]! < 0x80)) throw new DerError('A padded identifier arc');
    arc = arc * 128n + BigInt(octet & 0x7f);
    if (octet >= 0x80) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [first = 0n, ...rest] = arcs;
  const root = first < 80n ? first / 40n : 2n;
  return [root, first - root * 40n, ...rest].join('.');
}

/** An OCTET STRING, also one in pieces, which BER permits. @throws DerError */
export function readOctets(node: DerNode): Buffer {
  if (node.tag === (TAG.octetString | CONSTRUCTED)) return Buffer.concat(node.children.map(readOctets));
  return expectTag(node, TAG.octetString).content;
}

/** A bit string of whole octets; `tag` for an implicitly tagged one. @throws DerError */
export function readBitString(node: DerNode, tag: number = TAG.bitString): Buffer {
  const { content } = expectTag(node, tag);
  if (content[0] !== 0) throw new DerError('A bit string is not made of whole octets');
  return content.subarray(1);
}

/**
 * The numbers of the bits that are set. DER leaves out the zeros at the end (X.690 §11.2.2), many writers do not; what the
 * list says is the same. @throws DerError where it is not a named bit list
 */
export function readNamedBits(node: DerNode): number[] {
  const [unused, ...octets] = expectTag(node, TAG.bitString).content;
  const last = octets.at(-1);
  if (unused === undefined || unused > 7 || octets.length > 8 || (last === undefined && unused !== 0))
    throw new DerError('Not a named bit list');
  // X.690 §11.2.1: a bit that counts as unused says nothing, and so must be zero.
  if (last !== undefined && last % 2 ** unused !== 0)
    throw new DerError('A named bit list has unused bits that are set');
  return octets.flatMap((octet, index) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => octet & (0x80 >> bit)).map((bit) => index * 8 + bit),
  );
}

/** UTCTime or GeneralizedTime in the one form of RFC 5280 §4.1.2.5. @throws DerError */
export function readTime(node: DerNode): EpochMilliseconds {
  const text = node.content.toString('latin1');
  const digits = node.tag === TAG.utcTime ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits);
  if (!match || (node.tag !== TAG.utcTime && node.tag !== TAG.generalizedTime)) throw new DerError('Not a time');
  const [, year, month, day, hour, minute, second] = match;
  const instant = fromRfc3339(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (instant === undefined) throw new DerError('No such time');
  return instant;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const STRING_DECODERS: Readonly<Record<number, (content: Buffer) => string>> = {
  [TAG.utf8String]: (content) => utf8.decode(content),
  [TAG.numericString]: sevenBit,
  [TAG.printableString]: sevenBit,
  [TAG.ia5String]: sevenBit,
  [TAG.visibleString]: sevenBit,
  [TAG.teletexString]: (content) => content.toString('latin1'),
  [TAG.bmpString]: (content) => {
    if (content.length % 2 !== 0) throw new DerError('A BMPString with half a character');
    const text = Buffer.from(content).swap16().toString('utf16le');
    if (!text.isWellFormed()) throw new DerError('A BMPString with a lone surrogate');
    return text;
  },
  // X.690 §8.23.8: four octets for each character.
  [TAG.universalString]: (content) => {
    if (content.length % 4 !== 0) throw new DerError('A UniversalString with a part of a character');
    const points = Array.from({ length: content.length / 4 }, (_, index) => content.readUInt32BE(index * 4));
    const text = String.fromCodePoint(...points);
    if (!text.isWellFormed()) throw new DerError('A UniversalString with a lone surrogate');
    return text;
  },
};

/** Whether it is one of the string types that names use. */
export const isString = ({ tag }: DerNode): boolean => tag in STRING_DECODERS;

/** Any of the string types that names use, control characters included: the caller checks the text. @throws DerError */
export function readString(node: DerNode): string {
  const decode = STRING_DECODERS[node.tag];
  if (!decode) throw new DerError('Not a string');
  try {
    return decode(node.content);
  } catch {
    throw new DerError('A string has octets that its type does not permit');
  }
}

function sevenBit(content: Buffer): string {
  if (content.some((octet) => octet >= 0x80)) throw new DerError('Not seven bits');
  return content.toString('latin1');
}
