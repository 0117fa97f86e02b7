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

/** How much a reason says about the key; 0 for the reasons that say nothing about it. */
const COMPROMISE_RANK: Partial<Record<RevocationReason, number>> = { cACompromise: 1, keyCompromise: 2 };
const rank = (reason: RevocationReason | null): number => (reason && COMPROMISE_RANK[reason]) ?? 0;

/** Whether the reason is that the private key of the subject is known to others. */
export const isCompromise = (reason: RevocationReason): boolean => rank(reason) > 0;

/**
 * Whether a certificate that is revoked for `current` is to be revoked for `reason` instead: where the key turns out to
 * be compromised (CA/B Forum BR §7.2.2). Every other reason is final.
 */
export const replacesReason = (reason: RevocationReason, current: RevocationReason | null): boolean =>
  rank(reason) > rank(current);
