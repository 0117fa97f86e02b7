/** When a second factor is asked for. */
type FactorNeed = 'never' | 'where the account has one' | 'always';

/**
 * What a step-up is for, and whether the password, or a sign-in at the identity provider, suffices for it: the rule of every
 * route that asks for one. A second factor suffices for all.
 */
export const stepUpRules = {
  /** Deletes, reveals or forces something. */
  resource: 'never',
  /** Decides how people prove who they are: with the password alone, a person who has stolen it could take over accounts. */
  account: 'where the account has one',
  /** Makes what steps up later without asking a person. */
  unattended: 'always',
} as const satisfies Record<string, FactorNeed>;

export type StepUpPurpose = keyof typeof stepUpRules;
