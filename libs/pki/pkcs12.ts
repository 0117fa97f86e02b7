import { type KeyObject, createCipheriv, createHmac, hash, pbkdf2, randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  bmpString,
  explicit,
  implicit,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  set,
} from './asn1/der.js';
import { OID } from './oids.js';

export interface Pkcs12Content {
  readonly privateKey: KeyObject;
  /** DER. */
  readonly certificate: Buffer;
  /** DER of the issuers, nearest first. */
  readonly chain: readonly Buffer[];
  readonly friendlyName: string;
  readonly passphrase: string;
}

/** OWASP's figure for PBKDF2 with HMAC-SHA256, 2023. */
export const PKCS12_ITERATIONS = 600_000;

const deriveKey = promisify(pbkdf2);

/**
 * A PFX (RFC 7292) in DER: key and certificates in AES-256-CBC under PBKDF2 with HMAC-SHA256 (PBES2, RFC 8018 §6.2), all of
 * it under an HMAC-SHA256. Takes about a second: the derivations for the content run on the thread pool, that for the MAC,
 * which no library offers, in slices between other work.
 */
export async function pkcs12Bundle(content: Pkcs12Content, iterations: number = PKCS12_ITERATIONS): Promise<Buffer> {
  const { privateKey, certificate, chain, friendlyName, passphrase } = content;
  const localKeyId = hash('sha1', certificate, 'buffer');
  const ownAttributes = set(
    attribute(OID.friendlyName, bmpString(friendlyName)),
    attribute(OID.localKeyId, octetString(localKeyId)),
  );
  const certificates = sequence(
    certificateBag(certificate, ownAttributes),
    ...chain.map((issuer) => certificateBag(issuer)),
  );
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  const [keyBox, certificateBox, macKeyParts] = await Promise.all([
    encrypt(pkcs8, passphrase, iterations),
    encrypt(certificates, passphrase, iterations),
    macKey(passphrase, iterations),
  ]);
  const keys = sequence(
    sequence(
      objectIdentifier(OID.shroudedKeyBag),
      explicit(0, sequence(keyBox.algorithm, octetString(keyBox.ciphertext))),
      ownAttributes,
    ),
  );
  const safes = sequence(encryptedData(certificateBox), data(keys));
  const mac = createHmac('sha256', macKeyParts.key).update(safes).digest();
  return sequence(
    integer(3),
    data(safes),
    sequence(
      sequence(sequence(objectIdentifier(OID.sha256), nullValue()), octetString(mac)),
      octetString(macKeyParts.salt),
      integer(iterations),
    ),
  );
}

const data = (content: Buffer): Buffer => sequence(objectIdentifier(OID.cmsData), explicit(0, octetString(content)));

const attribute = (oid: string, value: Buffer): Buffer => sequence(objectIdentifier(oid), set(value));

const certificateBag = (certificate: Buffer, attributes?: Buffer): Buffer =>
  sequence(
    objectIdentifier(OID.certificateBag),
    explicit(0, sequence(objectIdentifier(OID.x509Certificate), explicit(0, octetString(certificate)))),
    ...(attributes ? [attributes] : []),
  );

interface EncryptedBox {
  /** AlgorithmIdentifier of PBES2 with everything that decryption needs but the passphrase. */
  readonly algorithm: Buffer;
  readonly ciphertext: Buffer;
}

async function encrypt(plaintext: Buffer, passphrase: string, iterations: number): Promise<EncryptedBox> {
  const salt = randomBytes(16);
  const initializationVector = randomBytes(16);
  const key = await deriveKey(passphrase, salt, iterations, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, initializationVector);
  const derivation = sequence(
    objectIdentifier(OID.pbkdf2),
    sequence(octetString(salt), integer(iterations), sequence(objectIdentifier(OID.hmacWithSha256), nullValue())),
  );
  const encryption = sequence(objectIdentifier(OID.aes256Cbc), octetString(initializationVector));
  return {
    algorithm: sequence(objectIdentifier(OID.pbes2), sequence(derivation, encryption)),
    ciphertext: Buffer.concat([cipher.update(plaintext), cipher.final()]),
  };
}

/** EncryptedData (RFC 5652 §8). */
const encryptedData = ({ algorithm, ciphertext }: EncryptedBox): Buffer =>
  sequence(
    objectIdentifier(OID.cmsEncryptedData),
    explicit(0, sequence(integer(0), sequence(objectIdentifier(OID.cmsData), algorithm, implicit(0, ciphertext)))),
  );

const MAC_KEY_PURPOSE = 3;
const SHA256_BLOCK_BYTES = 64;
const ITERATIONS_PER_SLICE = 4_000;

/**
 * The derivation of RFC 7292 appendix B.2 for a MAC key of one SHA-256 output: hash(diversifier, salt, passphrase), again and
 * again.
 */
async function macKey(passphrase: string, iterations: number): Promise<{ key: Buffer; salt: Buffer }> {
  const salt = randomBytes(16);
  const diversifier = Buffer.alloc(SHA256_BLOCK_BYTES, MAC_KEY_PURPOSE);
  // Appendix B.1: big-endian UTF-16 with a terminating zero.
  const password = Buffer.from(`${passphrase}\0`, 'utf16le').swap16();
  let key = hash('sha256', Buffer.concat([diversifier, filled(salt), filled(password)]), 'buffer');
  for (let iteration = 1; iteration < iterations; iteration += 1) {
    key = hash('sha256', key, 'buffer');
    if (iteration % ITERATIONS_PER_SLICE === 0) await nextTurn();
  }
  return { key, salt };
}

/** Repeated until whole blocks are full, the last copy cut off. */
const filled = (bytes: Buffer): Buffer =>
  Buffer.alloc(Math.ceil(bytes.length / SHA256_BLOCK_BYTES) * SHA256_BLOCK_BYTES, bytes);
