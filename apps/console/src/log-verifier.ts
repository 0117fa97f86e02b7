import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { LogVerifier } from '#log-verifier';

export { sha256 };

/**
 * The verifier of the server and the command line, in a browser. By JavaScript and not by WebCrypto, which pages without
 * https do not have, and which does not know ML-DSA.
 */
export const verifier = new LogVerifier({
  sha256,
  verifySignature: (algorithm, publicKey, message, signature) => {
    try {
      return algorithm === 'ML-DSA-44'
        ? ml_dsa44.verify(signature, message, publicKey)
        : // As RFC 8032 and Node verify, not as ZIP 215.
          ed25519.verify(signature, message, publicKey, { zip215: false });
    } catch {
      // A length that no signature or key of the algorithm has.
      return false;
    }
  },
});
