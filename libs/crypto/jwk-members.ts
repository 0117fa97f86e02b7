/** A JSON Web Key (RFC 7517) as it comes from outside: nothing about its members is known yet. */
export type Jwk = Readonly<Record<string, unknown>>;
