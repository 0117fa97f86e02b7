import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hash,
  pbkdf2,
  randomBytes,
  scrypt,
  timingSafeEqual,
} from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cryptoErrors, keyFileErrors } from '#crypto';
import {
  type Asn1Value,
  TAG,
  countOf,
  der,
  identifierOf,
  integerOf,
  octetsOf,
  partsOf,
  readAsn1,
  utf16,
} from './asn1.js';

const derivePbkdf2 = promisify(pbkdf2);
const deriveScrypt = promisify<Buffer | string, Buffer, number, object, Buffer>(scrypt);

/** What a file may demand before anything is derived: about a second at most. */
export const DERIVATION_LIMITS = { iterations: 2_000_000, saltBytes: 256, scryptBytes: 64 * 1024 * 1024 } as const;
/** OWASP's figure for PBKDF2 with HMAC-SHA256; whatever leaves here is wrapped with it. */
export const EXPORT_ITERATIONS = 600_000;
const EXPORT_SALT_BYTES = 16;

interface Cipher {
  readonly name: 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc' | 'des-ede3-cbc';
  readonly keyBytes: number;
  readonly ivBytes: number;
}

const AES_128: Cipher = { name: 'aes-128-cbc', keyBytes: 16, ivBytes: 16 };
const AES_192: Cipher = { name: 'aes-192-cbc', keyBytes: 24, ivBytes: 16 };
const AES_256: Cipher = { name: 'aes-256-cbc', keyBytes: 32, ivBytes: 16 };
const TRIPLE_DES: Cipher = { name: 'des-ede3-cbc', keyBytes: 24, ivBytes: 8 };

