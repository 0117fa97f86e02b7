import { type KeyObject, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AlgorithmName, type RsaNumbers, readTrustedKey } from '#crypto';
import { type KeyFormatName, keyFormatNames, keyFormats, readKey } from '#pki';
import { parseDer } from '#asn1';
import * as der from '../../support/asn1.js';
import { withCode } from '../../support/errors.js';
import { Workbench } from './files.js';
import {
  closePrimes,
  goodNumbers,
  inverse,
  prime,
  rocaNumbers,
  rsaNumbers,
  shortPrivateExponent,
} from './bad-rsa-keys.js';

const base64Url = (number: bigint): string => {
  const hex = number.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
};
const jwkOf = (numbers: RsaNumbers): string =>
  JSON.stringify({
    kty: 'RSA',
    ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, base64Url(value)])),
  });
const read = (text: string, algorithm: AlgorithmName = 'RS256', format: KeyFormatName = 'jwk') =>
  readKey(format, text, { algorithm });

let good: RsaNumbers;
beforeAll(() => {
  good = goodNumbers();
});

describe('RSA keys', () => {
  it('a sound RSA key is accepted with its primes in either order', async () => {
    expect(await read(jwkOf(good))).toMatchObject({ weak: false, modulusBits: 2048 });
    const { p, q } = good;
    expect(await read(jwkOf(rsaNumbers(q, p)))).toMatchObject({ weak: false });
  });

  it('an RSA key of 1024 bits is weak, and a shorter one is rejected', async () => {
    expect(await read(jwkOf(goodNumbers(1024)))).toMatchObject({ weak: true, modulusBits: 1024 });
    for (const bits of [512, 768, 1022]) {
      await expect(read(jwkOf(goodNumbers(bits)))).rejects.toThrow(withCode('WEAK_KEY'));
    }
    // RFC 8017 §9.1.1: too short for the salt and the hash.
    await expect(read(jwkOf(goodNumbers(1024)), 'PS512')).rejects.toThrow(withCode('INVALID_KEY'));
  });

  const { p, q } = { p: () => good.p, q: () => good.q };
  const BAD: readonly (readonly [string, string, () => Partial<RsaNumbers>])[] = [
    ['an even exponent', 'INVALID_KEY', () => ({ e: 65_538n })],
    ['an exponent of 1', 'INVALID_KEY', () => ({ e: 1n, d: 1n, dp: 1n, dq: 1n })],
    ['no exponent', 'INVALID_KEY', () => ({ e: 0n })],
    ['an exponent that is far too long', 'INVALID_KEY', () => ({ e: (1n << 128n) + 1n })],
    ['swapped primes', 'INCONSISTENT_KEY', () => ({ p: q(), q: p() })],
    ['swapped parts of the remainder theorem', 'INCONSISTENT_KEY', () => ({ dp: good.dq, dq: good.dp })],
    ['a wrong first part', 'INCONSISTENT_KEY', () => ({ dp: good.dp + 2n })],
    ['a wrong second part', 'INCONSISTENT_KEY', () => ({ dq: good.dq + 2n })],
    ['parts that are not reduced', 'INCONSISTENT_KEY', () => ({ dp: good.dp + p() - 1n })],
    ['a wrong inverse', 'INCONSISTENT_KEY', () => ({ qi: good.qi + 1n })],
    ['the inverse the wrong way round', 'INCONSISTENT_KEY', () => ({ qi: inverse(p(), q()) })],
    ['another private exponent', 'INCONSISTENT_KEY', () => ({ d: good.d + 2n })],
    ["another key's modulus", 'INCONSISTENT_KEY', () => ({ n: goodNumbers().n })],
    ['a factor of 1', 'INCONSISTENT_KEY', () => ({ p: 1n, q: good.n })],
    ['a private exponent of 0', 'INCONSISTENT_KEY', () => ({ d: 0n })],
    ['a private exponent beyond the modulus', 'INCONSISTENT_KEY', () => ({ d: good.d + (p() - 1n) * (q() - 1n) })],
    ['a faulty generator (ROCA)', 'WEAK_KEY', rocaNumbers],
    ['primes next to each other', 'WEAK_KEY', () => closePrimes(0n)],
    ['primes that Fermat does not find in its first steps', 'WEAK_KEY', () => closePrimes(1n << 800n)],
    ['one prime twice', 'WEAK_KEY', () => ({ ...rsaNumbers(p(), p()), qi: 3n })],
    ['one prime much shorter', 'WEAK_KEY', () => rsaNumbers(prime(1536), prime(512))],
    ['a prime of five bits', 'WEAK_KEY', () => rsaNumbers(prime(2043), 31n)],
    ['a short private exponent', 'INVALID_KEY', shortPrivateExponent],
  ];
  it.each(BAD)('an RSA key with %s is rejected: %s', async (_, code, change) => {
    await expect(read(jwkOf({ ...good, ...change() }))).rejects.toThrow(withCode(code));
  });

  it.each([3n, 17n, 257n])('an RSA key with the exponent %d is rejected as weak', async (e) => {
    const primes: bigint[] = [];
    while (primes.length < 2) {
      const candidate = prime(1024);
      if ((candidate - 1n) % e !== 0n) primes.push(candidate);
    }
    await expect(read(jwkOf(rsaNumbers(primes[0]!, primes[1]!, e)))).rejects.toThrow(withCode('WEAK_KEY'));
  });

  it('an RSA key whose factor is not prime is rejected, although all its numbers agree', async () => {
    // Modulo p - 1 the exponents fit, but p is a product: what it signs verifies by chance only.
    const p = prime(512) * prime(512);
    await expect(read(jwkOf(rsaNumbers(p, good.q)))).rejects.toThrow(withCode('INVALID_KEY'));
  });

  it('an RSA key of 16,384 bits is rejected within 50 ms of processor time, in every format', async () => {
    const n = (1n << 16_383n) + 1n;
    const number = base64Url(n);
    const members = ['n', 'd', 'p', 'q', 'dp', 'dq', 'qi'].map((name) => [
      name,
      name === 'n' || name === 'd' ? number : number.slice(0, 1366),
    ]);
    const jwk = JSON.stringify({ kty: 'RSA', e: 'AQAB', ...Object.fromEntries(members) });
    const tags = { Modulus: 'n', D: 'd', P: 'p', Q: 'q', DP: 'p', DQ: 'p', InverseQ: 'p' };
    const base64 = Buffer.from(number, 'base64url').toString('base64');
    const half = Buffer.alloc(1024, 7).toString('base64');
    const elements = Object.keys(tags).map(
      (tag) => `<${tag}>${(tag.length > 2 && tag !== 'InverseQ') || tag === 'D' ? base64 : half}</${tag}>`,
    );
    const xml = `<RSAKeyValue><Exponent>AQAB</Exponent>${elements.join('')}</RSAKeyValue>`;
    await read(jwkOf(good)); // what is loaded on first use is not counted
    for (const [format, text] of [
      ['jwk', jwk],
      ['rsa-xml', xml],
      ['pem', hugePkcs1(n)],
    ] as const) {
      // Of this thread: what else the machine does is not in it.
      const start = process.threadCpuUsage();
      await expect(read(text, 'RS256', format)).rejects.toThrow('has 16384 bits');
      expect(process.threadCpuUsage(start).user).toBeLessThan(50_000);
    }
  });

  it('an RSA key is checked by its public half alone, as that of a trusted issuer', async () => {
    const trust = ({ n, e }: RsaNumbers) => readTrustedKey({ kty: 'RSA', n: base64Url(n), e: base64Url(e) });
    expect(trust(good).type).toBe('public');
    for (const numbers of [rocaNumbers(), closePrimes(0n), rsaNumbers(prime(2043), 31n), goodNumbers(1024)]) {
      expect(() => trust(numbers)).toThrow(withCode('WEAK_KEY'));
    }
  });
});

