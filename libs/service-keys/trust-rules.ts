import { type EpochMilliseconds, HOUR, type InputError, type Json, MINUTE, SECOND } from '#core';
import { isNumericDate } from '#crypto';
import type { Claims } from '#issuers';

/** What a token of a workload must say, beside its issuer. */
export interface TrustRules {
  /** The `aud`, exactly. */
  readonly audience: string;
  /** The `sub`: exact, or a pattern; `null` where the claims decide alone. */
  readonly subject: string | null;
  /** Further claims by name, or by JSON pointer (RFC 6901) where they are inside of others; exact, or patterns. */
  readonly claims: Readonly<Record<string, string>>;
}

/** Why a token is not accepted, for the history. */
export type TrustRefusal =
  | 'EXPIRED_TOKEN'
  | 'TOKEN_NOT_YET_VALID'
  | 'TOKEN_TOO_OLD'
  | 'INVALID_CLAIMS'
  | 'AUDIENCE_NOT_TRUSTED'
  | 'SUBJECT_NOT_TRUSTED'
  | 'CLAIM_NOT_TRUSTED';

/** How far the clock of an issuer may be off, in milliseconds. */
export const CLOCK_SKEW = MINUTE;
/** A token that is older was issued for something else. */
const ISSUED_WITHIN = HOUR;

/** Of GitHub, with or without the name of an enterprise as the path, and of an enterprise at a subdomain of GHE.com. */
const GITHUB_HOST = /^token\.actions\.(?:githubusercontent\.com|[^.]+\.ghe\.com)$/;
/** Of a GitHub Enterprise Server, at a host of its owner. */
const GITHUB_SERVER_PATH = '/_services/token';
/** A name that was given up can be taken by others; these ids cannot. */
const GITHUB_IDS: readonly string[] = ['repository_id', 'repository_owner_id'];
/** Every pod that names no other has it. */
const DEFAULT_SERVICE_ACCOUNT = /^system:serviceaccount:[^:]+:default$/;

/**
 * Whether a text is the pattern as a whole. `*` is any run of characters but `/` and `:`, which separate the parts of a
 * subject: `repo:acme/*` must not accept `repo:acme/shop:pull_request`.
 */
export function matches(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text;
  // Without backtracking over what was passed: the part before the last `*` is matched as early as possible.
  const [first = '', ...rest] = pattern.split('*');
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const [index, part] of rest.entries()) {
    const isLast = index === rest.length - 1;
    const at = isLast ? text.length - part.length : text.indexOf(part, from);
    if (at < from || (isLast && !text.endsWith(part)) || /[/:]/.test(text.slice(from, at))) return false;
    from = at + part.length;
  }
  return true;
}

/** The value of a claim by its name, or by a JSON pointer; only texts, numbers and booleans can be compared. */
export function claimAt(claims: Claims, name: string): string | undefined {
  const path = name.startsWith('/')
    ? name
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    : [name];
  let value: Json | undefined = claims;
  for (const member of path) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
    const holder = value as Readonly<Record<string, Json>>;
    value = Object.hasOwn(holder, member) ? holder[member] : undefined;
  }
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Whether the token is one of this moment. @returns why not */
export function timeProblem({ iat, nbf, exp }: Claims, now: EpochMilliseconds): TrustRefusal | undefined {
  if (!isNumericDate(iat) || !isNumericDate(exp) || (nbf !== undefined && !isNumericDate(nbf))) return 'INVALID_CLAIMS';
  if (now >= exp * SECOND + CLOCK_SKEW) return 'EXPIRED_TOKEN';
  if (Math.max(iat, nbf ?? iat) * SECOND > now + CLOCK_SKEW) return 'TOKEN_NOT_YET_VALID';
  return iat * SECOND + ISSUED_WITHIN + CLOCK_SKEW <= now ? 'TOKEN_TOO_OLD' : undefined;
}

/** Until when a token of these times is accepted, by the rules of `timeProblem`. */
export function acceptedUntil({ iat, exp }: Claims): EpochMilliseconds {
  const end = Math.min((exp as number) * SECOND, (iat as number) * SECOND + ISSUED_WITHIN);
  return Math.ceil(end) + CLOCK_SKEW;
}

