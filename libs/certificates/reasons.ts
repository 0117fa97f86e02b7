/** CRLReason (RFC 5280 §5.3.1) by name; 7 is not used there. `removeFromCRL` belongs to delta CRLs, which are not issued. */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  privilegeWithdrawn: 9,
  aACompromise: 10,
} as const;

export type RevocationReason = keyof typeof REVOCATION_REASONS;

export const revocationReasons = Object.keys(REVOCATION_REASONS) as RevocationReason[];

/** Exact and case-sensitive, as RFC 5280 writes them. */
export const isRevocationReason = (text: string): text is RevocationReason => Object.hasOwn(REVOCATION_REASONS, text);
