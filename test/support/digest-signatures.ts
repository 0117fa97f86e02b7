import { type KeyObject, constants, createHash, privateEncrypt, randomBytes } from 'node:crypto';

import { p256, p384, p521 } from '@noble/curves/nist.js';

/** `node:crypto` signs no hash that was made elsewhere, and key stores are given hashes. */

const SIGNERS: Readonly<Record<string, typeof p256>> = { prime256v1: p256, secp384r1: p384, secp521r1: p521 };
const DIGEST_INFO: Readonly<Record<string, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/** @param format DER, or R and S side by side */
export function ecdsaOfDigest(key: KeyObject, digest: Buffer, format: 'der' | 'compact'): Buffer {
  const scalar = Buffer.from(key.export({ format: 'jwk' }).d!, 'base64url');
  const curve = SIGNERS[key.asymmetricKeyDetails!.namedCurve!]!;
  return Buffer.from(curve.sign(digest, scalar, { prehash: false, format }));
}

/** RSASSA-PKCS1-v1_5 of a hash (RFC 8017 §8.2.1). */
export function pkcs1OfDigest(key: KeyObject, hash: string, digest: Buffer): Buffer {
  const padded = Buffer.concat([Buffer.from(DIGEST_INFO[hash]!, 'hex'), digest]);
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, padded);
}

/** RSASSA-PSS of a hash, with a salt as long as it (RFC 8017 §8.1.1, §9.1.1). */
export function pssOfDigest(key: KeyObject, hash: string, digest: Buffer): Buffer {
  const { modulusLength = 0 } = key.asymmetricKeyDetails!;
  const length = Math.ceil((modulusLength - 1) / 8);
  const salt = randomBytes(digest.length);
  const covered = createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
  const block = Buffer.concat([Buffer.alloc(length - 2 * digest.length - 2), Buffer.from([1]), salt]);
  // MGF1 (RFC 8017, appendix B.2.1).
  const mask = Buffer.concat(
    Array.from({ length: Math.ceil(block.length / digest.length) }, (_, counter) =>
      createHash(hash)
        .update(covered)
        .update(Buffer.from([0, 0, 0, counter]))
        .digest(),
    ),
  );
  const masked = block.map((byte, index) => byte ^ mask[index]!);
  masked[0]! &= 0xff >> (8 * length - (modulusLength - 1));
  const encoded = Buffer.concat([masked, covered, Buffer.from([0xbc])]);
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
}
