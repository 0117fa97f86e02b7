import type { EpochMilliseconds, InputError, Json } from '#core';
import type { AlgorithmName } from '#crypto';
import type { UsableKey } from '#keys';

/** The recipe of a token, as far as a format needs to know it. */
export interface ProfileFacts {
  readonly name: string;
  readonly issuer: string;
  /** Empty: the caller names the audience, or none. */
  readonly audience: readonly string[];
  readonly ttlSeconds: number;
  readonly maxTtlSeconds: number;
  readonly skewSeconds: number;
  readonly fixedClaims: { readonly [name: string]: Json };
  /** Names of the claims that a caller may set; `*` stands for all but the registered ones. */
  readonly allowedClaims: readonly string[];
  readonly requiredClaims: readonly string[];
}

export interface IssueContext {
  readonly profile: ProfileFacts;
  readonly key: UsableKey;
  readonly now: EpochMilliseconds;
  /** A fresh UUIDv4. */
  readonly randomId: () => string;
}

export interface IssuedToken {
  readonly token: string;
  /** What the history knows the token by: its `jti`, `xid` or the like. */
  readonly tokenId: string;
  readonly issuedAt: EpochMilliseconds;
  readonly expiresAt: EpochMilliseconds;
}

/** Every answer of `POST /v1/verify`, in the order in which it is judged. */
export const verifyCodes = [
  'OK',
  'MALFORMED_TOKEN',
  'ALGORITHM_NOT_ALLOWED',
  'UNKNOWN_KID',
  'KEY_NOT_USABLE',
  'INVALID_SIGNATURE',
  'EXPIRED_TOKEN',
  'TOKEN_NOT_YET_VALID',
  'INVALID_CLAIMS',
  'INVALID_JTI',
  'DUPLICATE_JTI',
  'INVALID_PAYLOAD_HASH',
  'INVALID_TIMESTAMP',
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_EXPIRED',
] as const;
export type VerifyCode = (typeof verifyCodes)[number];

export interface Verdict {
  readonly code: VerifyCode;
  /** Only of a token whose signature holds. */
  readonly claims?: { readonly [name: string]: Json };
  readonly kid?: string;
  readonly tokenId?: string;
  readonly expiresAt?: EpochMilliseconds;
}

export interface VerifyContext {
  readonly profile: ProfileFacts;
  readonly algorithm: AlgorithmName;
  /** The versions that may verify now, newest first. */
  readonly keys: readonly UsableKey[];
  /** Whether the key has, or had, a version of that `kid`. */
  readonly knowsKid: (kid: string) => Promise<boolean>;
  readonly now: EpochMilliseconds;
}

/** JSON Schema (draft 2020-12 subset that Ajv compiles) of what a caller sends. */
export type InputSchema = { readonly type: 'object'; readonly [keyword: string]: unknown };

/** One kind of token: what a caller sends, how it is made, how it is checked. Adding one is one file and one line. */
export interface TokenFormat<Input = unknown> {
  readonly name: string;
  readonly title: string;
  /** The algorithms that a key of such a profile may have. */
  readonly algorithms: readonly AlgorithmName[];
  /** Whether keys that were imported below today's minimum are refused: only vendors' formats have to put up with them. */
  readonly strongKeysOnly?: boolean;
  readonly inputSchema: InputSchema;
  /** For the API document. */
  readonly inputExample: unknown;
  /** What is wrong with a profile of this format, beyond what holds for all. */
  checkProfile(profile: ProfileFacts): InputError[];
  /** @throws VALIDATION_ERROR for input that the profile does not permit */
  issue(input: Input, context: IssueContext): Promise<IssuedToken>;
  /** Never throws for a bad token. */
  verify(token: string, context: VerifyContext): Promise<Verdict>;
}