/** PKCS#1 in PEM whose numbers are all as long as the modulus. */
function hugePkcs1(n: bigint): string {
  const integer = (number: bigint): Buffer => {
    const hex = number.toString(16);
    const magnitude = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
    const bytes = magnitude[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), magnitude]) : magnitude;
    return Buffer.concat([Buffer.of(0x02, 0x82, bytes.length >> 8, bytes.length & 0xff), bytes]);
  };
  const half = 1n << 8_191n;
  const content = Buffer.concat([0n, n, 65_537n, n - 2n, half, half, half, half, half].map(integer));
  const file = Buffer.concat([Buffer.of(0x30, 0x82, content.length >> 8, content.length & 0xff), content]);
  const lines = file
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n');
  return `-----BEGIN RSA PRIVATE KEY-----\n${lines}\n-----END RSA PRIVATE KEY-----\n`;
}

describe('keys on curves', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const ORDER = 'FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551';
  const scalar = (hex: string): string => Buffer.from(hex.padStart(64, '0'), 'hex').toString('base64url');

  it.each([
    ["another key's public half", 'INCONSISTENT_KEY', { x: other.x, y: other.y }],
    ["another key's private half", 'INCONSISTENT_KEY', { d: other.d }],
    ['a public half off the curve', 'INVALID_KEY', { y: other.y }],
    ['a public half of zeros', 'INVALID_KEY', { x: scalar('0'), y: scalar('0') }],
    ['the scalar 0', 'INVALID_KEY', { d: scalar('0') }],
    ['the order as scalar', 'INVALID_KEY', { d: scalar(ORDER) }],
    ['a scalar beyond the order', 'INVALID_KEY', { d: scalar('F'.repeat(64)) }],
    ['a scalar that is too long', 'INVALID_KEY', { d: Buffer.alloc(33, 1).toString('base64url') }],
    ['a scalar that is too short', 'INVALID_KEY', { d: Buffer.alloc(31, 1).toString('base64url') }],
    ['another curve', 'INVALID_KEY', { crv: 'P-384' }],
    ['a curve of bitcoin', 'INVALID_KEY', { crv: 'secp256k1' }],
    ['no private half', 'INVALID_KEY', { d: undefined }],
    ['padding', 'INVALID_KEY', { d: `${ec.d}=` }],
    ['another use', 'INVALID_KEY', { use: 'enc' }],
    ['another algorithm', 'INVALID_KEY', { alg: 'ES384' }],
    ['other operations', 'INVALID_KEY', { key_ops: ['verify'] }],
    ['another type', 'INVALID_KEY', { kty: 'constructor' }],
  ])('a key on a curve with %s is rejected: %s', async (_, code, change) => {
    await expect(read(JSON.stringify({ ...ec, ...change }), 'ES256')).rejects.toThrow(withCode(code));
  });

  it('a key on a curve with a scalar that is easily found is weak', async () => {
    // d = 1: the public half is the base point itself.
    const x = scalar('6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296');
    const y = scalar('4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5');
    await expect(read(JSON.stringify({ ...ec, x, y, d: scalar('1') }), 'ES256')).rejects.toThrow(withCode('WEAK_KEY'));
  });

  it('the public half of an Ed25519 key is computed and not taken from the file', async () => {
    const [own, foreign] = [1, 2].map(() => generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }));
    await expect(read(JSON.stringify({ ...own, x: foreign!.x }), 'EdDSA')).rejects.toThrow(
      withCode('INCONSISTENT_KEY'),
    );
    const short = { ...own, d: Buffer.alloc(31, 1).toString('base64url') };
    await expect(read(JSON.stringify(short), 'EdDSA')).rejects.toThrow(withCode('INVALID_KEY'));
  });
});

