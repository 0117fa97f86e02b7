import type { Json } from '#core';
import type { RevocationReason } from '#pki';

import { acmeErrors } from './errors.js';

/** The reasons that the holder of a certificate may give, by their code (RFC 5280 §5.3.1): not those of an authority. */
const REASONS: ReadonlyMap<Json, Exclude<RevocationReason, 'certificateHold'>> = new Map([
  [0, 'unspecified'],
  [1, 'keyCompromise'],
  [3, 'affiliationChanged'],
  [4, 'superseded'],
  [5, 'cessationOfOperation'],
]);

/** The reason of a request (RFC 8555 §7.6). @throws ACME_BAD_REVOCATION_REASON */
export function revocationReasonOf(code: Json | undefined): Exclude<RevocationReason, 'certificateHold'> {
  const reason = REASONS.get(code ?? 0);
  if (reason === undefined)
    throw acmeErrors.ACME_BAD_REVOCATION_REASON(`Accepted are ${[...REASONS.keys()].join(', ')}`);
  return reason;
}
