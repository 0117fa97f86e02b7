import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AlgorithmName, algorithm, privateKeyToBytes, publicKeyToBytes, type GeneratedKey } from '#crypto';
import { type KeyFormatName, keyFormatNames, keyFormats, publicKeyFormatNames, readKey, writePkcs12 } from '#pki';
import { withCode } from '../../support/errors.js';
import { generatedKey } from '../../support/generated-key.js';
import { PASSPHRASE, Workbench, isInstalled } from './files.js';

const bench = new Workbench();
afterAll(() => bench.remove());
const OPTIONS = { kid: 'a-kid', name: 'partner tokens ü', passphrase: PASSPHRASE };
/** A round trip does not depend on the number of iterations; the number itself is checked with one key. */
const FEW_ITERATIONS = 1_000;
const PASS = ['-passin', `pass:${PASSPHRASE}`];

const written = async (
  format: KeyFormatName,
  alg: AlgorithmName,
  key: Parameters<typeof privateKeyToBytes>[0],
  iterations: { iterations?: number } = { iterations: FEW_ITERATIONS },
) => keyFormats[format].writePrivate(key, { ...OPTIONS, ...iterations, algorithm: alg });

describe.each<AlgorithmName>(['RS256', 'ES256', 'ES512', 'EdDSA', 'HS256', 'ML-DSA-44'])('%s', (name) => {
  const row = algorithm(name);
  const formats = keyFormatNames.filter((format) => keyFormats[format].holds.includes(row.kind));

  it.each(formats)(`a key for ${name} written as %s is imported as the same key`, async (format) => {
    const key =
      row.kind === 'hmac'
        ? (await readKey('secret', 'a random secret would be no text', { algorithm: name })).signingKey
        : (await generatedKey(name)).signingKey;
    const text = await written(format, name, key);
    const { signingKey: again, weak } = await readKey(format, text, { algorithm: name, passphrase: PASSPHRASE });
    expect(again.equals(key)).toBe(true);
    expect(weak).toBe(false);
  });
});

/** One key is written as the product writes it, without a number of iterations from here. */
const PAIRS: readonly (readonly [AlgorithmName, number, { iterations?: number }])[] = [
  ['RS256', 600_000, {}],
  ['ES384', FEW_ITERATIONS, { iterations: FEW_ITERATIONS }],
  ['EdDSA', FEW_ITERATIONS, { iterations: FEW_ITERATIONS }],
];

describe.each(PAIRS)('openssl reads %s', (name, count, iterations) => {
  let key: GeneratedKey;
  beforeAll(async () => {
    key = await generatedKey(name);
  });

  it(`openssl reads ${name} as encrypted PKCS#8 by PBES2 with AES-256 and ${count} iterations`, async () => {
    bench.write('key.pem', await written('pem', name, key.signingKey, iterations));
    const spki = bench.openssl('pkey', '-in', 'key.pem', ...PASS, '-pubout');
    expect(createPublicKey(spki).equals(key.verifyingKey)).toBe(true);
    const structure = bench.openssl('asn1parse', '-in', 'key.pem');
    for (const part of [':PBES2', ':PBKDF2', ':hmacWithSHA256', ':aes-256-cbc', `:${hexadecimal(count)}`]) {
      expect(structure).toContain(part);
    }
    expect(() => bench.openssl('pkey', '-in', 'key.pem', '-passin', 'pass:another')).toThrow('Command failed');
  });

  it(`openssl reads ${name} as PKCS#12 by AES-256-CBC and a MAC with HMAC-SHA256, ${count} iterations`, async () => {
    bench.write('key.p12', Buffer.from(await written('pkcs12', name, key.signingKey, iterations), 'base64'));
    const pem = bench.openssl('pkcs12', '-in', 'key.p12', ...PASS, '-nodes', '-nocerts');
    expect(createPrivateKey(pem).equals(key.signingKey)).toBe(true);
    const info = bench.run('sh', ['-c', `openssl pkcs12 -in key.p12 -passin "$0" -info -noout 2>&1`, PASS[1]!]);
    expect(info).toContain(`MAC: sha256, Iteration ${count}`);
    expect(info).toContain(`PBES2, PBKDF2, AES-256-CBC, Iteration ${count}, PRF hmacWithSHA256`);
    expect(() => bench.openssl('pkcs12', '-in', 'key.p12', '-passin', 'pass:another', '-nodes')).toThrow(
      'Command failed',
    );
  });

  it(`openssl reads ${name} as a public half in PEM`, () => {
    const text = keyFormats.pem.writePublic!(key.signingKey, { kid: 'k', algorithm: name });
    bench.write('public.pem', text);
    expect(bench.openssl('pkey', '-pubin', '-in', 'public.pem', '-pubout')).toBe(text);
  });
});

