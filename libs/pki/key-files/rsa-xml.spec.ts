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
const NAMESPACE = 'xmlns="http://www.w3.org/2000/09/xmldsig#"';
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
    ['after one with single quotes', () => `<?xml version='1.0' encoding='UTF-8'?>${written}`],
    [
      'after one that says UTF-16, as a StringWriter of .NET has it',
      () => `<?xml version="1.0" encoding="utf-16"?>${written}`,
    ],
    [
      'after one with standalone, as the Transformer of Java has it',
      () => `<?xml version="1.0" encoding="UTF-8" standalone="no"?>${written}`,
    ],
    ['with the namespace of XML Signature', () => written.replace('<RSAKeyValue>', `<RSAKeyValue ${NAMESPACE}>`)],
    [
      'with a prefix',
      () =>
        written
          .replaceAll(/<(\/?)(\w)/g, '<$1ds:$2')
          .replace('<ds:RSAKeyValue>', `<ds:RSAKeyValue ${NAMESPACE.replace('xmlns', 'xmlns:ds')}>`),
    ],
    ['with comments', () => `<!-- a -->${written.replace('<P>', '<!-- p - q --><P>')}<!-- b -->`],
    ['with line ends as character references', () => written.replaceAll(/[A-Za-z0-9+/]{76}/g, '$&&#13;\n')],
    ['with the root of phpseclib', () => written.replaceAll('RSAKeyValue', 'RSAKeyPair').replaceAll('><', '>\r\n  <')],
    [
      'as serialised RSAParameters',
      () =>
        written
          .replace('<RSAKeyValue>', '<RSAParameters xmlns:xsi="urn:a" xmlns:xsd="urn:b">')
          .replace('</RSAKeyValue>', '</RSAParameters>'),
    ],
    ['with a byte order mark', () => `\u{feff}${written}`],
  ])('RSAKeyValue is read %s', async (_, text) => {
    expect((await readKey('rsa-xml', text(), { algorithm: 'RS256' })).signingKey.equals(privateKey)).toBe(true);
  });

  it.each([
    ['a document type', `<!DOCTYPE RSAKeyValue [<!ENTITY x "y">]>${written}`],
    ['an external entity', `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${written.replace('AQAB', '&x;')}`],
    ['an entity', written.replace('AQAB', '&#65;QAB')],
    ['CDATA', written.replace('AQAB', '<![CDATA[AQAB]]>')],
    ['a processing instruction', written.replace('<P>', '<?php ?><P>')],
    ['an attribute', written.replace('<Modulus>', '<Modulus a="b">')],
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
    ['a comment inside a number', written.replace('AQAB', 'AQ<!-- -->AB')],
    ['a comment that is not closed', `${written}<!-- `],
    ['a comment with two hyphens in it', `<!-- a -- b -->${written}`],
    ['an attribute at the root', written.replace('<RSAKeyValue>', '<RSAKeyValue Id="a">')],
    ['a prefix that nothing declares', written.replaceAll(/<(\/?)(\w)/g, '<$1ds:$2')],
    ['an element of another namespace', written.replace('<P>', '<x:P>').replace('</P>', '</x:P>')],
    ['two byte order marks', `\u{feff}\u{feff}${written}`],
    ['a declaration without a version', `<?xml encoding="utf-8"?>${written}`],
    ['a second declaration', `<?xml version="1.0"?><?xml version="1.0"?>${written}`],
    ['a declaration of another encoding', `<?xml version="1.0" encoding="utf-7"?>${written}`],
  ])('RSAKeyValue with %s is rejected', async (_, text) => {
    expect(text).not.toBe(written);
    await expect(readKey('rsa-xml', text, { algorithm: 'RS256' })).rejects.toThrow(
      expect.objectContaining({ code: cryptoErrors.INVALID_KEY.code }),
    );
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
