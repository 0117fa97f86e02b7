import { type Signed, algorithm } from '#crypto';

import type { Finding, VerifyingKey } from './token-format.js';

/**
 * Finds out how a signature came about: by which key, or by which mistake.
 * @returns the key that really signed, or the finding that explains why none seems to have
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
