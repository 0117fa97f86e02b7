import { createPublicKey, hash, verify } from 'node:crypto';

import { LogVerifier } from '#log-verifier';

/** The verifier by `node:crypto`. */
export const {
  openCheckpoint,
  parseVerifierKey,
  signersOf,
  verifierKey,
  verifyConsistency,
  verifyInclusion,
  verifyLogProof,
  verifySignature,
} = new LogVerifier({
  sha256: (bytes) => hash('sha256', bytes, 'buffer'),
  verifySignature: (algorithm, publicKey, message, signature) => {
    const encoded = Buffer.from(publicKey).toString('base64url');
    // RFC 8037 §2; RFC 9964 for the second.
    const jwk =
      algorithm === 'ML-DSA-44'
        ? { kty: 'AKP', alg: algorithm, pub: encoded }
        : { kty: 'OKP', crv: algorithm, x: encoded };
    return verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature);
  },
});
