import { readFileSync } from 'node:fs';
import { createPrivateKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AlgorithmName, algorithmNames } from '#crypto';
import { readKey, readPrivateKeyPem } from '#pki';
import { withCode } from '../../support/errors.js';
import { Workbench, isInstalled } from './files.js';

const bench = new Workbench();
const openssl = (...args: string[]): string => bench.openssl(...args);
const hasPython = isInstalled('python3', '-c', 'import cryptography');
const python = (script: string, ...args: string[]): string => bench.run('python3', ['-c', script, ...args]);
afterAll(() => bench.remove());

const sample = (name: string): string => readFileSync(new URL(`samples/${name}`, import.meta.url), 'utf8');
const read = (text: string, algorithm: AlgorithmName = 'ES256') => readKey('pem', text, { algorithm });
const refused = (message: string | RegExp) => ({
  asymmetricMatch: ({ code, message: text }: { code: string; message: string }) =>
    code === 'INVALID_KEY' && (typeof message === 'string' ? text.includes(message) : message.test(text)),
});

beforeAll(() => {
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'ec.pem');
  openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', 'rsa.pem');
  openssl('req', '-new', '-x509', '-key', 'ec.pem', '-subj', '/CN=test', '-days', '1', '-out', 'ec.crt');
});

describe('PBMAC1', () => {
  // RFC 9579 appendix A.1 to A.3; the passphrase is theirs.
  it.each([1, 2, 3])('PKCS#12 with PBMAC1 is read: RFC 9579 appendix A.%i', async (number) => {
    const text = sample(`rfc9579-a${number}.txt`);
    const options = { algorithm: 'RS256', passphrase: '1234' } as const;
    expect((await readKey('pkcs12', text, options)).modulusBits).toBe(2048);
    const wrong = readKey('pkcs12', text, { ...options, passphrase: '12345' });
    await expect(wrong).rejects.toThrow(withCode('PASSPHRASE_INVALID'));
  });

  it.each([
    [4, 'another number of iterations', 'PASSPHRASE_INVALID'],
    [5, 'another salt', 'PASSPHRASE_INVALID'],
    [6, 'no length of the MAC key', 'INVALID_KEY'],
  ])('PKCS#12 with PBMAC1 is rejected: RFC 9579 appendix A.%i, %s', async (number, _, code) => {
    const text = sample(`rfc9579-a${number}.txt`);
    const reading = readKey('pkcs12', text, { algorithm: 'RS256', passphrase: '1234' });
    await expect(reading).rejects.toThrow(withCode(code));
  });
});

describe('MACs of PKCS#12', () => {
  it.each(['md5', 'sha512-224', 'sha512-256', 'sha3-224', 'sha3-256', 'sha3-384', 'sha3-512'])(
    'PKCS#12 by openssl with a MAC of %s is read',
    async (digest) => {
      const name = `${digest}.p12`;
      openssl(
        'pkcs12',
        '-export',
        '-inkey',
        'ec.pem',
        '-nocerts',
        '-passout',
        'pass:x',
        '-macalg',
        digest,
        '-out',
        name,
      );
      const text = bench.read(name).toString('base64');
      const { signingKey } = await readKey('pkcs12', text, { algorithm: 'ES256', passphrase: 'x' });
      expect(signingKey.equals(createPrivateKey(bench.read('ec.pem')))).toBe(true);
      const wrong = readKey('pkcs12', text, { algorithm: 'ES256', passphrase: 'y' });
      await expect(wrong).rejects.toThrow(withCode('PASSPHRASE_INVALID'));
    },
  );

  it('PKCS#12 that holds certificates only is rejected with that reason', async () => {
    openssl('pkcs12', '-export', '-nokeys', '-in', 'ec.crt', '-passout', 'pass:x', '-out', 'certificates.p12');
    const text = bench.read('certificates.p12').toString('base64');
    await expect(readKey('pkcs12', text, { algorithm: 'ES256', passphrase: 'x' })).rejects.toThrow(
      refused('no private key'),
    );
  });
});

