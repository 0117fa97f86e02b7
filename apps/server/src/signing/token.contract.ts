import { DomainError, type Json, coreErrors, toRfc3339 } from '#core';
import { keyErrors } from '#keys';
import {
  type Diagnosis,
  type Finding,
  type TokenVerdict,
  type PresentedToken,
  type SignedToken,
  formatNames,
  profileErrors,
  verifyCodes,
} from '#signing';

import { signingInKeyStore } from '../admin/key-store.contract.js';
import type { SecretText } from '../http/answer-once.js';
import { type Problem, toProblem } from '../http/problem.js';
import { Compiled } from '../http/compiled-input.js';
import { Choice, Flag, Identifier, Instant, Items, JsonObject, Nested, Text } from '../http/fields.js';
import { tokenOfProfile } from '../secret-references.js';

/** Errors of every request that issues a token. */
export const ofIssuing = [profileErrors.PROFILE_NOT_GRANTED, keyErrors.KEY_NOT_USABLE, ...signingInKeyStore] as const;

const TOKEN_EXAMPLE = 'eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IjZmMWMifQ.eyJpc3MiOiJhY21lIn0.c2lnbmF0dXJl';
/** Maximum size of a body in a request with a token. */
const BODY_CHARACTERS_MAX = 65_536;
const BATCH_MAX = 100;
const KID_EXAMPLE = '6f1c2f0e-4a55-4c86-9f5e-0f0f5a0e9c11';

export class IssuedTokenAnswer {
  @Text({ max: 16_384, example: TOKEN_EXAMPLE, description: "The token, in the recipient's format" })
  token: SecretText;

  @Choice(formatNames, { example: 'jwt' })
  format: string;

  @Text({ max: 128, example: KID_EXAMPLE, description: 'The key version that signed' })
  kid: string;

  @Text({
    max: 128,
    example: KID_EXAMPLE,
    description: 'Token ID in the history: its `jti`, its `xid`, or the hash of a token without either',
  })
  tokenId: string;

  @Instant()
  issuedAt: string;

  @Instant()
  expiresAt: string;

  @Text({
    optional: true,
    max: BODY_CHARACTERS_MAX,
    multiline: true,
    example: '{"serial":"EXAMPLECUSTOMER1D57107A415DEE77F","eliteSeats":15}',
    description: 'The exact body to send with a token that binds it',
  })
  body?: string;

  /** @param profile the name of the profile that it was issued by */
  static of(profile: string, signed: SignedToken): IssuedTokenAnswer {
    const { format, kid, tokenId, issuedAt, expiresAt, body } = signed;
    return {
      token: tokenOfProfile(profile, signed),
      format,
      kid,
      tokenId,
      issuedAt: toRfc3339(issuedAt),
      expiresAt: toRfc3339(expiresAt),
      ...(body === undefined ? {} : { body }),
    };
  }
}

@Compiled()
export class BatchRequest {
  @Items(JsonObject({ maxBytes: BODY_CHARACTERS_MAX }), {
    minItems: 1,
    maxItems: BATCH_MAX,
    example: [{ subject: 'user-42' }, { subject: 'user-43' }],
    description: 'One input per token, each as `POST /v1/sign/{profile}` takes it',
  })
  items: object[];
}

export class BatchAnswer {
  @Items(JsonObject(), {
    maxItems: BATCH_MAX,
    example: [
      { token: TOKEN_EXAMPLE, format: 'jwt', kid: KID_EXAMPLE, tokenId: KID_EXAMPLE },
      { error: { code: 'VALIDATION_ERROR', status: 400, title: 'Invalid request' } },
    ],
    description: 'In request order: a token, or `error` with the problem document',
  })
  items: (IssuedTokenAnswer | { readonly error: Problem })[];

  static of(
    profile: string,
    outcomes: readonly (SignedToken | DomainError)[],
    request: { instance: string; requestId: string },
  ): BatchAnswer {
    const items = outcomes.map((outcome) =>
      outcome instanceof DomainError ? { error: toProblem(outcome, request) } : IssuedTokenAnswer.of(profile, outcome),
    );
    return { items };
  }
}

class PresentedTokenRequest {
  @Text({ max: 16_384, multiline: true, example: TOKEN_EXAMPLE })
  token: string;

  @Text({
    optional: true,
    min: 0,
    max: BODY_CHARACTERS_MAX,
    verbatim: true,
    example: '{"serial":"EXAMPLECUSTOMER1D57107A415DEE77F"}',
    description: 'The body received with the token, for formats that bind it; UTF-8',
  })
  body?: string;

