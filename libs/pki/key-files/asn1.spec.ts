import { describe, expect, it } from 'vitest';
import { TAG, countOf, der, identifierOf, integerOf, octetsOf, partsOf, readAsn1 } from './asn1.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('ASN.1', () => {
  it('reads what it writes', () => {
    const value = readAsn1(
      der.sequence(
        der.integer(600_000),
        der.identifier('1.2.840.113549.1.5.13'),
        der.octets(Buffer.alloc(300, 7)),
        der.integer(128),
      ),
    );
    const [iterations, identifier, octets, padded] = partsOf(value);
    expect(integerOf(iterations)).toBe(600_000n);
    expect(identifierOf(identifier)).toBe('1.2.840.113549.1.5.13');
    expect(octetsOf(octets)).toEqual(Buffer.alloc(300, 7));
    expect(padded!.encoding).toEqual(hex('02 02 00 80'));
    expect(identifierOf(readAsn1(der.identifier('2.16.840.1.101.3.4.1.42')))).toBe('2.16.840.1.101.3.4.1.42');
  });

  it('reads indefinite lengths and strings in pieces, as BER has them', () => {
    const value = readAsn1(hex('30 80 24 80 04 02 0102 04 01 03 0000 02 01 05 0000'));
    const [octets, integer] = partsOf(value);
    expect(octetsOf(octets)).toEqual(hex('010203'));
    expect(integerOf(integer)).toBe(5n);
  });

  it.each([
    ['nothing', ''],
    ['no length', '30'],
    ['a length beyond the end', '30 05 02 01 01'],
    ['bytes after the end', '30 03 02 01 01 00'],
    ['a child longer than its parent', '30 03 02 05 01'],
    ['no end of contents', '30 80 02 01 01'],
    ['an indefinite primitive', '04 80 00 00'],
    ['a long tag', '1f 81 01 00'],
    ['a length of five bytes', '30 85 00 00 00 00 00'],
    ['nesting without end', '30 80'.repeat(1_000)],
    ['too many values', `30 83 001388 ${'05 00'.repeat(2_500)}`],
  ])('refuses %s', (_, text) => {
    expect(() => readAsn1(hex(text))).toThrow('ASN.1');
  });

  it('refuses negative and empty numbers, and another type', () => {
    for (const text of ['02 01 80', '02 00', '04 01 01']) expect(() => integerOf(readAsn1(hex(text)))).toThrow('ASN.1');
    expect(() => countOf(readAsn1(der.integer(11)), 10)).toThrow('too much work');
    expect(() => partsOf(readAsn1(der.null()), TAG.set)).toThrow('ASN.1');
    expect(() => identifierOf(readAsn1(der.octets(hex('2a'))))).toThrow('ASN.1');
  });
});