describe('what may be beside a private key in PEM', () => {
  const COMPANIONS: Readonly<Record<string, () => string>> = {
    CERTIFICATE: () => bench.read('ec.crt').toString(),
    'TRUSTED CERTIFICATE': () => openssl('x509', '-in', 'ec.crt', '-trustout', '-addtrust', 'serverAuth'),
    'CERTIFICATE REQUEST': () => openssl('req', '-new', '-key', 'ec.pem', '-subj', '/CN=test'),
    'NEW CERTIFICATE REQUEST': () => openssl('req', '-new', '-newhdr', '-key', 'ec.pem', '-subj', '/CN=test'),
    'EC PARAMETERS': () => openssl('ecparam', '-name', 'prime256v1'),
    'DH PARAMETERS': () => openssl('genpkey', '-genparam', '-algorithm', 'DH', '-pkeyopt', 'group:ffdhe2048'),
    'X9.42 DH PARAMETERS': () => openssl('genpkey', '-genparam', '-algorithm', 'DHX', '-pkeyopt', 'dh_rfc5114:1'),
    'PUBLIC KEY': () => openssl('pkey', '-in', 'ec.pem', '-pubout'),
    'RSA PUBLIC KEY': () => openssl('rsa', '-in', 'rsa.pem', '-RSAPublicKey_out'),
    PKCS7: () => openssl('crl2pkcs7', '-nocrl', '-certfile', 'ec.crt'),
  };

  it.each(Object.keys(COMPANIONS))('a private key in PEM is read before and behind a block %s', async (label) => {
    const key = bench.read('ec.pem').toString();
    const companion = COMPANIONS[label]!();
    expect(companion).toContain(`-----BEGIN ${label}-----`);
    for (const text of [key + companion, companion + key, `\u{feff}${companion}${key}`]) {
      expect((await read(text)).weak).toBe(false);
    }
    await expect(read(companion)).rejects.toThrow(refused(`only ${label}`));
  });

  it('a text with two private keys is rejected, whatever their labels', async () => {
    const key = bench.read('ec.pem').toString();
    const encrypted = openssl('pkcs8', '-topk8', '-in', 'ec.pem', '-passout', 'pass:x');
    const sec1 = openssl('ec', '-in', 'ec.pem');
    for (const other of [key, encrypted, sec1, key.replaceAll('PRIVATE', 'ANY PRIVATE')]) {
      await expect(read(key + other)).rejects.toThrow(refused('several'));
    }
  });

  it('a private key in PEM with a chain of twenty certificates is read', async () => {
    openssl('req', '-new', '-x509', '-key', 'rsa.pem', '-subj', '/CN=test', '-days', '1', '-out', 'rsa.crt');
    const chain = bench.read('rsa.crt').toString().repeat(20);
    expect(chain.length).toBeGreaterThan(20_000);
    await expect(read(bench.read('ec.pem').toString() + chain)).resolves.toMatchObject({ weak: false });
  });
});

/** Made by `openssl genpkey`; the parameters of the last are the defaults of RFC 4055, which are those of SHA-1. */
const PSS_KEYS: readonly (readonly [string, readonly string[], readonly AlgorithmName[]])[] = [
  ['without parameters', [], ['PS256', 'PS384', 'PS512']],
  ['for SHA-256 and a salt of 32 bytes', ['md:sha256', 'mgf1_md:sha256', 'saltlen:32'], ['PS256']],
  ['for SHA-384 and a salt of 48 bytes', ['md:sha384', 'mgf1_md:sha384', 'saltlen:48'], ['PS384']],
  ['for SHA-512 and any salt from 20 bytes on', ['md:sha512', 'mgf1_md:sha512', 'saltlen:20'], ['PS512']],
  ['for SHA-256 and a salt from 64 bytes on', ['md:sha256', 'mgf1_md:sha256', 'saltlen:64'], []],
  ['for SHA-256 with another hash for its mask', ['md:sha256', 'mgf1_md:sha512', 'saltlen:32'], []],
  ['for SHA-224', ['md:sha224', 'mgf1_md:sha224', 'saltlen:28'], []],
  ['for SHA-1', ['md:sha1', 'mgf1_md:sha1', 'saltlen:20'], []],
];

