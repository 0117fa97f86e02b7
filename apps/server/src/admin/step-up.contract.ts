import type { Json } from '#core';
import { type FactorMethod, factorErrors } from '#factors';
import { type StepUpToken, sessionErrors } from '#tenants';
import { Choice, Flag, Items, JsonObject, PasswordField, Text, WholeNumber } from '../http/fields.js';
import { SecondFactorProof } from './factor-proof.contract.js';

/** The body of a call that needs the caller's own password in the same request, or `X-Step-Up` in its place. */
export class StepUp {
  @PasswordField({ optional: true, description: "The caller's own password; otherwise 401 `PASSWORD_REQUIRED`" })
  password?: string;
}

/** The body of a call that is rejected if something depends on its target, unless `force` is set. */
export class ForcedAction {
  @Flag({
    optional: true,
    default: false,
    description: 'Proceed although other resources depend on it; requires `password`',
    example: false,
  })
  force?: boolean;
  @PasswordField({ optional: true, description: "The caller's own password; required with `force`" }) password?: string;
}

/** The same for a call that needs the password in any case. */
export class ForcedStepUp extends StepUp {
  @Flag({
    optional: true,
    default: false,
    description: 'Proceed although other resources depend on it',
    example: false,
  })
  force?: boolean;
}

/** Errors of such a call about the password or step-up. The API document shows the header for each route with them. */
export const stepUpErrors = [
  sessionErrors.PASSWORD_REQUIRED,
  sessionErrors.PASSWORD_INVALID,
  sessionErrors.STEP_UP_INVALID,
  sessionErrors.TOO_MANY_ATTEMPTS,
];

/** The same for platform routes that change how people authenticate. Routes of a tenant have the first error anyway. */
export const accountStepUpErrors = [factorErrors.SECOND_FACTOR_REQUIRED, ...stepUpErrors];

const factorMethods = ['totp', 'passkey', 'recovery_code'] as const satisfies readonly FactorMethod[];

/** Exactly one of these. */
export class FreshProof extends SecondFactorProof {
  @PasswordField({ optional: true, description: "The caller's own password" }) password?: string;
}

export class StepUpAnswer {
  @Text({
    max: 1_024,
    description: 'Token for the header `X-Step-Up`, valid in requests of this session',
    example: 'eyJhbGciOiJFUzI1NiJ9.eyJzaWQiOiIuLi4ifQ.c2ln',
  })
  stepUpToken: string;
  @WholeNumber({ description: 'Seconds until the token expires', example: 300 }) expiresIn: number;
}

export class AskedFactor {
  @Items(Choice(factorMethods), {
    maxItems: factorMethods.length,
    description: 'Factors of the account',
    example: ['totp', 'recovery_code'],
  })
  methods: FactorMethod[];
  @JsonObject({
    nullable: true,
    description:
      'Options for `navigator.credentials.get`, read with `PublicKeyCredential.parseRequestOptionsFromJSON`; ' +
      '`null` without a passkey',
    example: { rpId: 'chancery.example', challenge: 'ArPXkVSnfg' },
  })
  passkeyOptions: Json;
}

export const presentStepUp = ({ stepUpToken, expiresInSeconds }: StepUpToken): StepUpAnswer => ({
  stepUpToken,
  expiresIn: expiresInSeconds,
});

export const presentAsked = ({
  methods,
  passkeyOptions,
}: {
  readonly methods: readonly FactorMethod[];
  readonly passkeyOptions: Json;
}): AskedFactor => ({ methods: [...methods], passkeyOptions });