it('the JWK of an Ed25519 key is read with both names of its algorithm (RFC 9864)', async () => {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  for (const alg of ['EdDSA', 'Ed25519']) {
    expect(await read(JSON.stringify({ ...jwk, alg }), 'EdDSA')).toMatchObject({ weak: false });
  }
  await expect(read(JSON.stringify({ ...jwk, alg: 'Ed448' }), 'EdDSA')).rejects.toThrow(withCode('INVALID_KEY'));
});

describe('a public half that a PKCS#8 file states', () => {
  const [own, foreign] = [1, 2].map(() => generateKeyPairSync('ed25519'));
  const raw = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' }).subarray(-32);
  const seed = own!.privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32);
  /** `[1]` as RFC 5958 §2 tags it, and as ring did before 0.17. */
  const FORMS = { implicit: ['3051', '812100'], explicit: ['3053', 'a123032100'] } as const;
  const file = (form: keyof typeof FORMS, half: Buffer): string => {
    const [outer, tag] = FORMS[form];
    const head = Buffer.from(`${outer}020101300506032b657004220420`, 'hex');
    return pem(Buffer.concat([head, seed, Buffer.from(tag, 'hex'), half]));
  };

  it.each(Object.keys(FORMS) as (keyof typeof FORMS)[])(
    'the public half of a PKCS#8 file must be that of its private key, tagged %s',
    async (form) => {
      const { signingKey } = await read(file(form, raw(own!.publicKey)), 'EdDSA', 'pem');
      expect(signingKey.equals(own!.privateKey)).toBe(true);
      await expect(read(file(form, raw(foreign!.publicKey)), 'EdDSA', 'pem')).rejects.toThrow(
        withCode('INCONSISTENT_KEY'),
      );
    },
  );
});

