import type { Json, Rfc3339 } from '#core';
import { type BegunFactor, type FactorKindName, factorKindNames } from '#factors';
import type { ConfirmedFactor } from '#tenants';
import { Choice, Identifier, Instant, Items, JsonObject, NameText, Nested, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';
import { PasskeyField, TotpField } from './factor-proof.contract.js';
import { StepUp } from './step-up.contract.js';

const Kind = () =>
  Choice(factorKindNames, { description: '`totp`: codes of an authenticator app (RFC 6238); `passkey`: WebAuthn' });
const Name = () => NameText({ max: 100, description: 'Name by which the user recognises it', example: 'phone' });
const RecoveryCodes = (options: { readonly optional?: boolean } = {}) =>
  Items(Text({ max: 40 }), {
    ...options,
    maxItems: 10,
    description: 'Recovery codes: each replaces a second factor once; shown only in this response',
    example: ['4T2K-9QWF-0M31'],
  });

export class NewFactor extends StepUp {
  @Kind() kind: FactorKindName;
  @Name() name: string;
}

export class Factor {
  @Identifier({ description: 'Id of the factor' }) id: string;
  @Kind() kind: FactorKindName;
  @Name() name: string;
  @Instant({ description: 'When it was enrolled' }) createdAt: Rfc3339;
  @Instant({ nullable: true, description: 'When it was confirmed; it is required from then on' })
  confirmedAt: Rfc3339 | null;
  @Instant({ nullable: true, description: 'When it was last accepted' }) lastUsedAt: Rfc3339 | null;
}

export class FactorList {
  @Items(Nested(() => Factor), { maxItems: 10, description: 'The confirmed factors, oldest first' }) items: Factor[];
  @WholeNumber({ description: 'Number of unused recovery codes', example: 10 }) recoveryCodesLeft: number;
}

export class TotpSetup {
  @Text({
    description: 'Secret in Base32, to type into the authenticator app',
    example: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  })
  secret: string;
  @Text({
    max: 1_024,
    description: 'The same for a QR code',
    example: 'otpauth://totp/Chancery:ada%40example.com?issuer=Chancery&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  })
  uri: string;
}

/** Data to set the factor up: the member with the name of its kind. */
export class EnrolledFactor {
  @Nested(() => Factor, { description: 'The factor, not yet confirmed' }) factor: Factor;
  @Nested(() => TotpSetup, {
    optional: true,
    description: 'Secret for the authenticator app; shown only in this response',
  })
  totp?: TotpSetup;
  @JsonObject({
    optional: true,
    description:
      'Options for `navigator.credentials.create`, read by `PublicKeyCredential.parseCreationOptionsFromJSON`',
    example: { rp: { name: 'Chancery', id: 'chancery.example' }, challenge: 'ArPXkVSnfg' },
  })
  passkey?: Json;
}

export class FactorConfirmation {
  @TotpField() totp?: string;
  @PasskeyField('navigator.credentials.create') passkey?: { [member: string]: Json };
}

export class FactorWithCodes {
  @Nested(() => Factor, { description: 'The confirmed factor' }) factor: Factor;
  @RecoveryCodes({ optional: true }) recoveryCodes?: string[];
}

export class NewRecoveryCodes {
  @RecoveryCodes() recoveryCodes: string[];
}

type FactorRow = ConfirmedFactor['factor'];

export const presentFactor = (row: FactorRow): Factor => present(Factor, row);

export const presentEnrolled = ({ factor, shown }: BegunFactor): EnrolledFactor => ({
  factor: presentFactor(factor),
  [factor.kind]: shown,
});

export const presentConfirmed = ({ factor, recoveryCodes }: ConfirmedFactor): FactorWithCodes => ({
  factor: presentFactor(factor),
  ...(recoveryCodes === undefined ? {} : { recoveryCodes: [...recoveryCodes] }),
});
