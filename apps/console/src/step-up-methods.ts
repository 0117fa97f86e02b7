import type { Schemas } from './queries.js';

/** How a person proves that it is still they who act. */
export type StepUpMethod = 'passkey' | 'totp' | 'recovery_code' | 'provider' | 'password';

export interface StepUpFacts {
  /** The second factors of the account; `undefined` where it has none. */
  readonly factors: Pick<Schemas['FactorList'], 'items' | 'recoveryCodesLeft'> | undefined;
  /** Whether the session began by an identity provider: the person may have no password. */
  readonly byProvider: boolean;
  /** Whether the call takes a second factor only, from an account that has one. */
  readonly secondFactorOnly: boolean;
}

/** The methods that a person can use, the easiest first. */
export function stepUpMethods({ factors, byProvider, secondFactorOnly }: StepUpFacts): readonly StepUpMethod[] {
  const first: readonly StepUpMethod[] = byProvider ? ['provider', 'password'] : ['password'];
  if (factors === undefined || factors.items.length === 0) return first;
  const enrolled = (['passkey', 'totp'] as const).filter((kind) => factors.items.some((each) => each.kind === kind));
  return [
    ...enrolled,
    ...(factors.recoveryCodesLeft > 0 ? (['recovery_code'] as const) : []),
    ...(secondFactorOnly ? [] : first),
  ];
}
