import { describe, expect, it } from 'vitest';
import { DerError, parseDer } from '#asn1';
import * as der from '../../../test/support/asn1.js';
import { encodeName, formatName, readName } from './names.js';

describe('a distinguished name', () => {
  it('an attribute that is no string is shown by its encoding, and rejected where its type has strings', () => {
    // x500UniqueIdentifier (RFC 4519 §2.44) is a BIT STRING.
    const name = (type: string, value: Buffer) => parseDer(der.name([type, value]));
    const read = readName(name('2.5.4.45', der.bitString(Buffer.of(1))));
    expect(formatName(read)).toBe('2.5.4.45=#03020001');
    expect(formatName([{ type: 'commonName', value: '#03020001' }])).toBe('CN=\\#03020001');
    expect(() => readName(name('2.5.4.3', der.bitString(Buffer.of(1))))).toThrow(DerError);
  });

  it('a part of a name without any attribute says nothing', () => {
    const [organization] = parseDer(der.name(['2.5.4.10', der.utf8String('Acme')])).children;
    const name = parseDer(der.sequence(der.set(), organization!.raw));
    expect(formatName(readName(name))).toBe('O=Acme');
  });

  it('a distinguished name is read with a NumericString', () => {
    const read = readName(parseDer(der.name(['2.5.4.5', der.element(0x12, Buffer.from('4711'))])));
    expect(formatName(read)).toBe('serialNumber=4711');
  });

  it('a distinguished name is written and read in the order of its attributes', () => {
    const name = [
      { type: 'countryName', value: 'DE' },
      { type: 'commonName', value: 'Ä' },
    ] as const;
    expect(encodeName(name).toString('hex')).toBe('301a310b3009060355040613024445310b300906035504030c02c384');
    expect(formatName(readName(parseDer(encodeName(name))))).toBe('CN=Ä,C=DE');
  });
});
