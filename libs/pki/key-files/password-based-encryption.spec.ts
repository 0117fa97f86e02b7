import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseBer } from '#asn1';
import { cryptoErrors, keyFileErrors, privateKeyToBytes } from '#crypto';
import { decryptPrivateKeyInfo, encryptPrivateKeyInfo } from './password-based-encryption.js';
import { checkPkcs12Mac, makePkcs12Mac } from './pkcs12-mac.js';
import { readPkcs12, writePkcs12 } from './pkcs12.js';
import * as der from '../../../test/support/asn1.js';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pkcs8 = privateKeyToBytes(privateKey);
const withCode = ({ code }: { readonly code: string }) => expect.objectContaining({ code });

const [PBES2, PBKDF2, SCRYPT] = ['1.2.840.113549.1.5.13', '1.2.840.113549.1.5.12', '1.3.6.1.4.1.11591.4.11'];
const AES_256 = der.sequence(der.objectIdentifier('2.16.840.1.101.3.4.1.42'), der.octetString(Buffer.alloc(16)));
const SALT = der.octetString(Buffer.alloc(16, 1));
const pbes2 = (derivation: Buffer, cipher = AES_256): Buffer =>
  der.sequence(
    der.sequence(der.objectIdentifier(PBES2!), der.sequence(derivation, cipher)),
    der.octetString(Buffer.alloc(64, 2)),
  );
const pbkdf2 = (...parameters: Buffer[]): Buffer =>
  der.sequence(der.objectIdentifier(PBKDF2!), der.sequence(...parameters));
const scrypt = (...cost: number[]): Buffer =>
  der.sequence(der.objectIdentifier(SCRYPT!), der.sequence(SALT, ...cost.map((number) => der.integer(number))));

describe('encrypted private keys', () => {
  it('encrypted private keys open with their passphrase only', async () => {
    const sealed = parseBer(await encryptPrivateKeyInfo(pkcs8, 'right', 1_000));
    expect(await decryptPrivateKeyInfo(sealed, 'right')).toEqual(pkcs8);
    await expect(decryptPrivateKeyInfo(sealed, 'wrong')).rejects.toThrow(withCode(keyFileErrors.PASSPHRASE_INVALID));
  });

  it.each([
    ['iterations without end', pbes2(pbkdf2(SALT, der.integer(2 ** 31)))],
    ['no iteration', pbes2(pbkdf2(SALT, der.integer(0)))],
    ['a huge salt', pbes2(pbkdf2(der.octetString(Buffer.alloc(10_000)), der.integer(1)))],
    ['a key of another length', pbes2(pbkdf2(SALT, der.integer(1), der.integer(16)))],
    ['an unknown derivation', pbes2(der.sequence(der.objectIdentifier('1.2.3'), der.sequence()))],
    ['an unknown cipher', pbes2(pbkdf2(SALT, der.integer(1)), der.sequence(der.objectIdentifier('1.2.3'), SALT))],
    [
      'a short vector',
      pbes2(
        pbkdf2(SALT, der.integer(1)),
        der.sequence(der.objectIdentifier('2.16.840.1.101.3.4.1.42'), der.octetString(Buffer.alloc(8))),
      ),
    ],
    ['scrypt with all the memory', pbes2(scrypt(2 ** 20, 8, 1))],
    ['scrypt in parallel without end', pbes2(scrypt(2, 1, 2 ** 26))],
    ['scrypt with a cost that is no power of two', pbes2(scrypt(1_000, 8, 1))],
  ])('encrypted private keys that demand %s are rejected before any work', async (_, encrypted) => {
    // What they demand would take longer than a test may, more memory than Node gives, or another error.
    await expect(decryptPrivateKeyInfo(parseBer(encrypted), 'any')).rejects.toThrow(withCode(cryptoErrors.INVALID_KEY));
  });

  it('a PKCS#12 MAC with too many iterations is rejected before any work', async () => {
    const digest = der.sequence(der.sequence(der.objectIdentifier('2.16.840.1.101.3.4.2.1'), der.nullValue()), SALT);
    const macData = parseBer(der.sequence(digest, SALT, der.integer(2 ** 31)));
    await expect(checkPkcs12Mac(macData, Buffer.alloc(1), 'any')).rejects.toThrow(withCode(cryptoErrors.INVALID_KEY));
  });
});

describe('PKCS#12', () => {
  it('deriving the key of a PKCS#12 MAC lets other work continue', async () => {
    let turns = 0;
    let ticking = setImmediate(function tick() {
      turns += 1;
      ticking = setImmediate(tick);
    });
    await makePkcs12Mac(Buffer.from('content'), 'a passphrase', 100_000);
    clearImmediate(ticking);
    expect(turns).toBeGreaterThan(20);
  });

  it('a PKCS#12 file is read with its passphrase, and not where a byte was altered', async () => {
    const file = await writePkcs12({ pkcs8, friendlyName: 'key' }, 'a passphrase', 1_000);
    const read = await readPkcs12(file, 'a passphrase');
    expect(privateKeyToBytes(await read.check())).toEqual(pkcs8);
    const altered = Buffer.from(file);
    altered[file.length >> 1]! ^= 1;
    await expect(readPkcs12(altered, 'a passphrase')).rejects.toThrow(withCode(keyFileErrors.PASSPHRASE_INVALID));
  });

  it('the key of a PKCS#12 MAC is derived as RFC 7292 appendix B says, for a short file by hand', async () => {
    // One round, no salt, the empty passphrase: the key is SHA-1 over 64 bytes of 3 and 64 of the terminator's zeros.
    const content = Buffer.from('content');
    const key = createHash('sha1').update(Buffer.alloc(64, 3)).update(Buffer.alloc(64)).digest();
    const mac = createHmac('sha1', key).update(content).digest();
    const digest = der.sequence(
      der.sequence(der.objectIdentifier('1.3.14.3.2.26'), der.nullValue()),
      der.octetString(mac),
    );
    const macData = parseBer(der.sequence(digest, der.octetString(Buffer.alloc(0))));
    await expect(checkPkcs12Mac(macData, content, '')).resolves.toBeUndefined();
  });
});
