import { Secret } from '#core';
import { generateServiceKey, randomSecret } from '#crypto';

const JWT_SECRET_BYTES = 32;

/** How a service proves who it is; each type has its own credentials, counted separately. */
const table = {
  /** An opaque API key, sent as it is. */
  service_key: { generate: generateServiceKey },
  /** A Base64 secret with which the service signs its own HS256 tokens; decoded before use. */
  jwt: { generate: () => new Secret(randomSecret(JWT_SECRET_BYTES).reveal().toString('base64')) },
} as const satisfies Record<string, { generate: () => Secret }>;

export type AuthType = keyof typeof table;

export const authTypes = Object.keys(table) as AuthType[];

/** A new secret of the type, in the form in which the service receives it. */
export const generateSecret = (authType: AuthType): Secret => table[authType].generate();
