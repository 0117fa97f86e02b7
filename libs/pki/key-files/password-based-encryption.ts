import { createCipheriv, createDecipheriv, createHash, pbkdf2, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { cryptoErrors, keyFileErrors } from '#crypto';
import {
  DerError,
  DerFields,
  type DerNode,
  OID,
  TAG,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  parseBer,
  readInteger,
  readObjectIdentifier,
  readOctets,
  sequence,
} from '#asn1';
import { decryptLegacy, deriveLegacyKey } from './legacy-crypto.js';

const derivePbkdf2 = promisify(pbkdf2);
const deriveScrypt = promisify<Buffer | string, Buffer, number, object, Buffer>(scrypt);

/** What a file may demand before anything is derived: about a second at most. */
const DERIVATION_LIMITS = {
  iterations: 2_000_000,
  saltBytes: 256,
  keyBytes: 64,
  scryptBytes: 64 * 1024 * 1024,
} as const;
/** OWASP's figure for PBKDF2 with HMAC-SHA256 (2023); whatever leaves here is encrypted with it. */
export const EXPORT_ITERATIONS = 600_000;
const EXPORT_SALT_BYTES = 16;

interface Cipher {
  readonly name: 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc' | 'des-ede3-cbc' | 'des' | 'rc2';
  readonly keyBytes: number;
  readonly ivBytes: number;
}

const AES_128: Cipher = { name: 'aes-128-cbc', keyBytes: 16, ivBytes: 16 };
const AES_192: Cipher = { name: 'aes-192-cbc', keyBytes: 24, ivBytes: 16 };
const AES_256: Cipher = { name: 'aes-256-cbc', keyBytes: 32, ivBytes: 16 };
const TRIPLE_DES: Cipher = { name: 'des-ede3-cbc', keyBytes: 24, ivBytes: 8 };
const TRIPLE_DES_OF_TWO_KEYS: Cipher = { ...TRIPLE_DES, keyBytes: 16 };
const DES: Cipher = { name: 'des', keyBytes: 8, ivBytes: 8 };
const RC2_128: Cipher = { name: 'rc2', keyBytes: 16, ivBytes: 8 };
const RC2_64: Cipher = { name: 'rc2', keyBytes: 8, ivBytes: 8 };
const RC2_40: Cipher = { name: 'rc2', keyBytes: 5, ivBytes: 8 };

/** RFC 8018 appendix B.2. */
const CIPHERS: ReadonlyMap<string, Cipher> = new Map([
  [OID.aes128Cbc, AES_128],
  [OID.aes192Cbc, AES_192],
  [OID.aes256Cbc, AES_256],
  [OID.tripleDesCbc, TRIPLE_DES],
  [OID.desCbc, DES],
]);

/** HMAC as a pseudo-random function or a MAC (RFC 8018 appendix B.1.2, B.3), as `node:crypto` calls the hashes. */
export const HMACS: ReadonlyMap<string, string> = new Map([
  [OID.hmacWithSha1, 'sha1'],
  [OID.hmacWithSha224, 'sha224'],
  [OID.hmacWithSha256, 'sha256'],
  [OID.hmacWithSha384, 'sha384'],
  [OID.hmacWithSha512, 'sha512'],
  [OID.hmacWithSha512Cut224, 'sha512-224'],
  [OID.hmacWithSha512Cut256, 'sha512-256'],
]);

/** A scheme in one identifier, with a salt and a number of iterations as parameters. */
interface LegacyScheme {
  readonly by: 'pkcs12' | 'pbkdf1';
  readonly digest: 'md5' | 'sha1';
  readonly cipher: Cipher;
}

/** RFC 7292 appendix C, RFC 8018 appendix A.3. */
const LEGACY_SCHEMES: ReadonlyMap<string, LegacyScheme> = new Map([
  [OID.pbeSha1TripleDes, { by: 'pkcs12', digest: 'sha1', cipher: TRIPLE_DES }],
  [OID.pbeSha1TripleDesOfTwoKeys, { by: 'pkcs12', digest: 'sha1', cipher: TRIPLE_DES_OF_TWO_KEYS }],
  [OID.pbeSha1Rc2, { by: 'pkcs12', digest: 'sha1', cipher: RC2_128 }],
  [OID.pbeSha1Rc2Export, { by: 'pkcs12', digest: 'sha1', cipher: RC2_40 }],
  [OID.pbeMd5Des, { by: 'pbkdf1', digest: 'md5', cipher: DES }],
  [OID.pbeMd5Rc2, { by: 'pbkdf1', digest: 'md5', cipher: RC2_64 }],
  [OID.pbeSha1Des, { by: 'pbkdf1', digest: 'sha1', cipher: DES }],
  [OID.pbeSha1Rc2OfPkcs5, { by: 'pbkdf1', digest: 'sha1', cipher: RC2_64 }],
]);

/** Schemes that no library here decrypts, as `openssl` calls them. */
const UNSUPPORTED_SCHEMES: ReadonlyMap<string, string> = new Map([
  [OID.pbeSha1Rc4, 'PBE-SHA1-RC4-128'],
  [OID.pbeSha1Rc4Export, 'PBE-SHA1-RC4-40'],
  [OID.pbeMd2Des, 'PBE-MD2-DES'],
  [OID.pbeMd2Rc2, 'PBE-MD2-RC2-64'],
  [OID.rc2Cbc, 'RC2 by PBES2'],
]);

const CONVERSION =
  'convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -provider legacy -provider default -in key.pem -out new.pem' +
  ' (PKCS#12: openssl pkcs12 -legacy -nocerts -in old.p12 -out key.pem)';

export function unsupported(what: string, identifier?: string): Error {
  const name = identifier === undefined ? undefined : UNSUPPORTED_SCHEMES.get(identifier);
  const shown = identifier === undefined ? '' : ` (${identifier})`;
  return cryptoErrors.INVALID_KEY(
    name === undefined
      ? `The key file is protected by ${what} that is not supported${shown}`
      : `The key file is protected by ${name}, which is not supported; ${CONVERSION}`,
  );
}

/** The row of a table that an identifier names. @throws INVALID_KEY where there is none, with `what` in the message */
export function known<Row>(table: ReadonlyMap<string, Row>, node: DerNode, what: string): Row {
  const identifier = readObjectIdentifier(node);
  const row = table.get(identifier);
  if (!row) throw unsupported(what, identifier);
  return row;
}

/** @throws INVALID_KEY for a salt that is too long; DerError */
export function readSalt(node: DerNode): Buffer {
  const salt = readOctets(node);
  if (salt.length > DERIVATION_LIMITS.saltBytes) throw unsupported('a salt');
  return salt;
}

/** A number that says how much work is to be done. @throws INVALID_KEY beyond `max` */
function readCost(node: DerNode, max: number): number {
  const cost = readInteger(node);
  if (cost < 1n || cost > BigInt(max)) throw cryptoErrors.INVALID_KEY('The key file asks for too much work');
  return Number(cost);
}

/** @throws INVALID_KEY beyond the limit; DerError */
export const readIterations = (node: DerNode): number => readCost(node, DERIVATION_LIMITS.iterations);

/**
 * Decrypts `EncryptedPrivateKeyInfo` (RFC 5958 §3): PBES2 (RFC 8018 §6.2) by `node:crypto`, what came before by node-forge.
 * Everything that the file demands is bounded before any work is done.
 * @param passphrase `null` for no octets at all, which some makers of PKCS#12 mean by an empty one (RFC 7292 appendix B.2)
 * @throws PASSPHRASE_INVALID, INVALID_KEY, BUSY; DerError
 */
export async function decryptPrivateKeyInfo(encrypted: DerNode, passphrase: string | null): Promise<Buffer> {
  const fields = DerFields.of(encrypted);
  const algorithm = DerFields.of(fields.take());
  const data = readOctets(fields.take());
  const scheme = algorithm.take();
  if (readObjectIdentifier(scheme) === OID.pbes2) return decryptPbes2(algorithm.take(), data, passphrase ?? '');
  const { by, digest, cipher } = known(LEGACY_SCHEMES, scheme, 'an encryption');
  const parameters = DerFields.of(algorithm.take());
  const derivation = { digest, salt: readSalt(parameters.take()), iterations: readIterations(parameters.take()) };
  if (by === 'pbkdf1') {
    const bytes = cipher.keyBytes + cipher.ivBytes;
    const block = await deriveLegacyKey({ ...derivation, by, passphrase: passphrase ?? '', bytes });
    return decipher(cipher, block.subarray(0, cipher.keyBytes), block.subarray(cipher.keyBytes), data);
  }
  const key = await deriveLegacyKey({ ...derivation, by, passphrase, purpose: 1, bytes: cipher.keyBytes });
  const iv = await deriveLegacyKey({ ...derivation, by, passphrase, purpose: 2, bytes: cipher.ivBytes });
  return decipher(cipher, key, iv, data);
}

async function decryptPbes2(parameters: DerNode, data: Buffer, passphrase: string): Promise<Buffer> {
  const fields = DerFields.of(parameters);
  const derivation = DerFields.of(fields.take());
  const encryption = DerFields.of(fields.take());
  const cipher = known(CIPHERS, encryption.take(), 'a cipher');
  const iv = readOctets(encryption.take());
  if (iv.length !== cipher.ivBytes) throw unsupported('an initialisation vector');
  const keyBytes = (stated: number | undefined): number => {
    if (stated !== undefined && stated !== cipher.keyBytes) throw unsupported('a key length');
    return cipher.keyBytes;
  };
  return decipher(cipher, await deriveKey(derivation, keyBytes, passphrase), iv, data);
}

/**
 * The key by an AlgorithmIdentifier of a derivation (RFC 8018 §5.2, RFC 7914 §7). Its costs are bounded before any work.
 * @param keyBytes the length of the key, by the one that the file states
 * @throws INVALID_KEY; DerError
 */
export async function deriveKey(
  derivation: DerFields,
  keyBytes: (stated: number | undefined) => number,
  passphrase: string,
): Promise<Buffer> {
  const identifier = readObjectIdentifier(derivation.take());
  const parameters = DerFields.of(derivation.take());
  const statedBytes = (): number => {
    const stated = parameters.optional(TAG.integer);
    return keyBytes(stated && readCost(stated, DERIVATION_LIMITS.keyBytes));
  };
  switch (identifier) {
    case OID.pbkdf2: {
      const salt = readSalt(parameters.take());
      const iterations = readIterations(parameters.take());
      const bytes = statedBytes();
      const prf = parameters.optional(TAG.sequence);
      const digest = prf ? known(HMACS, DerFields.of(prf).take(), 'a derivation') : 'sha1';
      return derivePbkdf2(passphrase, salt, iterations, bytes, digest);
    }
    case OID.scrypt: {
      const salt = readSalt(parameters.take());
      const cost = (): number => readCost(parameters.take(), DERIVATION_LIMITS.scryptBytes);
      const [N, r, p] = [cost(), cost(), cost()];
      const bytes = statedBytes();
      const maxmem = 2 * DERIVATION_LIMITS.scryptBytes;
      if (128 * N * r * p > DERIVATION_LIMITS.scryptBytes || !Number.isInteger(Math.log2(N))) {
        throw unsupported('a derivation');
      }
      return deriveScrypt(passphrase, salt, bytes, { N, r, p, maxmem });
    }
    default:
      throw unsupported('a derivation');
  }
}

/** A wrong key shows in the padding, or in what comes out: callers that cannot read that say the same. */
async function decipher({ name, keyBytes }: Cipher, key: Buffer, iv: Buffer, data: Buffer): Promise<Buffer> {
  if (name === 'des' || name === 'rc2') {
    const bytes = await decryptLegacy({ cipher: name, key, effectiveBits: keyBytes * 8, iv, data });
    if (!bytes) throw keyFileErrors.PASSPHRASE_INVALID();
    return bytes;
  }
  try {
    // Two-key triple DES (RFC 7292 appendix C) uses its first key twice.
    const whole = name === 'des-ede3-cbc' && key.length === 16 ? Buffer.concat([key, key.subarray(0, 8)]) : key;
    const decryption = createDecipheriv(name, whole, iv);
    return Buffer.concat([decryption.update(data), decryption.final()]);
  } catch {
    throw keyFileErrors.PASSPHRASE_INVALID();
  }
}

/** The ciphers of OpenSSL's own encrypted PEM, by the name in `DEK-Info`. */
const PEM_CIPHERS: ReadonlyMap<string, Cipher> = new Map([
  ['AES-128-CBC', AES_128],
  ['AES-192-CBC', AES_192],
  ['AES-256-CBC', AES_256],
  ['DES-EDE3-CBC', TRIPLE_DES],
  ['DES-CBC', DES],
  ['RC2-CBC', RC2_128],
  ['RC2-64-CBC', RC2_64],
  ['RC2-40-CBC', RC2_40],
]);

/**
 * Decrypts a PEM block with `Proc-Type: 4,ENCRYPTED` (RFC 1421 §4.6.1.1), whose key OpenSSL derives by one round of MD5
 * (`EVP_BytesToKey`).
 * @param dekInfo the value of the header `DEK-Info`
 * @throws PASSPHRASE_INVALID, INVALID_KEY, BUSY
 */
export async function decryptPemBlock(dekInfo: string, data: Buffer, passphrase: string): Promise<Buffer> {
  const [, name = '', hex = ''] = /^([A-Z0-9-]+),([0-9A-Fa-f]+)$/.exec(dekInfo) ?? [];
  const cipher = PEM_CIPHERS.get(name);
  const iv = Buffer.from(hex, 'hex');
  if (!cipher || iv.length !== cipher.ivBytes) throw unsupported('a cipher');
  const blocks: Buffer[] = [];
  for (let bytes = 0; bytes < cipher.keyBytes; bytes += 16) {
    const md5 = createHash('md5').update(blocks.at(-1) ?? '');
    blocks.push(md5.update(passphrase).update(iv.subarray(0, 8)).digest());
  }
  return decipher(cipher, Buffer.concat(blocks).subarray(0, cipher.keyBytes), iv, data);
}

interface Encrypted {
  /** AlgorithmIdentifier with everything that decryption needs but the passphrase. */
  readonly algorithm: Buffer;
  readonly ciphertext: Buffer;
}

/** PBES2 (RFC 8018 §6.2): AES-256-CBC, PBKDF2 with HMAC-SHA256. */
export async function encryptPbes2(plaintext: Buffer, passphrase: string, iterations: number): Promise<Encrypted> {
  const salt = randomBytes(EXPORT_SALT_BYTES);
  const iv = randomBytes(AES_256.ivBytes);
  const key = await derivePbkdf2(passphrase, salt, iterations, AES_256.keyBytes, 'sha256');
  const encryption = createCipheriv('aes-256-cbc', key, iv);
  const derivation = sequence(
    objectIdentifier(OID.pbkdf2),
    sequence(octetString(salt), integer(iterations), sequence(objectIdentifier(OID.hmacWithSha256), nullValue())),
  );
  const cipher = sequence(objectIdentifier(OID.aes256Cbc), octetString(iv));
  return {
    algorithm: sequence(objectIdentifier(OID.pbes2), sequence(derivation, cipher)),
    ciphertext: Buffer.concat([encryption.update(plaintext), encryption.final()]),
  };
}

/** `EncryptedPrivateKeyInfo` (RFC 5958 §3) by PBES2. */
export async function encryptPrivateKeyInfo(
  pkcs8: Buffer,
  passphrase: string,
  iterations: number = EXPORT_ITERATIONS,
): Promise<Buffer> {
  const { algorithm, ciphertext } = await encryptPbes2(pkcs8, passphrase, iterations);
  return sequence(algorithm, octetString(ciphertext));
}

/** Reads what a passphrase opened: where it is nothing, the passphrase was another one. @throws PASSPHRASE_INVALID */
export function readDecrypted<Value>(bytes: Buffer, read: (node: DerNode) => Value): Value {
  let node: DerNode;
  try {
    node = parseBer(bytes);
  } catch (error) {
    if (error instanceof DerError) throw keyFileErrors.PASSPHRASE_INVALID();
    throw error;
  }
  return read(node);
}
