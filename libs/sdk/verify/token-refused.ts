/** Why a token was rejected: the codes of `POST /v1/verify`, and one for a request without a token. */
export type TokenRefusalCode =
  | 'CREDENTIALS_REQUIRED'
  | 'MALFORMED_TOKEN'
  | 'ALGORITHM_NOT_ALLOWED'
  | 'UNKNOWN_KID'
  | 'INVALID_SIGNATURE'
  | 'EXPIRED_TOKEN'
  | 'TOKEN_NOT_YET_VALID'
  | 'INVALID_CLAIMS';

/** A token that is not accepted. Express answers by `status` and `headers`. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  readonly status = 401;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: TokenRefusalCode,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(detail, options);
    this.headers = { 'WWW-Authenticate': challenge(code, detail) };
  }
}

/** The public keys could not be read, so that nothing is known of the token. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
  readonly status = 503;
  readonly code = 'KEYS_UNAVAILABLE';
  readonly headers: Readonly<Record<string, string>> = { 'Retry-After': '5' };

  constructor(cause: unknown) {
    super('The public keys of the issuer cannot be read now', { cause });
  }
}

/** RFC 6750 §3: a request without a token is told the scheme alone. */
const challenge = (code: TokenRefusalCode, detail: string): string =>
  code === 'CREDENTIALS_REQUIRED' ? 'Bearer' : `Bearer error="invalid_token", error_description="${detail}"`;
