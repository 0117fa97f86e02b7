import type { Schemas } from './queries.js';

/** How a person proves that it is still they who act. */
export type StepUpMethod = 'passkey' | 'totp' | 'recovery_code' | 'password';

/**
 * The methods that an account can use, the easiest first.
 * @param factors of the account; `undefined` where it has none
 * @param secondFactorOnly whether the call does not accept the password
 */
export function stepUpMethods(
  factors: Pick<Schemas['FactorList'], 'items' | 'recoveryCodesLeft'> | undefined,
  secondFactorOnly: boolean,
): readonly StepUpMethod[] {
  if (factors === undefined || factors.items.length === 0) return ['password'];
  const enrolled = (['passkey', 'totp'] as const).filter((kind) => factors.items.some((each) => each.kind === kind));
  return [
    ...enrolled,
    ...(factors.recoveryCodesLeft > 0 ? (['recovery_code'] as const) : []),
    ...(secondFactorOnly ? [] : (['password'] as const)),
  ];
}
