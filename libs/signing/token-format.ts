import type { EpochMilliseconds, InputError, Json } from '#core';
import type { AlgorithmName } from '#crypto';
import type { UsableKey } from '#keys';

/** The recipe of a token, as far as a format needs to know it. */
export interface ProfileFacts {
  readonly name: string;
  /** What the profile states, or the tenant's own URL. */
  readonly issuer: string;
  /** What the profile itself states; `null` where it leaves the issuer to the format. */
  readonly statedIssuer: string | null;
  /** Empty: the caller names the audience, or none. */
  readonly audience: readonly string[];
  readonly ttlSeconds: number;
  readonly maxTtlSeconds: number;
  readonly skewSeconds: number;
  readonly fixedClaims: { readonly [name: string]: Json };
  /** Names of the claims that a caller may set; `*` means all but the registered ones. */
  readonly allowedClaims: readonly string[];
  readonly requiredClaims: readonly string[];
  /** One of the format's `versions`; `null`: the first of them. */
  readonly formatVersion: string | null;
  /** What the format's `settingsSchema` permits. */
  readonly settings: { readonly [name: string]: Json };
}

/** The service that asks, where a format puts it into the token or expects it there. */
export interface AskingService {
  readonly serviceId: string;
  readonly credentialId?: string;
}

/** What a profile holds in place of what a caller may send. */
export interface StoredInput {
  readonly systemUserToken?: string;
}

export interface IssueContext {
  readonly profile: ProfileFacts;
  readonly key: Pick<UsableKey, 'kid' | 'algorithm'>;
  /** The signature of the key's algorithm over some bytes. */
  readonly sign: (data: Buffer) => Promise<Buffer>;
  /** What the token calls its key: the certificate's where the profile has one, else the key version's. */
  readonly kid: string;
  readonly caller: AskingService;
  readonly stored: StoredInput;
  readonly now: EpochMilliseconds;
  /** A fresh UUIDv4, for ids that a recipient expects to be random. */
  readonly randomId: () => string;
  /** A fresh UUIDv7 (RFC 9562 §5.7): what is stored under it goes to the end of each index, not somewhere into it. */
  readonly orderedId: () => string;
}

export interface IssuedToken {
  readonly token: string;
  /** What the history knows the token by: its `jti`, `xid` or, where it has none, the hash of the token. */
  readonly tokenId: string;
  readonly issuedAt: EpochMilliseconds;
  readonly expiresAt: EpochMilliseconds;
  /** The exact text to send with a token that binds it. */
  readonly body?: string;
}

/** Every answer of `POST /v1/verify`, in the order of the checks. */
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
type VerifyCode = (typeof verifyCodes)[number];
export type RefusalCode = Exclude<VerifyCode, 'OK'>;

export interface Verdict {
  readonly code: VerifyCode;
  /** Only of a token whose signature holds. */
  readonly claims?: { readonly [name: string]: Json };
  readonly kid?: string;
  readonly tokenId?: string;
  readonly expiresAt?: EpochMilliseconds;
  /** What must never be accepted twice, where the format has such an id. Used up by the service, as the last check. */
  readonly replayId?: string;
}

export interface VerifyContext {
  readonly profile: ProfileFacts;
  readonly algorithm: AlgorithmName;
  /** The keys that may verify now, newest first. */
  readonly keys: readonly VerifyingKey[];
  /** Why a key of that `kid` is not among `keys`. */
  readonly whyUnusable: (kid: string) => Promise<RefusalCode>;
  /** Public keys that may verify no more, for formats whose tokens do not name their key. */
  readonly endedKeys: () => Promise<readonly VerifyingKey[]>;
  readonly caller: AskingService;
  /** The bytes of the body that came with the token, as they were received. */
  readonly body: Buffer | undefined;
  readonly now: EpochMilliseconds;
}

export type VerifyingKey = Pick<UsableKey, 'kid' | 'algorithm' | 'verifyingKey'>;

/** JSON Schema (draft 2020-12 subset that Ajv compiles) of what a caller sends. */
export type InputSchema = { readonly type: 'object'; readonly [keyword: string]: unknown };

/** A token that is kept: found again by its transaction id and by the phone number that it is for. */
export interface TransactionRequest {
  readonly xid: string | undefined;
  readonly phoneNumber: string;
}

/** One thing that is wrong with a token, in words for its sender. Never holds a secret. */
export interface Finding {
  /** Stable: what a program matches on. */
  readonly cause: string;
  readonly detail: string;
  readonly facts?: { readonly [name: string]: Json };
}

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
  /** Whether its tokens name their key by a `kid`; where not, each live key is tried. */
  readonly namesKey: boolean;
  /** Whether a profile must say what `iss` is, may, or has no use for it. */
  readonly issuer: 'required' | 'optional' | 'unused';
  /** Lifetime in seconds where the profile says nothing, and the longest that the recipient accepts. */
  readonly lifetime?: { readonly ttlSeconds: number; readonly maxTtlSeconds: number };
  /** The versions of the format that a profile can ask for, the default first. */
  readonly versions?: readonly string[];
  /** What a profile can set beyond the members that all formats share; nothing where it is absent. */
  readonly settingsSchema?: InputSchema;
  /** Whether a certificate can take the key's place: its `kid` names the key, and its state decides. */
  readonly certificates?: boolean;
  /** How the recipient calls the codes, for formats whose documents name results of their own. */
  readonly vendorResults?: Readonly<Partial<Record<VerifyCode, string>>>;
  /** What is wrong with a profile of this format, beyond what holds for all. */
  checkProfile?(profile: ProfileFacts): InputError[];
  /** What is kept of the token and by what it is found; formats that keep nothing leave it out. */
  transaction?(input: Input): TransactionRequest;
  /** @throws VALIDATION_ERROR for input that the profile does not permit */
  issue(input: Input, context: IssueContext): Promise<IssuedToken>;
  /** Never throws for a bad token. */
  verify(token: string, context: VerifyContext): Promise<Verdict>;
  /** What is wrong with a token, for its sender; the diagnosis of a JWS unless the format brings its own. */
  diagnose?(token: string, context: VerifyContext): Promise<Finding[]>;
}