/**
 * Until when it could come again: what its issuer writes as `exp` keeps no row for years. By whose clock it is accepted is
 * not known either.
 */
export const repeatableUntil = (claims: Claims): EpochMilliseconds => acceptedUntil(claims) + CLOCK_SKEW;

/** What rules decide about a token: whatever its claims are named, they are never taken for a reason. */
export type TrustDecision =
  | { readonly reason: TrustRefusal }
  /** The claims by which the rules accept the token. */
  | { readonly reason: null; readonly matched: Readonly<Record<string, string>> };

/** What the rules decide about the claims of a token, its time aside. */
export function decideByRules(rules: TrustRules, claims: Claims): TrustDecision {
  const { aud, sub } = claims;
  // Kubernetes writes the one audience as a list. With several, others accept the same token.
  const [audience, ...others] = Array.isArray(aud) ? aud : [aud];
  if (audience !== rules.audience || others.length > 0) return { reason: 'AUDIENCE_NOT_TRUSTED' };
  if (typeof sub !== 'string' || sub === '') return { reason: 'INVALID_CLAIMS' };
  if (rules.subject !== null && !matches(rules.subject, sub)) return { reason: 'SUBJECT_NOT_TRUSTED' };
  if (DEFAULT_SERVICE_ACCOUNT.test(sub) && rules.subject !== sub) return { reason: 'SUBJECT_NOT_TRUSTED' };
  const accepted: [name: string, value: string][] = [];
  for (const [name, pattern] of Object.entries(rules.claims)) {
    const value = claimAt(claims, name);
    if (value === undefined || !matches(pattern, value)) return { reason: 'CLAIM_NOT_TRUSTED' };
    accepted.push([name, value]);
  }
  // By definition of members, not by assignment: `__proto__` is a name like others.
  return { reason: null, matched: { aud: rules.audience, sub, ...Object.fromEntries(accepted) } };
}

/** The first claim of the rules that the token does not have as it must be. */
export const untrustedClaim = (rules: TrustRules, claims: Claims): string | undefined =>
  Object.entries(rules.claims).find(([name, pattern]) => !matches(pattern, claimAt(claims, name) ?? ''))?.[0];

const CLAIMS_MAX = 20;
const CHARACTERS_MAX = 255;

/** What is wrong with the claims of a request, before their rules can be read. */
export function claimProblems(claims: Readonly<Record<string, unknown>>): InputError[] {
  const isText = (value: unknown): boolean =>
    typeof value === 'string' && value !== '' && value.length <= CHARACTERS_MAX;
  const entries = Object.entries(claims);
  if (entries.length <= CLAIMS_MAX && entries.every(([name, value]) => isText(name) && isText(value))) return [];
  const detail = `must have at most ${CLAIMS_MAX} members, each a text of 1 to ${CHARACTERS_MAX} characters`;
  return [{ pointer: '/claims', code: 'INVALID_CLAIMS', detail }];
}

/** Whether the tokens of the issuer are those of jobs of GitHub Actions. */
function isGithubActions(issuer: string): boolean {
  const url = URL.parse(issuer);
  return url !== null && (GITHUB_HOST.test(url.hostname) || url.pathname.endsWith(GITHUB_SERVER_PATH));
}

/** What is wrong with the rules of a new trust. */
export function ruleProblems(issuer: string, { subject, claims }: TrustRules): InputError[] {
  const exact = Object.keys(claims).filter((name) => !claims[name]!.includes('*'));
  const errors: InputError[] = [];
  if (subject === null && exact.length === 0) {
    const detail = 'is required, unless a claim is compared exactly';
    errors.push({ pointer: '/subject', code: 'SUBJECT_REQUIRED', detail });
  }
  if (subject !== null && /^[*/:]*$/.test(subject)) {
    errors.push({ pointer: '/subject', code: 'PATTERN_TOO_WIDE', detail: 'must contain more than separators and `*`' });
  }
  if (isGithubActions(issuer) && !exact.some((name) => GITHUB_IDS.includes(name))) {
    const detail = `must name one of ${GITHUB_IDS.join(', ')} exactly: the name of a repository can be taken by others`;
    errors.push({ pointer: '/claims', code: 'ID_REQUIRED', detail });
  }
  return errors;
}
