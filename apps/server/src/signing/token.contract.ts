import { type Json, toRfc3339 } from '#core';
import { type SignedToken, type Verdict, formatNames, verifyCodes } from '#signing';

import { Choice, Flag, Identifier, Instant, Items, JsonObject, Nested, Text } from '../http/fields.js';

const TOKEN_EXAMPLE = 'eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IjZmMWMifQ.eyJpc3MiOiJhY21lIn0.c2lnbmF0dXJl';
const KID_EXAMPLE = '6f1c2f0e-4a55-4c86-9f5e-0f0f5a0e9c11';

export class IssuedTokenAnswer {
  @Text({ max: 16_384, example: TOKEN_EXAMPLE, description: 'The token, in the form that its recipient expects' })
  token: string;

  @Choice(formatNames, { example: 'jwt' })
  format: string;

  @Text({ max: 128, example: KID_EXAMPLE, description: 'The key version that signed' })
  kid: string;

  @Text({ max: 128, example: KID_EXAMPLE, description: 'What the history knows the token by: its `jti`' })
  tokenId: string;

  @Instant()
  issuedAt: string;

  @Instant()
  expiresAt: string;

  static of({ token, format, kid, tokenId, issuedAt, expiresAt }: SignedToken): IssuedTokenAnswer {
    return { token, format, kid, tokenId, issuedAt: toRfc3339(issuedAt), expiresAt: toRfc3339(expiresAt) };
  }
}

export class VerifyRequest {
  @Text({ max: 64, example: 'partner-api', description: 'Name of the token profile that the token should be of' })
  profile: string;

  @Text({ max: 16_384, example: TOKEN_EXAMPLE })
  token: string;
}

export class VerifyAnswer {
  @Flag({ description: 'Whether the token may be believed' })
  valid: boolean;

  @Choice(verifyCodes, { example: 'OK', description: '`OK`, or the first thing that is wrong' })
  code: string;

  @JsonObject({ optional: true, example: { sub: 'user-42' }, description: 'The claims, once the signature holds' })
  claims?: { readonly [name: string]: Json };

  @Text({ optional: true, max: 128, example: KID_EXAMPLE })
  kid?: string;

  @Instant({ optional: true })
  expiresAt?: string;

  static of({ code, claims, kid, expiresAt }: Verdict): VerifyAnswer {
    return {
      valid: code === 'OK',
      code,
      ...(claims === undefined ? {} : { claims }),
      ...(kid === undefined ? {} : { kid }),
      ...(expiresAt === undefined ? {} : { expiresAt: toRfc3339(expiresAt) }),
    };
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

  @Identifier({ example: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2d', description: 'The credential of this very request' })
  credentialId: string;

  @Choice(['service_key', 'jwt'], { example: 'service_key' })
  authType: string;

  @Items(Text({ max: 64 }), { maxItems: 100, example: ['partner-api'], description: 'Granted profiles; `*` is all' })
  profiles: string[];
}
