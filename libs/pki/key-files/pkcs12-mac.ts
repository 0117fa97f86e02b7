import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { keyFileErrors } from '#crypto';
import {
  DerFields,
  type DerNode,
  OID,
  TAG,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  readObjectIdentifier,
  readOctets,
  sequence,
} from '#asn1';
import { deriveLegacyKey } from './legacy-crypto.js';
import {
  EXPORT_ITERATIONS,
  HMACS,
  deriveKey,
  known,
  readIterations,
  readSalt,
  unsupported,
} from './password-based-encryption.js';

const SALT_BYTES = 16;

/** The hashes of the MAC of PKCS#12 (RFC 7292 §4), as `node:crypto` calls them. */
const DIGESTS: ReadonlyMap<string, string> = new Map([
  [OID.md5, 'md5'],
  [OID.sha1, 'sha1'],
  [OID.sha224, 'sha224'],
  [OID.sha256, 'sha256'],
  [OID.sha384, 'sha384'],
  [OID.sha512, 'sha512'],
  [OID.sha512Cut224, 'sha512-224'],
  [OID.sha512Cut256, 'sha512-256'],
  [OID.sha3With224, 'sha3-224'],
  [OID.sha3With256, 'sha3-256'],
  [OID.sha3With384, 'sha3-384'],
  [OID.sha3With512, 'sha3-512'],
]);

/** RFC 9579 §4: a MAC key of fewer octets can be found by trying; more than the longest hash has add nothing. */
const PBMAC1_KEY_BYTES = { min: 20, max: 64 } as const;

/**
 * Checks `MacData` of PKCS#12: with the derivation of RFC 7292 appendix B, or PBMAC1 (RFC 9579).
 * @param passphrase `null` for no octets at all, which some makers of PKCS#12 mean by an empty one (RFC 7292 appendix B.2)
 * @throws PASSPHRASE_INVALID, INVALID_KEY, BUSY; DerError
 */
export async function checkPkcs12Mac(macData: DerNode, content: Buffer, passphrase: string | null): Promise<void> {
  const fields = DerFields.of(macData);
  const digestInfo = DerFields.of(fields.take());
  const algorithm = DerFields.of(digestInfo.take());
  const expected = readOctets(digestInfo.take());
  const identifier = algorithm.take();
  const mac =
    readObjectIdentifier(identifier) === OID.pbmac1
      ? // RFC 9579 §4: the salt and the iterations beside it have no meaning; §5: the passphrase is UTF-8.
        await pbmac1(DerFields.of(algorithm.take()), content, passphrase ?? '')
      : await pkcs12Mac(known(DIGESTS, identifier, 'a MAC'), content, passphrase, readDerivation(fields));
  if (expected.length !== mac.length || !timingSafeEqual(expected, mac)) throw keyFileErrors.PASSPHRASE_INVALID();
}

/** PBMAC1 (RFC 8018 §7.1): a derivation, then an HMAC. */
async function pbmac1(parameters: DerFields, content: Buffer, passphrase: string): Promise<Buffer> {
  const derivation = DerFields.of(parameters.take());
  const digest = known(HMACS, DerFields.of(parameters.take()).take(), 'a MAC');
  const keyBytes = (stated: number | undefined): number => {
    const { min, max } = PBMAC1_KEY_BYTES;
    if (stated === undefined || stated < min || stated > max) throw unsupported('a MAC with a key length');
    return stated;
  };
  const key = await deriveKey(derivation, keyBytes, passphrase);
  return createHmac(digest, key).update(content).digest();
}

interface Derivation {
  readonly salt: Buffer;
  readonly iterations: number;
}

function readDerivation(fields: DerFields): Derivation {
  const salt = readSalt(fields.take());
  const stated = fields.optional(TAG.integer);
  return { salt, iterations: stated ? readIterations(stated) : 1 };
}

/** `MacData` with HMAC-SHA256. @throws BUSY */
export async function makePkcs12Mac(
  content: Buffer,
  passphrase: string,
  iterations: number = EXPORT_ITERATIONS,
): Promise<Buffer> {
  const salt = randomBytes(SALT_BYTES);
  const mac = await pkcs12Mac('sha256', content, passphrase, { salt, iterations });
  const digestInfo = sequence(sequence(objectIdentifier(OID.sha256), nullValue()), octetString(mac));
  return sequence(digestInfo, octetString(salt), integer(iterations));
}

async function pkcs12Mac(
  digest: string,
  content: Buffer,
  passphrase: string | null,
  derivation: Derivation,
): Promise<Buffer> {
  const bytes = hash(digest, '', 'buffer').length;
  const key = await deriveLegacyKey({ ...derivation, by: 'pkcs12', purpose: 3, passphrase, digest, bytes });
  return createHmac(digest, key).update(content).digest();
}
