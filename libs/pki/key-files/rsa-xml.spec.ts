import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cryptoErrors } from '#crypto';
import { keyFormats, readKey } from './key-file.js';
import { readRsaXml } from './rsa-xml.js';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const written = await keyFormats['rsa-xml'].writePrivate(privateKey, {
  kid: 'k',
  algorithm: 'RS256',
  name: 'n',
  passphrase: '',
});
const element = (name: string): string => new RegExp(`<${name}>.*</${name}>`).exec(written)![0];

describe('RSAKeyValue', () => {
  it('RSAKeyValue gives the same key again', async () => {
    const { signingKey } = await readKey('rsa-xml', written, { algorithm: 'RS256' });
    expect(signingKey.equals(privateKey)).toBe(true);
    expect(written).toMatch(/^<RSAKeyValue><Modulus>[^<]+<\/Modulus><Exponent>AQAB<\/Exponent><P>/);
  });

  it('RSAKeyValue has numbers of the lengths that .NET demands', () => {
    const bytes = Object.fromEntries(
      [...written.matchAll(/<(\w+)>([A-Za-z0-9+/=]+)<\//g)].map(([, name, text]) => [
        name,
        Buffer.from(text!, 'base64').length,
      ]),
    );
    expect(bytes).toEqual({ Modulus: 256, Exponent: 3, P: 128, Q: 128, DP: 128, DQ: 128, InverseQ: 128, D: 256 });
  });

  it.each([
    ['in another order', () => written.replace(element('D'), '').replace('<Modulus>', `${element('D')}<Modulus>`)],
    [
      'indented, with wrapped Base64',
      () => written.replaceAll('><', '>\r\n\t<').replaceAll(/[A-Za-z0-9+/]{64}/g, '$&\n    '),
    ],
    ['after a declaration', () => `<?xml version="1.0" encoding="utf-8"?>\n${written}\n`],
  ])('RSAKeyValue is read %s', async (_, text) => {
    expect((await readKey('rsa-xml', text(), { algorithm: 'RS256' })).signingKey.equals(privateKey)).toBe(true);
  });

  it.each([
    ['a document type', `<!DOCTYPE RSAKeyValue [<!ENTITY x "y">]>${written}`],
    ['an external entity', `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${written.replace('AQAB', '&x;')}`],
    ['an entity', written.replace('AQAB', '&#65;QAB')],
    ['a comment', written.replace('<P>', '<!-- p --><P>')],
    ['CDATA', written.replace('AQAB', '<![CDATA[AQAB]]>')],
    ['a processing instruction', written.replace('<P>', '<?php ?><P>')],
    ['an attribute', written.replace('<Modulus>', '<Modulus a="b">')],
    ['a namespace', written.replace('<RSAKeyValue>', '<RSAKeyValue xmlns="http://www.w3.org/2000/09/xmldsig#">')],
    ['an element twice', written.replace('</RSAKeyValue>', `${element('Exponent')}</RSAKeyValue>`)],
    ['another element', written.replace('</RSAKeyValue>', '<X>AQAB</X></RSAKeyValue>')],
    ['an element of the prototype', written.replaceAll('InverseQ', 'constructor')],
    ['another case', written.replaceAll('Modulus', 'MODULUS')],
    ['another case of the root', written.replaceAll('RSAKeyValue', 'rsakeyvalue')],
    ['an empty element', written.replace('AQAB', '')],
    ['an element inside another', written.replace('AQAB', '<P>AQAB</P>')],
    ['Base64 without padding', written.replace('=</D>', '</D>')],
    ['Base64url', written.replace('AQAB', 'AQ-_')],
    ['text after the end', `${written}x`],
    ['text before the start', `x${written}`],
    ['no end', written.replace('</RSAKeyValue>', '')],
    ['two roots', written + written],
    ['a public half only', `<RSAKeyValue>${element('Modulus')}${element('Exponent')}</RSAKeyValue>`],
    ['a byte order mark', `\u{feff}${written}`],
    ['a declaration of another encoding', `<?xml version="1.0" encoding="utf-7"?>${written}`],
  ])('RSAKeyValue with %s is rejected', async (_, text) => {
    expect(text).not.toBe(written);
    expect(() => readRsaXml(text)).toThrow(expect.objectContaining({ code: cryptoErrors.INVALID_KEY.code }));
  });

  it('RSAKeyValue of more than 16 KiB is rejected, and what almost matches within 50 ms of processor time', async () => {
    await expect(readKey('rsa-xml', written + ' '.repeat(16_384), { algorithm: 'RS256' })).rejects.toThrow('too long');
    const start = process.threadCpuUsage();
    for (const text of [
      `<RSAKeyValue>${' '.repeat(16_000)}`,
      `<RSAKeyValue><P>${'A '.repeat(8_000)}`,
      '<RSAKeyValue>'.repeat(1_200),
      `${' '.repeat(16_000)}<`,
    ]) {
      expect(() => readRsaXml(text)).toThrow('RSAKeyValue');
    }
    // Processor time of this thread: what else the machine does is not in it.
    expect(process.threadCpuUsage(start).user).toBeLessThan(50_000);
  });
});
