import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as der from './der.js';
import {
  DerError,
  DerFields,
  parseDer,
  readBitString,
  readBoolean,
  readInteger,
  readNamedBits,
  readObjectIdentifier,
  readString,
  readTime,
} from './der-reader.js';

const hex = (bytes: Buffer): string => bytes.toString('hex');
const node = (text: string) => parseDer(Buffer.from(text, 'hex'));

describe('known encodings', () => {
  it.each([
    ['INTEGER 0', der.integer(0), '020100'],
    ['INTEGER 127', der.integer(127), '02017f'],
    ['INTEGER 128', der.integer(128), '02020080'],
    ['INTEGER 65537', der.integer(65_537), '0203010001'],
    ['INTEGER 2^64', der.integer(1n << 64n), '0209010000000000000000'],
    ['unsigned with leading zeros', der.unsignedInteger(Buffer.from('0000ff', 'hex')), '020200ff'],
    ['BOOLEAN TRUE', der.boolean(true), '0101ff'],
    ['NULL', der.nullValue(), '0500'],
    ['ENUMERATED 6', der.enumerated(6), '0a0106'],
    ['id-ecPublicKey', der.objectIdentifier('1.2.840.10045.2.1'), '06072a8648ce3d0201'],
    ['2.999.3 (X.690 §8.19.5)', der.objectIdentifier('2.999.3'), '0603883703'],
    ['KeyUsage digitalSignature', der.namedBits([0]), '03020780'],
    ['KeyUsage keyCertSign, cRLSign', der.namedBits([5, 6]), '03020106'],
    ['KeyUsage decipherOnly', der.namedBits([8]), '0303070080'],
    ['no bits', der.namedBits([]), '030100'],
    ['BIT STRING of octets', der.bitString(Buffer.of(1, 2)), '0303000102'],
    ['UTCTime', der.time(Date.UTC(2049, 11, 31, 23, 59, 59, 999)), '170d3439313233313233353935395a'],
    ['GeneralizedTime', der.time(Date.UTC(2050, 0, 1)), '180f32303530303130313030303030305a'],
    ['BMPString', der.bmpString('Aß'), '1e04004100df'],
    ['[0] EXPLICIT', der.explicit(0, der.integer(2)), 'a003020102'],
    ['[2] IMPLICIT', der.implicit(2, Buffer.from('a')), '820161'],
    ['SET OF in order', der.set(der.integer(300), der.integer(2)), '31070201020202012c'],
  ])('the DER encoding of %s is known', (_, bytes, expected) => {
    expect(hex(bytes)).toBe(expected);
  });

  it.each([
    [127, '047f'],
    [128, '048180'],
    [255, '0481ff'],
    [256, '04820100'],
    [65_536, '0483010000'],
  ])('the DER encoding of a length of %i is known', (length, head) => {
    expect(hex(der.octetString(Buffer.alloc(length)).subarray(0, head.length / 2))).toBe(head);
  });
});

