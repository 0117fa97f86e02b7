import { type Json, coreErrors } from '#core';
import type { FactorProof, Factors } from '#factors';
import { JsonObject, Text } from '../http/fields.js';

/** What a browser answers: `PublicKeyCredential.toJSON()` (WebAuthn Level 3 §5.1). */
const PASSKEY_BYTES_MAX = 16_384;

export const TotpField = () =>
  Text({
    min: 6,
    max: 6,
    pattern: /^\d{6}$/,
    optional: true,
    description: 'The current code of an authenticator app (RFC 6238); each is accepted once',
    example: '287082',
  });

export const PasskeyField = (what: string) =>
  JsonObject({
    optional: true,
    maxBytes: PASSKEY_BYTES_MAX,
    description: `What \`${what}\` answered, by its \`toJSON\` (WebAuthn)`,
    example: { id: 'ArPXkVSnfg', rawId: 'ArPXkVSnfg', type: 'public-key', response: {}, clientExtensionResults: {} },
  });

/** Exactly one of these. */
export class SecondFactorProof {
  @TotpField() totp?: string;
  @PasskeyField('navigator.credentials.get') passkey?: { [member: string]: Json };
  @Text({
    max: 40,
    optional: true,
    description: 'A recovery code, instead of a lost factor; each is accepted once',
    example: '4T2K-9QWF-0M31',
  })
  recoveryCode?: string;
}

/** The member of a body that is given, of several that exclude each other. @throws VALIDATION_ERROR */
export function oneOf<Body extends object>(body: Body, names: readonly (keyof Body & string)[]): keyof Body & string {
  const given = names.filter((name) => body[name] !== undefined);
  if (given.length === 1) return given[0]!;
  const detail = `exactly one of ${names.join(', ')} is expected`;
  throw coreErrors.VALIDATION_ERROR({ detail, errors: [{ pointer: '', code: 'ONE_OF', detail }] });
}

export const proofNames = ['totp', 'passkey', 'recoveryCode'] as const satisfies readonly (keyof SecondFactorProof)[];

/** @throws VALIDATION_ERROR unless exactly one proof is given */
export async function proofOf(factors: Factors, body: SecondFactorProof): Promise<FactorProof> {
  const name = oneOf(body, proofNames);
  if (name === 'recoveryCode') return factors.recoveryProof(body.recoveryCode!);
  return { kind: name, answer: body[name]! };
}
