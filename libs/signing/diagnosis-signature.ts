import { type Signed, algorithm } from '#crypto';

import type { Finding, VerifyingKey } from './token-format.js';

/**
 * Finds the key or the mistake that explains a signature.
 * @returns the key that signed, or a finding that explains why none did
 */
export async function diagnoseSignature(
  signed: Signed,
  keys: readonly VerifyingKey[],
): Promise<{ readonly signer: VerifyingKey } | { readonly finding: Finding }> {
  for (const key of keys) {
    if (await algorithm(key.algorithm).verify(signed.data, signed.signature, key.verifyingKey)) return { signer: key };
  }
  for (const { algorithm: name, verifyingKey } of keys) {
    const mistake = algorithm(name).mistakes.find(({ explains }) => explains(signed, verifyingKey));
    if (mistake) return { finding: { cause: mistake.cause, detail: mistake.detail } };
  }
  const detail = 'No key of the profile made this signature, or the token was altered after it was signed';
  return { finding: { cause: 'SIGNED_BY_ANOTHER_KEY', detail } };
}