describe('RSA keys for PSS only', () => {
  it.each(PSS_KEYS)(
    'an RSASSA-PSS key %s is read for the algorithms that it permits',
    async (_, options, permitted) => {
      const parameters = options.flatMap((option) => ['-pkeyopt', `rsa_pss_keygen_${option}`]);
      const text = openssl('genpkey', '-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048', ...parameters);
      for (const algorithm of algorithmNames.filter((name) => /^[RP]S/.test(name))) {
        if (permitted.includes(algorithm)) await expect(read(text, algorithm)).resolves.toMatchObject({ weak: false });
        else await expect(read(text, algorithm)).rejects.toThrow(withCode('INVALID_KEY'));
      }
      await expect(readPrivateKeyPem(text, undefined)).rejects.toThrow(withCode('INVALID_KEY'));
    },
  );
});

describe('keys that sign nothing here', () => {
  it.each([
    ['X25519', ['X25519'], 'X25519'],
    ['X448', ['X448'], 'X448'],
    ['Ed448', ['ED448'], 'Ed448'],
    ['Diffie-Hellman', ['DH', '-pkeyopt', 'group:ffdhe2048'], 'Diffie-Hellman'],
    ['secp256k1', ['EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1'], 'secp256k1'],
    ['brainpool', ['EC', '-pkeyopt', 'ec_paramgen_curve:brainpoolP256r1'], 'brainpoolP256r1'],
    ['SM2', ['EC', '-pkeyopt', 'ec_paramgen_curve:SM2'], 'SM2'],
  ])('a private key of %s by openssl is rejected by its name', async (_, options, name) => {
    await expect(read(openssl('genpkey', '-algorithm', ...options))).rejects.toThrow(refused(name));
  });

  it('a DSA key by openssl is rejected by its name, in both of its forms', async () => {
    openssl('dsaparam', '-out', 'dsa-parameters.pem', '1024');
    const pkcs8 = openssl('genpkey', '-paramfile', 'dsa-parameters.pem');
    bench.write('dsa.pem', pkcs8);
    await expect(read(pkcs8)).rejects.toThrow(refused('DSA'));
    await expect(read(openssl('dsa', '-in', 'dsa.pem'))).rejects.toThrow(refused('DSA'));
  });

  it.skipIf(!isInstalled('which', 'ssh-keygen'))(
    'keys of OpenSSH are rejected by their format and with the command that converts them',
    async () => {
      for (const passphrase of ['', 'a passphrase']) {
        bench.run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', `ssh${passphrase.length}`]);
        const text = bench.read(`ssh${passphrase.length}`).toString();
        await expect(read(text, 'EdDSA')).rejects.toThrow(refused(/OpenSSH.*ssh-keygen -p -m PKCS8/));
        const half = bench.read(`ssh${passphrase.length}.pub`).toString();
        await expect(read(half, 'EdDSA')).rejects.toThrow(refused('public key of OpenSSH'));
      }
    },
  );

  it.each([
    ['PuTTY', 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n', /PuTTY.*puttygen/],
    ['SSH.com', '---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: "key"\n', 'SSH.com'],
    ['a TPM', '-----BEGIN TSS2 PRIVATE KEY-----\nMAA=\n-----END TSS2 PRIVATE KEY-----\n', 'TPM 2.0'],
    ['an unknown kind', '-----BEGIN NEW PRIVATE KEY-----\nMAA=\n-----END NEW PRIVATE KEY-----\n', 'NEW PRIVATE KEY'],
  ])('a private key of %s is rejected by its format', async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(refused(message));
  });

  it.each([
    ['a set of keys', { keys: [] }, 'set of keys'],
    ['a public half', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, 'no private key'],
    ['the curve X25519', { kty: 'OKP', crv: 'X25519', x: 'AA', d: 'AA' }, 'X25519'],
  ])('a JWK is rejected by its kind: %s', async (_, jwk, message) => {
    const reading = readKey('jwk', JSON.stringify(jwk), { algorithm: 'ES256' });
    await expect(reading).rejects.toThrow(refused(message));
  });
});

