import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AlgorithmName, algorithm, publicKeyFromBytes } from '#crypto';
import { type KeyFormatName, readKey } from '#pki';
import { withCode } from '../../support/errors.js';
import { PASSPHRASE, Workbench, isInstalled } from './files.js';

const DATA = Buffer.from('signed by what was imported');
const bench = new Workbench();
const openssl = (...args: string[]): string => bench.openssl(...args);
afterAll(() => bench.remove());

interface Pair {
  readonly algorithm: AlgorithmName;
  /** How openssl makes it. */
  readonly options: readonly string[];
}

const PAIRS: Readonly<Record<string, Pair>> = {
  rsa: { algorithm: 'RS256', options: ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'] },
  ec: { algorithm: 'ES256', options: ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'] },
  p384: { algorithm: 'ES384', options: ['EC', '-pkeyopt', 'ec_paramgen_curve:P-384'] },
  p521: { algorithm: 'ES512', options: ['EC', '-pkeyopt', 'ec_paramgen_curve:P-521'] },
  ed25519: { algorithm: 'EdDSA', options: ['ED25519'] },
};
const PASS = `pass:${PASSPHRASE}`;

beforeAll(() => {
  for (const [name, { options }] of Object.entries(PAIRS)) {
    openssl('genpkey', '-algorithm', ...options, '-out', `${name}.pem`);
    openssl('pkey', '-in', `${name}.pem`, '-pubout', '-outform', 'DER', '-out', `${name}.spki`);
    openssl('req', '-new', '-x509', '-key', `${name}.pem`, '-subj', '/CN=test', '-days', '1', '-out', `${name}.crt`);
  }
});

/** The file imports, and its public half as openssl has it verifies what it signs. */
async function expectImport(name: string, format: KeyFormatName, text: string, passphrase?: string): Promise<void> {
  const { algorithm: alg } = PAIRS[name]!;
  const { signingKey, weak } = await readKey(format, text, { algorithm: alg, passphrase });
  const row = algorithm(alg);
  const signature = await row.sign(DATA, signingKey);
  expect(await row.verify(DATA, signature, publicKeyFromBytes(bench.read(`${name}.spki`)))).toBe(true);
  expect(weak).toBe(false);
}

/** Without a passphrase and with a wrong one, the file is refused for just that. */
async function expectProtected(name: string, format: KeyFormatName, text: string): Promise<void> {
  const { algorithm: alg } = PAIRS[name]!;
  await expect(readKey(format, text, { algorithm: alg })).rejects.toThrow(withCode('PASSPHRASE_REQUIRED'));
  const wrong = readKey(format, text, { algorithm: alg, passphrase: 'another one' });
  await expect(wrong).rejects.toThrow(withCode('PASSPHRASE_INVALID'));
  await expectImport(name, format, text, PASSPHRASE);
}

/** What `openssl pkcs8 -v1` writes and this product reads, by node-forge where OpenSSL no longer does by default. */
const LEGACY_SCHEMES = [
  'PBE-SHA1-3DES',
  'PBE-SHA1-2DES',
  'PBE-SHA1-RC2-128',
  'PBE-SHA1-RC2-40',
  'PBE-MD5-DES',
  'PBE-MD5-RC2-64',
  'PBE-SHA1-DES',
  'PBE-SHA1-RC2-64',
];
const LEGACY_PROVIDER = ['-provider', 'legacy', '-provider', 'default'];
const NULL_PASSPHRASE_FILE =
  'MIIBKwIBAzCB8gYJKoZIhvcNAQcBoIHkBIHhMIHeMIHbBgkqhkiG9w0BBwGggc0EgcowgccwgcQGCyqGSIb3DQEMCgECoIG0MIGxMBwGCiqGSIb3DQEMAQMwDgQIDJFV/DO6I8YCAggABIGQ9ASBRtRBm2ijKusmYbiR7vv6RZ5ePsp6d9JJ6Lj8F/lLHYRprfV4rJT1OYBzrD60pX5zmSmaGkFyIzVpWZcmJM1MXyautB/eX8lIsjUIxjTbcLC6mulfQDf7kFeTTNfCB5Py3DktEF6+IPj6Nf2PU6ujvUAxgfEx0pkeRkutBLfdOB9dbYNesDsh0t2c38xnMDEwITAJBgUrDgMCGgUABBTe4Ede4m52cXjH1ILrEoFw1qXSYQQIDJFV/DO6I8YCAggA';

const names = Object.keys(PAIRS);
const traditional = names.filter((name) => name !== 'ed25519');

describe('PEM by openssl', () => {
  it.each(names)('PEM by openssl is read as PKCS#8: %s', (name) =>
    expectImport(name, 'pem', bench.read(`${name}.pem`).toString()),
  );

  it.each(traditional)('PEM by openssl is read as PKCS#1 and SEC 1: %s', async (name) => {
    const text = openssl('pkey', '-in', `${name}.pem`, '-traditional');
    expect(text).toMatch(/BEGIN (RSA|EC) PRIVATE KEY/);
    await expectImport(name, 'pem', text);
  });

  it('PEM by openssl may have a curve by name before its key, with text around', async () => {
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-out', 'named.pem');
    const text = bench.read('named.pem').toString();
    expect(text).toContain('BEGIN EC PARAMETERS');
    await readKey('pem', `Bag Attributes: none\r\n${text.replaceAll('\n', '\r\n')}`, { algorithm: 'ES256' });
  });

  it('PEM by openssl may have a compressed public half, or none', async () => {
    await expectImport('ec', 'pem', openssl('ec', '-in', 'ec.pem', '-conv_form', 'compressed'));
    await expectImport('ec', 'pem', openssl('ec', '-in', 'ec.pem', '-no_public'));
  });

  it.each(traditional.flatMap((name) => ['-aes128', '-aes192', '-aes256', '-des3'].map((cipher) => [name, cipher])))(
    'PEM by openssl is read under the legacy encryption: %s %s',
    async (name, cipher) => {
      const text = openssl('pkey', '-in', `${name!}.pem`, '-traditional', cipher!, '-passout', PASS);
      expect(text).toContain('Proc-Type: 4,ENCRYPTED');
      await expectProtected(name!, 'pem', text);
    },
  );

  it.each(
    names.flatMap(
      (name) =>
        [
          [name, ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA512', '-iter', '5000']],
          [name, ['-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA1']],
          [name, ['-v2', 'aes-192-cbc']],
          [name, ['-v2', 'des3']],
          [name, ['-scrypt']],
        ] as const,
    ),
  )('PEM by openssl is read as PKCS#8 with PBES2: %s %j', async (name, options) => {
    const text = openssl('pkcs8', '-topk8', '-in', `${name}.pem`, ...options, '-passout', PASS);
    expect(text).toContain('BEGIN ENCRYPTED PRIVATE KEY');
    await expectProtected(name, 'pem', text);
  });

  it.each(names.flatMap((name) => LEGACY_SCHEMES.map((scheme) => [name, scheme])))(
    'PEM by openssl: PKCS#8 with a scheme that precedes PBES2: %s %s',
    async (name, scheme) => {
      const options = ['-topk8', '-in', `${name!}.pem`, '-v1', scheme!, '-passout', PASS, ...LEGACY_PROVIDER];
      await expectProtected(name!, 'pem', openssl('pkcs8', ...options));
    },
  );

  it.each([
    ['PBE-SHA1-RC4-128', 'PBE-SHA1-RC4-128'],
    ['PBE-SHA1-RC4-40', 'PBE-SHA1-RC4-40'],
  ])(
    'PEM by openssl: PKCS#8 with %s is rejected by its name and with the command that converts it',
    async (scheme, name) => {
      const options = ['-topk8', '-in', 'rsa.pem', '-v1', scheme, '-passout', PASS, ...LEGACY_PROVIDER];
      const read = readKey('pem', openssl('pkcs8', ...options), { algorithm: 'RS256', passphrase: PASSPHRASE });
      await expect(read).rejects.toThrow(withCode('INVALID_KEY'));
      await expect(read).rejects.toThrow(name);
      await expect(read).rejects.toThrow('openssl pkcs8 -topk8 -v2 aes-256-cbc');
    },
  );

  it.each(['-des', '-rc2-cbc', '-rc2-64-cbc', '-rc2-40-cbc'])(
    'PEM by openssl PEM by openssl under the legacy encryption with %s opens with its passphrase only',
    async (cipher) => {
      const text = openssl('rsa', '-in', 'rsa.pem', '-traditional', cipher, '-passout', PASS, ...LEGACY_PROVIDER);
      expect(text).toContain('Proc-Type: 4,ENCRYPTED');
      await expectProtected('rsa', 'pem', text);
    },
  );

  it.each([
    ['-----BEGIN PRIVATE KEY-----\nMC4CAQ', 'cut off'],
    ['', 'empty'],
    ['hello', 'no PEM'],
  ])('PEM that holds no key is rejected: %s', async (text) => {
    await expect(readKey('pem', text, { algorithm: 'RS256' })).rejects.toThrow(withCode('INVALID_KEY'));
  });

  it('PEM with a public key, a certificate, two keys or a key of another type is rejected', async () => {
    const rsa = bench.read('rsa.pem').toString();
    for (const text of [
      openssl('pkey', '-in', 'rsa.pem', '-pubout'),
      bench.read('rsa.crt').toString(),
      rsa + bench.read('ec.pem').toString(),
      bench.read('p384.pem').toString(),
      openssl('genpkey', '-algorithm', 'X25519'),
      openssl('genpkey', '-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048'),
    ]) {
      await expect(readKey('pem', text, { algorithm: 'RS256' })).rejects.toThrow(withCode('INVALID_KEY'));
    }
    await expect(readKey('pem', rsa, { algorithm: 'ES256' })).rejects.toThrow(withCode('INVALID_KEY'));
    const p384 = bench.read('p384.pem').toString();
    await expect(readKey('pem', p384, { algorithm: 'ES256' })).rejects.toThrow(withCode('INVALID_KEY'));
  });

  it('PEM with explicit curve parameters is rejected (CVE-2020-0601)', async () => {
    const text = openssl('ecparam', '-name', 'prime256v1', '-param_enc', 'explicit', '-genkey', '-noout');
    await expect(readKey('pem', text, { algorithm: 'ES256' })).rejects.toThrow(withCode('INVALID_KEY'));
  });
});

describe('PKCS#12', () => {
  const bundle = (name: string, ...options: string[]): string => {
    const made = ['-export', '-inkey', `${name}.pem`, '-in', `${name}.crt`, '-out', `${name}.p12`];
    openssl('pkcs12', ...made, ...options);
    return bench.read(`${name}.p12`).toString('base64');
  };

  it.each(names)('PKCS#12 by openssl: %s is read', (name) =>
    expectProtected(name, 'pkcs12', bundle(name, '-passout', PASS)),
  );

  it.each([
    [
      'PBE-SHA1-3DES and a MAC with SHA-1',
      ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
    ],
    ['a MAC with SHA-512 and many iterations', ['-macalg', 'sha512', '-iter', '20000']],
    ['RC2 with 40 bits for everything', ['-legacy', '-keypbe', 'PBE-SHA1-RC2-40', '-certpbe', 'PBE-SHA1-RC2-40']],
    ['RC2 with 128 bits', ['-legacy', '-keypbe', 'PBE-SHA1-RC2-128', '-certpbe', 'PBE-SHA1-RC2-128']],
    ['two-key triple DES', ['-keypbe', 'PBE-SHA1-2DES', '-certpbe', 'PBE-SHA1-3DES']],
    ['a MAC with SHA-224', ['-macalg', 'sha224']],
    ['a MAC with SHA-384', ['-macalg', 'sha384']],
    ['no MAC', ['-nomac']],
    ['no certificate', ['-nocerts']],
  ])('PKCS#12 by openssl with %s is read', (_, options) =>
    expectProtected('rsa', 'pkcs12', bundle('rsa', '-passout', PASS, ...options)),
  );

  it('PKCS#12 by openssl without encryption of the key is read', async () => {
    await expectImport('ec', 'pkcs12', bundle('ec', '-passout', PASS, '-keypbe', 'NONE'), PASSPHRASE);
  });

  it('PKCS#12 by openssl with an empty passphrase is read', async () => {
    await expectImport('rsa', 'pkcs12', bundle('rsa', '-passout', 'pass:'));
  });

  it.each([undefined, ''])('PKCS#12 without any octets of a passphrase, asked for as %j', async (passphrase) => {
    // RFC 7292 appendix B.2 step 3, as .NET and Apple mean an empty passphrase; openssl has no option for it.
    const text = NULL_PASSPHRASE_FILE;
    const { signingKey } = await readKey('pkcs12', text, { algorithm: 'ES256', passphrase });
    expect(signingKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    await expect(readKey('pkcs12', text, { algorithm: 'ES256', passphrase: 'x' })).rejects.toThrow(
      withCode('PASSPHRASE_INVALID'),
    );
  });

  it('PKCS#12 in lines of Base64 is read', async () => {
    const lines = bundle('rsa', '-passout', PASS).replaceAll(/.{64}/g, '$&\n');
    await expectImport('rsa', 'pkcs12', lines, PASSPHRASE);
  });

  it.skipIf(!isInstalled('keytool', '-help'))('PKCS#12 by Java is read', async () => {
    const store = ['-keystore', 'java.p12', '-storetype', 'PKCS12', '-storepass', 'java-passphrase'];
    const made = ['-genkeypair', '-alias', 'java', '-keyalg', 'RSA', '-keysize', '2048', '-dname', 'CN=java'];
    bench.run('keytool', [...made, ...store]);
    const text = bench.read('java.p12').toString('base64');
    const { signingKey } = await readKey('pkcs12', text, { algorithm: 'RS256', passphrase: 'java-passphrase' });
    expect(signingKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
  });
});

const PYTHON = `
import base64, json, sys
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.serialization import pkcs12
key = s.load_pem_private_key(open(sys.argv[1], 'rb').read(), None)
word = sys.argv[2].encode()
pem = lambda form, cipher: key.private_bytes(s.Encoding.PEM, form, cipher).decode()
F = s.PrivateFormat
forms = {'pkcs8': pem(F.PKCS8, s.NoEncryption()), 'encrypted': pem(F.PKCS8, s.BestAvailableEncryption(word))}
if sys.argv[1] != 'ed25519.pem':
    forms['traditional'] = pem(F.TraditionalOpenSSL, s.NoEncryption())
    forms['legacy'] = pem(F.TraditionalOpenSSL, s.BestAvailableEncryption(word))
bundle = pkcs12.serialize_key_and_certificates(b'python', key, None, None, s.BestAvailableEncryption(word))
forms['pkcs12'] = base64.b64encode(bundle).decode()
print(json.dumps(forms))
`;

describe.skipIf(!isInstalled('python3', '-c', 'import cryptography'))('Python cryptography', () => {
  it.each(names)('a %s key that Python cryptography writes is read in every form', async (name) => {
    const forms = JSON.parse(bench.run('python3', ['-c', PYTHON, `${name}.pem`, PASSPHRASE])) as Record<string, string>;
    const { pkcs12, ...pems } = forms;
    await expectProtected(name, 'pkcs12', pkcs12!);
    for (const text of Object.values(pems)) {
      await (text.includes('ENCRYPTED') ? expectProtected : expectImport)(name, 'pem', text);
    }
    expect(Object.keys(forms).length).toBeGreaterThanOrEqual(3);
  });
});