const OID = {
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  scrypt: '1.3.6.1.4.1.11591.4.11',
  pkcs12TripleDes: '1.2.840.113549.1.12.1.3',
  aes256: '2.16.840.1.101.3.4.1.42',
  hmacSha1: '1.2.840.113549.2.7',
  hmacSha256: '1.2.840.113549.2.9',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const;

/** RFC 8018 appendix B.2. */
const CIPHERS: ReadonlyMap<string, Cipher> = new Map([
  ['2.16.840.1.101.3.4.1.2', AES_128],
  ['2.16.840.1.101.3.4.1.22', AES_192],
  [OID.aes256, AES_256],
  ['1.2.840.113549.3.7', TRIPLE_DES],
]);

/** RFC 8018 appendix B.1.2. */
const PSEUDO_RANDOM_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  [OID.hmacSha1, 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  [OID.hmacSha256, 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);

/** The hashes of the MAC of PKCS#12, with the length of their blocks. */
const HASHES: ReadonlyMap<string, Pkcs12Hash> = new Map([
  ['1.3.14.3.2.26', { name: 'sha1', blockBytes: 64 }],
  [OID.sha256, { name: 'sha256', blockBytes: 64 }],
  ['2.16.840.1.101.3.4.2.2', { name: 'sha384', blockBytes: 128 }],
  ['2.16.840.1.101.3.4.2.3', { name: 'sha512', blockBytes: 128 }],
]);

interface Pkcs12Hash {
  readonly name: string;
  readonly blockBytes: number;
}

const unsupported = (what: string): Error =>
  cryptoErrors.INVALID_KEY(`The key file is protected by ${what} that is not supported`);

function known<Row>(table: ReadonlyMap<string, Row>, value: Asn1Value | undefined, what: string): Row {
  const row = table.get(identifierOf(value));
  if (!row) throw unsupported(what);
  return row;
}

function saltOf(value: Asn1Value | undefined): Buffer {
  const salt = octetsOf(value);
  if (salt.length > DERIVATION_LIMITS.saltBytes) throw unsupported('a salt');
  return salt;
}

/**
 * Decrypts `EncryptedPrivateKeyInfo` (RFC 5958 §3): PBES2 (RFC 8018 §6.2) and PKCS#12's triple DES (RFC 7292
 * appendix C). Everything that the file demands is checked before any work is done.
 * @throws PASSPHRASE_INVALID, INVALID_KEY
 */
export async function openEncryptedPrivateKey(encrypted: Asn1Value, passphrase: string): Promise<Buffer> {
  const [identifier, ciphertext] = partsOf(encrypted);
  const [scheme, parameters] = partsOf(identifier);
  const data = octetsOf(ciphertext);
  switch (identifierOf(scheme)) {
    case OID.pbes2:
      return openPbes2(parameters, data, passphrase);
    case OID.pkcs12TripleDes: {
      const [salt, iterations] = partsOf(parameters);
      const derivation = { salt: saltOf(salt), iterations: countOf(iterations, DERIVATION_LIMITS.iterations) };
      const derive = (purpose: number, bytes: number): Promise<Buffer> =>
        derivePkcs12({ name: 'sha1', blockBytes: 64 }, purpose, passphrase, derivation, bytes);
      return decipher(TRIPLE_DES, await derive(1, TRIPLE_DES.keyBytes), await derive(2, TRIPLE_DES.ivBytes), data);
    }
    default:
      throw unsupported('an encryption');
  }
}

async function openPbes2(parameters: Asn1Value | undefined, data: Buffer, passphrase: string): Promise<Buffer> {
  const [derivation, encryption] = partsOf(parameters);
  const [cipherId, iv] = partsOf(encryption);
  const cipher = known(CIPHERS, cipherId, 'a cipher');
  const vector = octetsOf(iv);
  if (vector.length !== cipher.ivBytes) throw unsupported('an initialisation vector');
  return decipher(cipher, await deriveForPbes2(derivation, cipher.keyBytes, passphrase), vector, data);
}

async function deriveForPbes2(
  derivation: Asn1Value | undefined,
  keyBytes: number,
  passphrase: string,
): Promise<Buffer> {
  const [functionId, parameters] = partsOf(derivation);
  const [salt, cost, ...rest] = partsOf(parameters);
  switch (identifierOf(functionId)) {
    case OID.pbkdf2: {
      const iterations = countOf(cost, DERIVATION_LIMITS.iterations);
      const stated = rest.find(({ tag }) => tag === TAG.integer);
      if (stated && integerOf(stated) !== BigInt(keyBytes)) throw unsupported('a key length');
      const prf = rest.find(({ tag }) => tag === TAG.sequence);
      const digest = prf ? known(PSEUDO_RANDOM_FUNCTIONS, partsOf(prf)[0], 'a derivation') : 'sha1';
      return derivePbkdf2(passphrase, saltOf(salt), iterations, keyBytes, digest);
    }
    case OID.scrypt: {
      const [N, r, p] = [cost, rest[0], rest[1]].map((value) => countOf(value, DERIVATION_LIMITS.scryptBytes));
      const maxmem = 2 * DERIVATION_LIMITS.scryptBytes;
      if (128 * N! * r! * p! > DERIVATION_LIMITS.scryptBytes || !Number.isInteger(Math.log2(N!))) {
        throw unsupported('a derivation');
      }
      return deriveScrypt(passphrase, saltOf(salt), keyBytes, { N, r, p, maxmem });
    }
    default:
      throw unsupported('a derivation');
  }
}

/** A wrong key shows in the padding, or in what comes out: callers that cannot read that say the same. */
function decipher({ name }: Cipher, key: Buffer, iv: Buffer, data: Buffer): Buffer {
  try {
    const decryption = createDecipheriv(name, key, iv);
    return Buffer.concat([decryption.update(data), decryption.final()]);
  } catch {
    throw keyFileErrors.PASSPHRASE_INVALID();
  }
}

/** The ciphers of OpenSSL's own encrypted PEM, by the name in `DEK-Info`. */
const LEGACY_CIPHERS: ReadonlyMap<string, Cipher> = new Map([
  ['AES-128-CBC', AES_128],
  ['AES-192-CBC', AES_192],
  ['AES-256-CBC', AES_256],
  ['DES-EDE3-CBC', TRIPLE_DES],
]);

/**
 * Decrypts a PEM block with `Proc-Type: 4,ENCRYPTED` (RFC 1421 §4.6.1.1), whose key OpenSSL derives by one round of MD5
 * (`EVP_BytesToKey`).
 * @param dekInfo the value of the header `DEK-Info`
 * @throws PASSPHRASE_INVALID, INVALID_KEY
 */
export function openLegacyPem(dekInfo: string, data: Buffer, passphrase: string): Buffer {
  const [, name = '', hex = ''] = /^([A-Z0-9-]+),([0-9A-Fa-f]+)$/.exec(dekInfo) ?? [];
  const cipher = LEGACY_CIPHERS.get(name);
  const iv = Buffer.from(hex, 'hex');
  if (!cipher || iv.length !== cipher.ivBytes) throw unsupported('a cipher');
  const blocks: Buffer[] = [];
  for (let bytes = 0; bytes < cipher.keyBytes; bytes += 16) {
    const md5 = createHash('md5').update(blocks.at(-1) ?? '');
    blocks.push(md5.update(passphrase).update(iv.subarray(0, 8)).digest());
  }
  return decipher(cipher, Buffer.concat(blocks).subarray(0, cipher.keyBytes), iv, data);
}

/** `EncryptedPrivateKeyInfo` by PBES2: AES-256-CBC, PBKDF2 with HMAC-SHA256. Tests ask for fewer iterations. */
export async function sealPrivateKey(
  pkcs8: Buffer,
  passphrase: string,
  iterations: number = EXPORT_ITERATIONS,
): Promise<Buffer> {
  const salt = randomBytes(EXPORT_SALT_BYTES);
  const iv = randomBytes(AES_256.ivBytes);
  const key = await derivePbkdf2(passphrase, salt, iterations, AES_256.keyBytes, 'sha256');
  const encryption = createCipheriv(AES_256.name, key, iv);
  const derivation = der.sequence(
    der.identifier(OID.pbkdf2),
    der.sequence(der.octets(salt), der.integer(iterations), der.sequence(der.identifier(OID.hmacSha256), der.null())),
  );
  const cipher = der.sequence(der.identifier(OID.aes256), der.octets(iv));
  return der.sequence(
    der.sequence(der.identifier(OID.pbes2), der.sequence(derivation, cipher)),
    der.octets(Buffer.concat([encryption.update(pkcs8), encryption.final()])),
  );
}

/** Checks `MacData` of PKCS#12 (RFC 7292 §4). @throws PASSPHRASE_INVALID, INVALID_KEY */
export async function checkPkcs12Mac(macData: Asn1Value, content: Buffer, passphrase: string): Promise<void> {
  const [digestInfo, salt, iterations] = partsOf(macData);
  const [identifier, digest] = partsOf(digestInfo);
  const row = known(HASHES, partsOf(identifier)[0], 'a MAC');
  const count = iterations ? countOf(iterations, DERIVATION_LIMITS.iterations) : 1;
  const mac = await computePkcs12Mac(row, content, passphrase, { salt: saltOf(salt), iterations: count });
  const stated = octetsOf(digest);
  if (stated.length !== mac.length || !timingSafeEqual(stated, mac)) throw keyFileErrors.PASSPHRASE_INVALID();
}

/** `MacData` with HMAC-SHA256. Tests ask for fewer iterations. */
export async function makePkcs12Mac(
  content: Buffer,
  passphrase: string,
  iterations: number = EXPORT_ITERATIONS,
): Promise<Buffer> {
  const salt = randomBytes(EXPORT_SALT_BYTES);
  const mac = await computePkcs12Mac(HASHES.get(OID.sha256)!, content, passphrase, { salt, iterations });
  const digestInfo = der.sequence(der.sequence(der.identifier(OID.sha256), der.null()), der.octets(mac));
  return der.sequence(digestInfo, der.octets(salt), der.integer(iterations));
}

interface Derivation {
  readonly salt: Buffer;
  readonly iterations: number;
}

async function computePkcs12Mac(
  row: Pkcs12Hash,
  content: Buffer,
  passphrase: string,
  derivation: Derivation,
): Promise<Buffer> {
  const bytes = hash(row.name, '', 'buffer').length;
  const key = await derivePkcs12(row, 3, passphrase, derivation, bytes);
  return createHmac(row.name, key).update(content).digest();
}

const ROUNDS_PER_TURN = 2_048;

/**
 * The key derivation of PKCS#12 (RFC 7292 appendix B.2). Node does not offer OpenSSL's, so it runs here, in turns of
 * about 2 ms: other requests are answered in between.
 * @param purpose 1 for a key, 2 for an initialisation vector, 3 for a MAC key
 */
async function derivePkcs12(
  { name, blockBytes }: Pkcs12Hash,
  purpose: number,
  passphrase: string,
  { salt, iterations }: Derivation,
  bytes: number,
): Promise<Buffer> {
  const diversifier = Buffer.alloc(blockBytes, purpose);
  const password = Buffer.concat([utf16(passphrase), Buffer.alloc(2)]);
  let input: Buffer = Buffer.concat([fill(salt, blockBytes), fill(password, blockBytes)]);
  const derived: Buffer[] = [];
  for (let length = 0; length < bytes; length += derived.at(-1)!.length) {
    let block = hash(name, Buffer.concat([diversifier, input]), 'buffer');
    for (let round = 1; round < iterations; round++) {
      block = hash(name, block, 'buffer');
      if (round % ROUNDS_PER_TURN === 0) await setImmediate();
    }
    derived.push(block);
    input = addToEach(input, fill(block, blockBytes, blockBytes));
  }
  return Buffer.concat(derived).subarray(0, bytes);
}

/** `bytes` repeated up to the next multiple of `block`, or to `length`. */
const fill = (bytes: Buffer, block: number, length = Math.ceil(bytes.length / block) * block): Buffer =>
  bytes.length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes);

/** Adds `addend + 1` to each block, modulo the block's size. */
function addToEach(input: Buffer, addend: Buffer): Buffer {
  const sum = Buffer.from(input);
  for (let start = 0; start < sum.length; start += addend.length) {
    let carry = 1;
    for (let index = addend.length - 1; index >= 0; index--) {
      carry += sum[start + index]! + addend[index]!;
      sum[start + index] = carry & 0xff;
      carry >>= 8;
    }
  }
  return sum;
}

/** Reads what a passphrase opened: where it is nothing, the passphrase was another one. @throws PASSPHRASE_INVALID */
export function readDecrypted<Value>(bytes: Buffer, read: (value: Asn1Value) => Value): Value {
  let value: Asn1Value;
  try {
    value = readAsn1(bytes);
  } catch {
    throw keyFileErrors.PASSPHRASE_INVALID();
  }
  return read(value);
}