it('a JWK that begins with a byte order mark is read', async () => {
  const jwk = createPrivateKey(bench.read('ec.pem')).export({ format: 'jwk' });
  await expect(readKey('jwk', `\u{feff}${JSON.stringify(jwk)}`, { algorithm: 'ES256' })).resolves.toMatchObject({
    weak: false,
  });
});

/** SEC 1 of the key in `ec.pem` with its scalar in so many octets. */
const SEC1 = `
import base64, sys
from cryptography.hazmat.primitives import serialization as s
key = s.load_pem_private_key(open('ec.pem', 'rb').read(), None)
scalar = key.private_numbers().private_value.to_bytes(int(sys.argv[1]), 'big')
tlv = lambda tag, *parts: bytes([tag, len(b''.join(parts))]) + b''.join(parts)
curve = bytes.fromhex('06082a8648ce3d030107')
body = tlv(0x30, bytes.fromhex('020101'), tlv(0x04, scalar), tlv(0xa0, curve))
print('-----BEGIN EC PRIVATE KEY-----\\n' + base64.encodebytes(body).decode() + '-----END EC PRIVATE KEY-----')
`;

describe.skipIf(!hasPython)('files by Python', () => {
  it.each([33, 40])('the scalar of a SEC 1 key may have leading zeros: %i octets', async (octets) => {
    const { signingKey } = await read(python(SEC1, String(octets)));
    expect(signingKey.equals(createPrivateKey(bench.read('ec.pem')))).toBe(true);
  });

  it.each([
    ['minidom without a declaration', 'document.documentElement.toxml()'],
    ['minidom with a declaration', "document.toxml(encoding='utf-8').decode()"],
    ['minidom with standalone', "document.toxml(encoding='utf-8', standalone=True).decode()"],
    [
      'minidom, indented, with a comment',
      "(document.documentElement.insertBefore(document.createComment(' p '), document.documentElement.firstChild), document.toprettyxml())[1]",
    ],
    ['minidom as UTF-16, decoded with its mark', "document.toxml(encoding='utf-16').decode('utf-16-le')"],
    [
      'ElementTree with single quotes',
      "ET.tostring(ET.fromstring(document.toxml()), encoding='utf-8', xml_declaration=True).decode()",
    ],
    [
      'ElementTree with a prefixed namespace',
      "ET.tostring(ET.fromstring(document.documentElement.toxml().replace('<RSAKeyValue>', '<RSAKeyValue xmlns=\"http://www.w3.org/2000/09/xmldsig#\">')), encoding='unicode')",
    ],
    ['minidom with the root RSAKeyPair', "document.toxml().replace('RSAKeyValue', 'RSAKeyPair')"],
  ])('RSA XML by Python is read: %s', async (_, expression) => {
    const script = `
import base64, sys
import xml.etree.ElementTree as ET
from xml.dom.minidom import Document
from cryptography.hazmat.primitives import serialization as s
key = s.load_pem_private_key(open('rsa.pem', 'rb').read(), None).private_numbers()
public = key.public_numbers
numbers = dict(Modulus=public.n, Exponent=public.e, P=key.p, Q=key.q, DP=key.dmp1, DQ=key.dmq1, InverseQ=key.iqmp, D=key.d)
document = Document()
root = document.appendChild(document.createElement('RSAKeyValue'))
for name, number in numbers.items():
    text = base64.b64encode(number.to_bytes((number.bit_length() + 7) // 8, 'big')).decode()
    root.appendChild(document.createElement(name)).appendChild(document.createTextNode(text))
sys.stdout.reconfigure(encoding='utf-8')
print(${expression})
`;
    const { signingKey } = await readKey('rsa-xml', python(script), { algorithm: 'RS256' });
    expect(signingKey.equals(createPrivateKey(bench.read('rsa.pem')))).toBe(true);
  });
});
