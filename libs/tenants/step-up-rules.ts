/** When a second factor is required. */
type FactorNeed = 'never' | 'where the account has one' | 'always';

/**
 * The purposes of step-ups, and whether a password, or a sign-in at the identity provider, suffices for each. A second factor
 * always suffices.
 */
export const stepUpRules = {
  /** Deletes, reveals or forces something. */
  resource: 'never',
  /** Changes how people authenticate: with a stolen password alone, an attacker could take over accounts. */
  account: 'where the account has one',
  /** Creates a token that steps up without a person. */
  unattended: 'always',
} as const satisfies Record<string, FactorNeed>;

export type StepUpPurpose = keyof typeof stepUpRules;
