import { describe, expect, it } from 'vitest';
import { parseDer } from '#asn1';
import { encodeName, formatName, readName } from './names.js';

describe('a distinguished name', () => {
  it('a distinguished name is written and read in the order of its attributes', () => {
    const name = [
      { type: 'countryName', value: 'DE' },
      { type: 'commonName', value: 'Ä' },
    ] as const;
    expect(encodeName(name).toString('hex')).toBe('301a310b3009060355040613024445310b300906035504030c02c384');
    expect(formatName(readName(parseDer(encodeName(name))))).toBe('CN=Ä,C=DE');
  });
});
