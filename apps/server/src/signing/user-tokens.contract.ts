import type { SecretText } from '../http/answer-once.js';
import { Compiled } from '../http/compiled-input.js';
import { Email, Flag, Text, WholeNumber } from '../http/fields.js';
import { ProfileQuery } from './transactions.contract.js';

const TOKEN_EXAMPLE = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJBTUNFIn0.c2lnbmF0dXJl';

@Compiled()
export class UserTokenQuery extends ProfileQuery {
  @Text({
    optional: true,
    max: 64,
    example: 'acme',
    description: 'Id or slug of the tenant, if several trust the same issuer for the same audience',
  })
  tenant?: string;
}

/** The user, as the calling service identified it, or an anonymous user. */
@Compiled()
export class UserTokenRequest {
  @Text({ optional: true, example: 'user-42', description: 'User identifier on the platform' })
  identifier?: string;

  @Text({ optional: true, example: 'Ada Lovelace' })
  name?: string;

  @Email({ optional: true, asWritten: true })
  email?: string;

  @Flag({
    optional: true,
    example: true,
    description: 'Whether the user is anonymous; replaces the other three fields',
  })
  anonymous?: boolean;

  @WholeNumber({
    optional: true,
    min: 1,
    max: 3_600,
    example: 600,
    description: 'Lifetime, if shorter than the profile’s',
  })
  ttlSeconds?: number;
}

export class UserTokenAnswer {
  @Text({ max: 16_384, example: TOKEN_EXAMPLE, description: "The token, as the platform's SDK expects it" })
  token: SecretText;
}
