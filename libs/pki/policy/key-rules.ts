import { hasClosePrimes, hasRocaFingerprint, smallFactor } from '#crypto';

import { provesPossession } from '../x509/csr.js';
import { type PolicyFacts, type PolicyRule, objectIf } from './rule.js';

export const RSA_BITS_MIN = 2048;
export const RSA_BITS_MAX = 4096;

interface RsaNumbers {
  readonly modulus: bigint;
  readonly exponent: bigint;
  readonly modulusBits: number;
}

const rsaRule = (
  code: string,
  title: string,
  citation: string,
  objections: (key: RsaNumbers) => readonly string[],
): PolicyRule => ({
  code,
  title,
  citation,
  category: 'WEAK_KEY',
  objections: ({ request: { publicKey } }) => (publicKey.algorithm === 'rsa' ? objections(publicKey) : []),
});

/** As `rsaRule`, for computations whose cost rises with the size: only for a modulus that is not refused already. */
const rsaStructureRule: typeof rsaRule = (code, title, citation, objections) =>
  rsaRule(code, title, citation, (key) =>
    key.modulusBits >= RSA_BITS_MIN && key.modulusBits <= RSA_BITS_MAX ? objections(key) : [],
  );

const standingRule = (
  code: string,
  title: string,
  standing: keyof PolicyFacts['keyStanding'],
  objection: string,
): PolicyRule => ({
  code,
  title,
  citation: 'RFC 5280 §4.1.2.7, CA/B Forum BR §6.1.1.3',
  category: 'POLICY_VIOLATION',
  objections: ({ keyStanding }) => objectIf(keyStanding[standing], objection),
});

export const keyRules: readonly PolicyRule[] = [
  {
    code: 'CSR_SIGNATURE_ALGORITHM_UNSUPPORTED',
    title: 'The signature algorithm is not one that is accepted',
    citation: 'RFC 2986 §4.2',
    category: 'INVALID_CSR',
    objections: ({ request: { signatureAlgorithm, signatureOid } }) =>
      objectIf(!signatureAlgorithm, `The request is signed with ${signatureOid}`),
  },
  {
    code: 'CSR_SIGNATURE_ALGORITHM_WEAK',
    title: 'The request is signed with SHA-1 or MD5',
    citation: 'RFC 6151 §2, RFC 9155 §1',
    category: 'INVALID_CSR',
    objections: ({ request: { signatureAlgorithm } }) =>
      objectIf(
        signatureAlgorithm?.digest === 'sha1' || signatureAlgorithm?.digest === 'md5',
        `The request is signed with ${signatureAlgorithm?.name}; use SHA-256`,
      ),
  },
  {
    code: 'CSR_SIGNATURE_INVALID',
    title: 'The signature does not prove possession of the private key',
    citation: 'RFC 2986 §3, RFC 4211 §4',
    category: 'INVALID_CSR',
    // Where the algorithm or the key is refused by its own rule, there is nothing to verify with.
    objections: ({ request }) => {
      const { signatureAlgorithm: algorithm, verifyingKey } = request;
      const verifiable = verifyingKey && algorithm && algorithm.digest !== 'sha1' && algorithm.digest !== 'md5';
      return objectIf(
        verifiable !== undefined && verifiable && !provesPossession(request),
        'The signature of the request was not made with the private key of the key in it',
      );
    },
  },
  {
    code: 'CSR_KEY_UNSUPPORTED',
    title: 'The key is not RSA, P-256, P-384 or Ed25519',
    citation: 'RFC 5480 §2.1.1, RFC 8410 §3',
    category: 'WEAK_KEY',
    objections: ({ request: { publicKey } }) =>
      publicKey.algorithm === 'unsupported' ? [`Not accepted: ${publicKey.detail}`] : [],
  },
  {
    code: 'CSR_KEY_INVALID',
    title: 'The point is not on its curve',
    citation: 'RFC 5480 §2.2, SP 800-56A §5.6.2.3',
    category: 'WEAK_KEY',
    objections: ({ request: { publicKey, verifyingKey } }) =>
      objectIf(
        (publicKey.algorithm === 'ec' || publicKey.algorithm === 'ed25519') && !verifyingKey,
        'The public key is no valid point of its curve',
      ),
  },
  rsaRule('CSR_RSA_TOO_SMALL', 'The RSA modulus is shorter than 2048 bits', 'NIST SP 800-131A §3', ({ modulusBits }) =>
    objectIf(modulusBits < RSA_BITS_MIN, `The modulus has ${modulusBits} bits; at least ${RSA_BITS_MIN} are due`),
  ),
  rsaRule('CSR_RSA_TOO_LARGE', 'The RSA modulus is longer than 4096 bits', 'CVE-2023-3817', ({ modulusBits }) =>
    objectIf(modulusBits > RSA_BITS_MAX, `The modulus has ${modulusBits} bits; at most ${RSA_BITS_MAX} are accepted`),
  ),
  rsaRule('CSR_RSA_EXPONENT', 'The RSA exponent is even, small or very large', 'FIPS 186-5 §A.1.1', ({ exponent }) =>
    objectIf(
      exponent % 2n === 0n || exponent <= 0x10000n || exponent >= 1n << 256n,
      'The exponent must be odd, above 65536 and below 2^256',
    ),
  ),
  rsaStructureRule(
    'CSR_RSA_SMALL_FACTOR',
    'The RSA modulus has a small factor',
    'CA/B Forum BR §6.1.6, SP 800-56B §6.4.2.2',
    ({ modulus }) => {
      const factor = smallFactor(modulus);
      return factor === undefined ? [] : [`The modulus is divisible by ${factor}`];
    },
  ),
  rsaStructureRule(
    'CSR_RSA_ROCA',
    'The RSA key comes from a library with a known flaw (ROCA)',
    'CVE-2017-15361',
    ({ modulus }) =>
      objectIf(hasRocaFingerprint(modulus), 'The modulus has the fingerprint of keys that can be factored'),
  ),
  rsaStructureRule(
    'CSR_RSA_CLOSE_PRIMES',
    'The primes of the RSA key lie too close together',
    'CVE-2022-26320, FIPS 186-5 §A.1.3',
    ({ modulus }) => objectIf(hasClosePrimes(modulus), 'The modulus can be factored: its primes are close together'),
  ),
  standingRule(
    'CSR_KEY_OF_AUTHORITY',
    'The key is that of a certificate authority',
    'ofAuthority',
    'The key is that of a certificate authority',
  ),
  // Says no more than that: whose it is, and that there is another, is not the requester's to know.
  standingRule(
    'CSR_KEY_NOT_YOURS',
    'The key belongs to somebody else',
    'ofAnotherTenant',
    'The key cannot be certified for you',
  ),
  standingRule(
    'CSR_KEY_COMPROMISED',
    'The key was reported as compromised',
    'compromised',
    'The key was reported as compromised; make a new one',
  ),
  standingRule(
    'CSR_KEY_IN_USE',
    'Another certificate has this key',
    'inUse',
    'The key has a certificate already; renew that one, or make a new key',
  ),
];
