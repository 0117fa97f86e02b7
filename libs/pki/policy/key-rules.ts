import { allKeyKinds } from '#crypto';

import { provesPossession } from '../x509/csr.js';
import { certifiedKeys } from '../x509/public-key.js';
import { type PolicyFacts, type PolicyRule, objectIf } from './rule.js';

/** The rules that each kind of key has for its public half. */
const publicKeyRules: readonly PolicyRule[] = allKeyKinds
  .flatMap((kind) => kind.publicKeyRules)
  .map(({ code, title, citation }) => ({
    code: `CSR_${code}`,
    title,
    citation,
    category: 'WEAK_KEY',
    objections: ({ request: { publicKey } }) =>
      publicKey
        .objections()
        .filter((objection) => objection.code === code)
        .map(({ detail }) => detail),
  }));

const keyStatusRule = (
  code: string,
  title: string,
  status: keyof PolicyFacts['keyStatus'],
  objection: string,
): PolicyRule => ({
  code,
  title,
  citation: 'RFC 5280 §4.1.2.7, CA/B Forum BR §6.1.1.3',
  category: 'POLICY_VIOLATION',
  objections: ({ keyStatus }) => objectIf(keyStatus[status], objection),
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
    title: `The key is not ${certifiedKeys}`,
    citation: 'RFC 5480 §2.1.1, RFC 8410 §3',
    category: 'WEAK_KEY',
    objections: ({ request: { publicKey } }) =>
      publicKey.kind === 'unsupported' ? [`Not accepted: ${publicKey.name}`] : [],
  },
  {
    code: 'CSR_KEY_INVALID',
    title: 'The point is not on its curve',
    citation: 'RFC 5480 §2.2, SP 800-56A §5.6.2.3',
    category: 'WEAK_KEY',
    objections: ({ request: { publicKey, verifyingKey } }) =>
      objectIf(
        publicKey.kind !== 'unsupported' && !verifyingKey && publicKey.objections().length === 0,
        'The public key is no valid point of its curve',
      ),
  },
  ...publicKeyRules,
  keyStatusRule(
    'CSR_KEY_OF_AUTHORITY',
    'The key is that of a certificate authority',
    'ofAuthority',
    'The key is that of a certificate authority',
  ),
  // Says no more than that: whose it is, and that there is another, is not the requester's to know.
  keyStatusRule(
    'CSR_KEY_NOT_YOURS',
    'The key belongs to somebody else',
    'ofAnotherTenant',
    'The key cannot be certified for you',
  ),
  keyStatusRule(
    'CSR_KEY_COMPROMISED',
    'The key was reported as compromised',
    'compromised',
    'The key was reported as compromised; make a new one',
  ),
  keyStatusRule(
    'CSR_KEY_IN_USE',
    'Another certificate has this key',
    'inUse',
    'The key has a certificate already; renew that one, or make a new key',
  ),
];