describe.each([
  ['EC', 'ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['RSA', 'RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['ML-DSA', 'ML-DSA-44', () => generateKeyPairSync('ml-dsa-44')],
] as const)('a public half beside an %s key', (kind, algorithm, generate) => {
  const [own, foreign] = [generate(), generate()];
  /** Version 2 of PKCS#8 (RFC 5958 §2), of what `node:crypto` writes as version 1 and as SubjectPublicKeyInfo. */
  const withHalf = (half: KeyObject): string => {
    const fields = parseDer(own.privateKey.export({ type: 'pkcs8', format: 'der' })).children;
    const bits = parseDer(half.export({ type: 'spki', format: 'der' })).children[1]!.content;
    return pem(der.sequence(der.integer(1), ...fields.slice(1).map(({ raw }) => raw), der.implicit(1, bits)));
  };

  it(`a public half beside the private key in PKCS#8 must be its own: ${kind}`, async () => {
    await expect(read(withHalf(own.publicKey), algorithm, 'pem')).resolves.toMatchObject({ weak: false });
    await expect(read(withHalf(foreign.publicKey), algorithm, 'pem')).rejects.toThrow(withCode('INCONSISTENT_KEY'));
  });
});

describe('shared secrets', () => {
  it('shared secrets keep their encoding and are weak where shorter than the hash', async () => {
    const base64 = randomBytes(32).toString('base64');
    const cases = [
      ['secret', base64, 'HS256', { weak: false, secretEncoding: 'text' }, Buffer.from(base64)],
      ['secret-base64', base64, 'HS256', { weak: false, secretEncoding: 'base64' }, Buffer.from(base64, 'base64')],
      ['secret-base64', base64, 'HS384', { weak: true }, Buffer.from(base64, 'base64')],
      ['secret-base64', `${base64.slice(0, 20)}\r\n ${base64.slice(20)}\n`, 'HS256', {}, Buffer.from(base64, 'base64')],
      ['secret', 'gehöim \n', 'HS256', { weak: true }, Buffer.from('gehöim \n')],
      [
        'jwk',
        JSON.stringify({ kty: 'oct', k: 'AAEC' }),
        'HS256',
        { weak: true, secretEncoding: 'base64' },
        Buffer.of(0, 1, 2),
      ],
    ] as const;
    for (const [format, text, alg, expected, bytes] of cases) {
      const { signingKey, ...read } = await readKey(format, text, { algorithm: alg });
      expect(read).toMatchObject({ ...expected, modulusBits: null });
      expect(signingKey.export()).toEqual(bytes);
    }
  });

  it.each([
    ['secret', ''],
    ['secret', 'x'.repeat(513)],
    ['secret-base64', ''],
    ['secret-base64', ' \n'],
    ['secret-base64', 'YWI'],
    ['secret-base64', 'YWJ='],
    ['secret-base64', 'a-_b'],
    ['secret-base64', 'YWJj!'],
  ] as const)('the format %s rejects the shared secret %j', async (format, text) => {
    await expect(read(text, 'HS256', format)).rejects.toThrow(withCode('INVALID_KEY'));
  });

  it('a shared secret is rejected for a key pair, and a key pair for a shared secret', async () => {
    await expect(read('a secret text that is long enough', 'ES256', 'secret')).rejects.toThrow(withCode('INVALID_KEY'));
    await expect(read(jwkOf(good), 'HS256')).rejects.toThrow(withCode('INVALID_KEY'));
  });
});

const pem = (bytes: Buffer): string =>
  `-----BEGIN PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END PRIVATE KEY-----\n`;

describe('whatever is sent', () => {
  const refusals = ['INVALID_KEY', 'WEAK_KEY', 'INCONSISTENT_KEY', 'PASSPHRASE_REQUIRED', 'PASSPHRASE_INVALID'];
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const ed = generateKeyPairSync('ed25519').privateKey;

  /** Either a known refusal, or a key with one of the public halves that are expected. */
  async function expectSafe(
    format: KeyFormatName,
    text: string,
    algorithm: AlgorithmName,
    own: string[],
  ): Promise<void> {
    try {
      const { signingKey } = await readKey(format, text, { algorithm, passphrase: 'x' });
      const half = createPublicKey(signingKey).export({ type: 'spki', format: 'pem' }).toString();
      expect(own).toContain(half);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      expect(refusals).toContain(code ?? message);
    }
  }

  it('random bytes never do more than be rejected', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.base64String({ maxLength: 400 }),
      fc.json(),
    );
    const wrapped = fc
      .base64String({ maxLength: 400 })
      .map((body) => `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----`);
    const formats = keyFormatNames.filter((name) => !name.startsWith('secret'));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...formats), fc.oneof(text, wrapped), (format, input) =>
        expectSafe(format, input, 'RS256', []),
      ),
      { numRuns: 1_000 },
    );
  });

  it('mutated key files are rejected, or are still the same key', async () => {
    const publicHalf = (key: KeyObject) => createPublicKey(key).export({ type: 'spki', format: 'der' });
    const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'der' });
    // As RFC 5958 has it, with the public half: in the older form any 32 bytes are a key.
    const [seed, half] = [pkcs8(ed).subarray(-32), publicHalf(ed).subarray(-32)];
    const edDer = Buffer.concat([
      Buffer.from('3051020101300506032b657004220420', 'hex'),
      seed,
      Buffer.from('812100', 'hex'),
      half,
    ]);
    const files = (
      [
        [pair, 'RS256', pkcs8(pair)],
        [ec, 'ES256', pkcs8(ec)],
        [ed, 'EdDSA', edDer],
      ] as const
    ).map(([key, algorithm, der]) => ({
      algorithm,
      der,
      own: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
    }));
    for (const { der, algorithm } of files) await readKey('pem', pem(der), { algorithm });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.constantFrom('flip', 'insert', 'remove', 'cut'),
        async ({ der, algorithm, own }, seed, mask, kind) => {
          const at = seed % der.length;
          const mutated = {
            flip: () => Buffer.from(der.map((byte, index) => (index === at ? byte ^ mask : byte))),
            insert: () => Buffer.concat([der.subarray(0, at), Buffer.of(mask), der.subarray(at)]),
            remove: () => Buffer.concat([der.subarray(0, at), der.subarray(at + 1)]),
            cut: () => der.subarray(0, at),
          }[kind]();
          await expectSafe('pem', pem(mutated), algorithm, [own]);
        },
      ),
      { numRuns: 1_500 },
    );
  });

  it('mutated text of every format is rejected, or is still the same key', async () => {
    const options = { kid: 'k', algorithm: 'RS256', name: 'n', passphrase: 'x' } as const;
    const own = createPublicKey(pair).export({ type: 'spki', format: 'pem' }).toString();
    const legacy = pair.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' }).toString();
    const files = [
      ['jwk', await keyFormats.jwk.writePrivate(pair, options)],
      ['rsa-xml', await keyFormats['rsa-xml'].writePrivate(pair, options)],
      ['pem', legacy],
    ] as const;
    const edit = fc.constantFrom('', 'A', '/', '"', '<', '=', '\n', '\0', '0', '-----');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.nat(),
        fc.nat(3),
        edit,
        async ([format, file], seed, removed, added) => {
          const at = seed % file.length;
          await expectSafe(format, file.slice(0, at) + added + file.slice(at + removed), 'RS256', [own]);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('mutated PKCS#12 is rejected, or is still the same key', async () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const file = pkcs12ByOpenssl(key.export({ type: 'pkcs8', format: 'pem' }).toString());
    const own = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
    await expectSafe('pkcs12', file.toString('base64'), 'ES256', [own]);
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const mutated = Buffer.from(file);
        mutated[at]! ^= mask;
        await expectSafe('pkcs12', mutated.toString('base64'), 'ES256', [own]);
      }),
      { numRuns: 500 },
    );
  });
});

/** Without a MAC that would show every change, and with few iterations. */
function pkcs12ByOpenssl(pem: string): Buffer {
  const bench = new Workbench();
  try {
    bench.write('key.pem', pem);
    const protection = ['-passout', 'pass:x', '-nomac', '-iter', '1'];
    bench.openssl('pkcs12', '-export', '-inkey', 'key.pem', '-nocerts', '-out', 'key.p12', ...protection);
    return bench.read('key.p12');
  } finally {
    bench.remove();
  }
}
