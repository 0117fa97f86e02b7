import { coreErrors } from '#core';
import { type CompactJws, algorithm, parseCompactJws } from '#crypto';
import type { UsableKey } from '#keys';

import type { VerifyCode, VerifyContext } from './token-format.js';

export type Refused = { readonly code: Exclude<VerifyCode, 'OK'>; readonly kid?: string };

/**
 * The first half of every JWS format's verification, in the fixed order: shape, header, algorithm (from our key, never
 * from the token), key, signature. What comes back is authentic; its claims are still to be judged.
 */
export async function verifyJws(
  token: string,
  context: VerifyContext,
): Promise<Refused | { readonly code: 'OK'; readonly jws: CompactJws; readonly key: UsableKey }> {
  const parsed = parseCompactJws(token);
  if (!parsed.ok) {
    return { code: parsed.reason === 'ALGORITHM_UNKNOWN' ? 'ALGORITHM_NOT_ALLOWED' : 'MALFORMED_TOKEN' };
  }
  const jws = parsed.value;
  if (jws.header.alg !== context.algorithm) return { code: 'ALGORITHM_NOT_ALLOWED' };
  const { kid } = jws.header;
  if (kid === undefined) return { code: 'UNKNOWN_KID' };
  const key = context.keys.find((candidate) => candidate.kid === kid);
  if (!key) return { code: (await context.knowsKid(kid)) ? 'KEY_NOT_USABLE' : 'UNKNOWN_KID', kid };
  const authentic = await algorithm(key.algorithm).verify(jws.signingInput, jws.signature, key.verifyingKey);
  return authentic ? { code: 'OK', jws, key } : { code: 'INVALID_SIGNATURE', kid };
}

/**
 * What is issued here can be verified here: a token must keep the limits that hold for reading one.
 * @throws VALIDATION_ERROR where the claims make it too long or give it too many members
 */
export function requireReadable(token: string): string {
  const parsed = parseCompactJws(token);
  if (parsed.ok) return token;
  const { reason: code, detail } = parsed;
  throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer: '/claims', code, detail }] });
}
