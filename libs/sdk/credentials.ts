import type { Credentials } from './authentication.js';
import { cachedToken } from './cached-token.js';

/** The service key of a service (`csk_...`), sent as `X-Service-Key`. */
export const serviceKey = (key: string): Credentials => ({ headers: async () => ({ 'X-Service-Key': key }) });

export interface ApiTokenOptions {
  /** `chat_...` */
  readonly token: string;
}

/** An API token of a person or a service account (RFC 6750). */
export const apiToken = ({ token }: ApiTokenOptions): Credentials => ({
  headers: async () => ({ Authorization: `Bearer ${token}` }),
});

export interface JwtCredentialOptions {
  /** The `iss` of the tokens. */
  readonly serviceId: string;
  /** Base64 of 32 bytes, as the credential was shown. */
  readonly secret: string;
  /** How long each token is valid; 300 by default. */
  readonly ttlSeconds?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const TTL_SECONDS_DEFAULT = 300;

/** A JWT credential of a service: tokens are signed here by HMAC SHA-256 (RFC 7515), each used until shortly before its end. */
export function jwtCredential(options: JwtCredentialOptions): Credentials {
  const { serviceId, secret, ttlSeconds = TTL_SECONDS_DEFAULT, now = Date.now } = options;
  const bytes = Uint8Array.from(atob(secret), (character) => character.charCodeAt(0));
  const key = crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  // Where the key is bad, the first request says so.
  key.catch(() => undefined);
  const token = cachedToken(
    async () => {
      const issuedAt = Math.floor(now() / 1_000);
      const claims = { iss: serviceId, iat: issuedAt, exp: issuedAt + ttlSeconds };
      const input = `${encode(JSON.stringify({ alg: 'HS256', typ: 'JWT' }))}.${encode(JSON.stringify(claims))}`;
      const signature = await crypto.subtle.sign('HMAC', await key, new TextEncoder().encode(input));
      return {
        token: `${input}.${base64Url(new Uint8Array(signature))}`,
        expiresAt: (issuedAt + ttlSeconds) * 1_000,
      };
    },
    { now },
  );
  return { headers: async () => ({ Authorization: `Bearer ${await token()}` }) };
}

/** RFC 4648 §5, without padding (RFC 7515 §2). */
const base64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const encode = (text: string): string => base64Url(new TextEncoder().encode(text));