  @Text({
    optional: true,
    min: 0,
    max: BODY_CHARACTERS_MAX,
    pattern: /^[A-Za-z0-9+/]*={0,2}$/,
    example: 'eyJzZXJpYWwiOiJFWEFNUExFIn0=',
    description: 'The body in Base64, for bytes that are not UTF-8; replaces `body`',
  })
  bodyBase64?: string;

  /** The received bytes, from either member. @throws VALIDATION_ERROR for both together */
  static toPresented(profile: string, { token, body, bodyBase64 }: PresentedTokenRequest): PresentedToken {
    if (body !== undefined && bodyBase64 !== undefined) {
      const detail = '`body` and `bodyBase64` exclude each other';
      throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer: '/bodyBase64', code: 'NOT_ALLOWED', detail }] });
    }
    const bytes = body === undefined ? decoded(bodyBase64) : Buffer.from(body);
    return { profile, token, body: bytes };
  }
}

const decoded = (base64: string | undefined): Buffer | undefined =>
  base64 === undefined ? undefined : Buffer.from(base64, 'base64');

@Compiled()
export class DiagnoseRequest extends PresentedTokenRequest {
  @Text({
    optional: true,
    max: 64,
    example: 'partner-api',
    description: 'Name of the expected token profile; absent: the token is the caller’s own JWT',
  })
  profile?: string;
}

@Compiled()
export class VerifyRequest extends PresentedTokenRequest {
  @Text({ max: 64, example: 'partner-api', description: 'Name of the expected token profile' })
  profile: string;

  @Flag({
    optional: true,
    default: false,
    example: true,
    description: "Whether acceptance consumes the token's id (`jti`, `xid`), so that it is accepted only once",
  })
  consume?: boolean;
}

export class VerifyAnswer {
  @Flag({ description: 'Whether the token is valid' })
  valid: boolean;

  @Choice(verifyCodes, { example: 'OK', description: '`OK`, or the first error' })
  code: string;

  @JsonObject({ optional: true, example: { sub: 'user-42' }, description: 'The claims, if the signature is valid' })
  claims?: { readonly [name: string]: Json };

  @Text({ optional: true, max: 128, example: KID_EXAMPLE })
  kid?: string;

  @Instant({ optional: true })
  expiresAt?: string;

  @Text({ optional: true, max: 64, example: 'NoError', description: "The vendor's name of the result" })
  vendorResult?: string;

  static of({ code, claims, kid, expiresAt, vendorResult }: TokenVerdict): VerifyAnswer {
    return {
      valid: code === 'OK',
      code,
      ...(claims === undefined ? {} : { claims }),
      ...(kid === undefined ? {} : { kid }),
      ...(expiresAt === undefined ? {} : { expiresAt: toRfc3339(expiresAt) }),
      ...(vendorResult === undefined ? {} : { vendorResult }),
    };
  }
}

class FindingAnswer {
  @Text({ max: 64, example: 'LOCAL_TIME_INSTEAD_OF_UTC', description: 'Stable code' })
  cause: string;

  @Text({ max: 1_000, example: 'The time is off by +02:00: it looks like local time; UTC is expected' })
  detail: string;

  @JsonObject({ optional: true, example: { offsetMinutes: 120 }, description: 'Details of the finding' })
  facts?: { readonly [name: string]: Json };
}

export class DiagnoseAnswer {
  @Flag({ description: 'Whether the token would be accepted' })
  valid: boolean;

  @Choice(verifyCodes, { example: 'EXPIRED_TOKEN', description: 'The result of `POST /v1/verify`' })
  code: string;

  @Items(Nested(() => FindingAnswer), {
    maxItems: 50,
    description: 'All causes found',
  })
  findings: Finding[];

  static of({ verdict: { code }, findings }: Diagnosis): DiagnoseAnswer {
    return { valid: code === 'OK', code, findings: [...findings] };
  }
}

class WhoamiService {
  @Identifier({ example: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b' })
  id: string;

  @Text({ max: 100, example: 'billing' })
  name: string;

  @Identifier({ example: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2c' })
  tenantId: string;
}

export class WhoamiAnswer {
  @Nested(() => WhoamiService)
  service: WhoamiService;

  @Identifier({ example: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2d', description: 'The credential of this request' })
  credentialId: string;

  @Choice(['service_key', 'jwt', 'workload'], { example: 'service_key' })
  authType: string;

  @Items(Text({ max: 64 }), { maxItems: 100, example: ['partner-api'], description: 'Granted profiles; `*` means all' })
  profiles: string[];
}