describe('what is not DER', () => {
  it.each([
    ['nothing', ''],
    ['half an element', '30'],
    ['content cut off', '3003020100ff'.slice(0, 8)],
    ['bytes behind it', '02010000'],
    ['an indefinite length', '30800000'],
    ['a long form that is not needed', '02810100'],
    ['a length with leading zeros', `04820080${'00'.repeat(128)}`],
    ['a length of five octets', '04850000000001'],
    ['a tag above 30', '1f8101 00'.replace(' ', '')],
    ['a child longer than its parent', '3003020500'],
  ])('the DER reader rejects %s', (_, text) => {
    expect(() => node(text)).toThrow(DerError);
  });

  it.each([
    ['an empty integer', () => readInteger(node('0200'))],
    ['a padded integer', () => readInteger(node('02020001'))],
    ['a padded negative integer', () => readInteger(node('0202ff80'))],
    ['a boolean of 01', () => readBoolean(node('010101'))],
    ['an identifier cut off', () => readObjectIdentifier(node('06022a86'))],
    ['an identifier with padding', () => readObjectIdentifier(node('06032a8001'))],
    ['a bit string of seven bits', () => readBitString(node('03020180'))],
    ['30 February', () => readTime(node('170d3236303233303030303030305a'))],
    ['a time without seconds', () => readTime(node('170b323630323032303030305a'))],
    ['a time with an offset', () => readTime(parseDer(der.element(0x17, Buffer.from('260202000000+0100'))))],
    ['UTF-8 that is none', () => readString(node('0c01ff'))],
    ['eight bits in an IA5String', () => readString(node('1601e4'))],
    ['half a BMP character', () => readString(node('1e0100'))],
    ['a lone surrogate', () => readString(node('1e02d800'))],
    ['a field that is missing', () => DerFields.of(node('3000')).take()],
    ['a field too many', () => DerFields.of(node('3003020100')).end()],
  ])('the DER reader rejects %s', (_, read) => {
    expect(read).toThrow(DerError);
  });

  it('the DER reader rejects depth 33 without reading on, at any depth', () => {
    const nested = (depth: number): Buffer => {
      let bytes: Buffer = Buffer.alloc(0);
      for (let level = 0; level < depth; level += 1) bytes = der.sequence(bytes);
      return bytes;
    };
    expect(parseDer(nested(32)).tag).toBe(0x30);
    expect(() => parseDer(nested(33))).toThrow('Nested too deeply');
    expect(() => parseDer(nested(3_000))).toThrow('Nested too deeply');
    // The stack does not grow with the input even where the size does not stop it.
    expect(() => parseDer(nested(10_000), { maxBytes: 1 << 20, maxDepth: 32 })).toThrow('Nested too deeply');
    expect(() => parseDer(nested(10_000))).toThrow('More than 16384 bytes');
  });
});

describe('what others write', () => {
  it.each([
    ['03020780', [0], 'without zeros at the end'],
    ['03020080', [0], 'in a whole octet'],
    ['03020180', [0], 'with some of them'],
    ['0303078000', [0], 'with an octet of them'],
    ['030307a000', [0, 2], 'with an octet of them and two bits'],
    ['03020006', [5, 6], 'of an authority'],
    ['03020000', [], 'of zeros only'],
  ])('the named bits %s are read: %j, %s', (text, bits) => {
    expect(readNamedBits(node(text))).toEqual(bits);
  });

  it.each(['03020781', '0302018f', '030107', '030208', '0300'])('the named bits %s are rejected', (text) => {
    expect(() => readNamedBits(node(text))).toThrow(DerError);
  });

  it.each([
    ['NumericString', '120431323334', '1234'],
    ['VisibleString', '1a0241 62'.replace(' ', ''), 'Ab'],
    ['UniversalString', '1c0c000000410001f600000000df', 'A\u{1f600}ß'],
    ['BMPString', '1e0400 4100df'.replace(' ', ''), 'Aß'],
    ['TeletexString', '1402 41df'.replace(' ', ''), 'Aß'],
  ])('a %s is read', (_, text, expected) => {
    expect(readString(node(text))).toBe(expected);
  });

  it.each(['1c0300 0041', '1c0400110000', '1c040000d800', '12 0181', '1b0141'])('the string %s is rejected', (text) => {
    expect(() => readString(node(text.replaceAll(' ', '')))).toThrow(DerError);
  });
});

describe('what is written is read', () => {
  it('integers, identifiers, bits and times are read from DER as they were written', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 1n << 200n }),
        (value) => readInteger(parseDer(der.integer(value))) === value,
      ),
    );
    fc.assert(
      fc.property(fc.nat({ max: 39 }), fc.array(fc.nat(), { maxLength: 8 }), (second, rest) => {
        const dotted = [1, second, ...rest].join('.');
        return readObjectIdentifier(parseDer(der.objectIdentifier(dotted))) === dotted;
      }),
    );
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 8 })), (bits) => {
        expect(readNamedBits(parseDer(der.namedBits(bits)))).toEqual([...bits].sort((a, b) => a - b));
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: -631_152_000, max: 253_402_300_799 }), (seconds) => {
        return readTime(parseDer(der.time(seconds * 1000))) === seconds * 1000;
      }),
    );
  });

  it('whatever is read as DER is written the same', () => {
    const rewrite = (read: ReturnType<typeof parseDer>): Buffer =>
      read.tag & 0x20 ? der.element(read.tag, ...read.children.map(rewrite)) : der.element(read.tag, read.content);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          const read = parseDer(Buffer.from(bytes));
          return rewrite(read).equals(Buffer.from(bytes));
        } catch (error) {
          return error instanceof DerError;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