/** An INTEGER as `openssl asn1parse` prints it. */
function hexadecimal(number: number): string {
  const digits = number.toString(16).toUpperCase();
  return digits.padStart(digits.length + (digits.length % 2), '0');
}

describe('what else reads them', () => {
  it('openssl reads a PKCS#12 file with its certificates', async () => {
    bench.openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'k.pem',
      '-subj',
      '/CN=own',
      '-out',
      'c.pem',
    );
    bench.openssl('x509', '-in', 'c.pem', '-outform', 'DER', '-out', 'c.der');
    const pkcs8 = privateKeyToBytes(createPrivateKey(bench.read('k.pem')));
    const contents = { pkcs8, friendlyName: 'bundle', certificates: [bench.read('c.der')] };
    bench.write('java.p12', await writePkcs12(contents, 'ascii for Java', FEW_ITERATIONS));
    bench.write('bundle.p12', await writePkcs12(contents, PASSPHRASE, FEW_ITERATIONS));
    const pem = bench.openssl('pkcs12', '-in', 'bundle.p12', ...PASS, '-nodes', '-clcerts');
    expect(pem).toContain(bench.read('c.pem').toString().trim());
    expect(pem).toContain('BEGIN PRIVATE KEY');
  });

  it.skipIf(!isInstalled('keytool', '-help'))('Java reads a PKCS#12 file with its certificates', () => {
    const list = bench.run('keytool', ['-list', '-keystore', 'java.p12', '-storepass', 'ascii for Java']);
    expect(list).toContain('bundle');
    expect(list).toContain('PrivateKeyEntry');
  });

  const PYTHON = `
import base64, sys
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.serialization import pkcs12
key, certificate, _ = pkcs12.load_key_and_certificates(base64.b64decode(sys.argv[1]), sys.argv[2].encode())
other = s.load_pem_private_key(sys.argv[3].encode(), sys.argv[2].encode())
der = lambda k: k.public_key().public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)
assert certificate is None and der(key) == der(other)
print(der(key).hex())
`;
  it.skipIf(!isInstalled('python3', '-c', 'import cryptography'))(
    'Python cryptography reads both encrypted forms',
    async () => {
      for (const name of ['RS256', 'EdDSA'] as const) {
        const { signingKey, verifyingKey } = await generatedKey(name);
        const files = [await written('pkcs12', name, signingKey), PASSPHRASE, await written('pem', name, signingKey)];
        const hex = bench.run('python3', ['-c', PYTHON, ...files]).trim();
        expect(hex).toBe(publicKeyToBytes(verifyingKey).toString('hex'));
      }
    },
  );
});

describe('public halves', () => {
  it('the public half of a key holds nothing private', async () => {
    const { signingKey } = await generatedKey('RS256');
    expect(publicKeyFormatNames).toEqual(['pem', 'jwk', 'rsa-xml']);
    const texts = publicKeyFormatNames.map((format) =>
      keyFormats[format].writePublic!(signingKey, { kid: 'k', algorithm: 'RS256' }),
    );
    const { d, p, q, dp, dq, qi } = signingKey.export({ format: 'jwk' });
    for (const text of texts) {
      for (const member of [d, p, q, dp, dq, qi]) {
        expect(text).not.toContain(member);
        expect(text).not.toContain(Buffer.from(member!, 'base64url').toString('base64'));
      }
    }
    expect(texts[2]).toMatch(/^<RSAKeyValue><Modulus>[^<]+<\/Modulus><Exponent>AQAB<\/Exponent><\/RSAKeyValue>$/);
  });

  it('a secret that is no text has no text form', async () => {
    const key = (
      await readKey('secret-base64', Buffer.concat([Buffer.of(0xff), randomBytes(31)]).toString('base64'), {
        algorithm: 'HS256',
      })
    ).signingKey;
    expect(() => keyFormats.secret.writePrivate(key, { ...OPTIONS, algorithm: 'HS256' })).toThrow(
      withCode('INVALID_KEY'),
    );
  });
});
