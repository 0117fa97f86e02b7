import type { ExchangedToken } from '#service-keys';

import { Choice, Identifier, Text, WholeNumber } from '../http/fields.js';

export const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** RFC 8693 §3 */
const SUBJECT_TOKEN_TYPES = [
  'urn:ietf:params:oauth:token-type:jwt',
  'urn:ietf:params:oauth:token-type:id_token',
  'urn:ietf:params:oauth:token-type:access_token',
] as const;
const ISSUED_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

/** As a form (RFC 8693 §2.1); names are those of the standard. */
export class TokenExchangeRequest {
  @Choice([GRANT_TYPE], { description: 'The grant' }) grant_type: string;
  @Text({
    max: 16_384,
    description: "The workload's token from its own issuer",
    example: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln',
  })
  subject_token: string;
  @Choice(SUBJECT_TOKEN_TYPES, { description: 'Kind of the key store' }) subject_token_type: string;
  @Identifier({ description: 'Id of the service that the workload acts as' }) audience: string;
}

export class TokenExchangeAnswer {
  @Text({
    max: 100,
    description: 'For `Authorization: Bearer` or `X-Service-Key`',
    example: 'cwc_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6',
  })
  access_token: string;
  @Choice([ISSUED_TOKEN_TYPE], { description: 'Kind of the key store' }) issued_token_type: string;
  @Choice(['Bearer'], { description: 'How to send it (RFC 6750)' }) token_type: string;
  @WholeNumber({ description: 'Seconds until it expires', example: 900 }) expires_in: number;
}

/** RFC 6749 §5.2, by RFC 8693 §2.2.2. */
const oauthErrors = ['invalid_request', 'unsupported_grant_type'] as const;
type OAuthErrorName = (typeof oauthErrors)[number];

export class OAuthError {
  @Choice(oauthErrors, { description: 'Code of the cause' }) error: OAuthErrorName;
  @Text({ description: 'Description of the cause', example: 'subject_token is missing' }) error_description: string;
}

const SINGLE: readonly (keyof TokenExchangeRequest)[] = [
  'grant_type',
  'subject_token',
  'subject_token_type',
  'audience',
];

const wrong = (error: OAuthErrorName, description: string): OAuthError => ({ error, error_description: description });

/**
 * Reads the request. Unknown parameters are ignored (RFC 6749 §3.2); a repeated one is an error.
 * @param body the form as it arrived
 */
export function readTokenExchange(body: unknown): TokenExchangeRequest | OAuthError {
  if (!Buffer.isBuffer(body)) return wrong('invalid_request', 'a form is expected');
  const form = new URLSearchParams(body.toString());
  for (const name of SINGLE) {
    const values = form.getAll(name);
    if (values.length > 1) return wrong('invalid_request', `${name} is repeated`);
    if (!values[0]) return wrong('invalid_request', `${name} is missing`);
  }
  const [grantType, subjectToken, type, audience] = SINGLE.map((name) => form.get(name)!) as [
    string,
    string,
    string,
    string,
  ];
  if (grantType !== GRANT_TYPE) return wrong('unsupported_grant_type', `grant_type is not ${GRANT_TYPE}`);
  if (!(SUBJECT_TOKEN_TYPES as readonly string[]).includes(type)) {
    return wrong('invalid_request', `subject_token_type is none of ${SUBJECT_TOKEN_TYPES.join(', ')}`);
  }
  return { grant_type: grantType, subject_token: subjectToken, subject_token_type: type, audience };
}

/** RFC 8693 §2.2.2: a token that is not acceptable for any reason is an invalid request. */
export const rejectedToken = (): OAuthError =>
  wrong('invalid_request', 'subject_token is not accepted for this service; the history of the tenant says why');

export const presentExchange = ({ accessToken, expiresInSeconds }: ExchangedToken): TokenExchangeAnswer => ({
  access_token: accessToken.reveal(),
  issued_token_type: ISSUED_TOKEN_TYPE,
  token_type: 'Bearer',
  expires_in: expiresInSeconds,
});
