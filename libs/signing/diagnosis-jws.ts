import { parseCompactJws } from '#crypto';

import { diagnoseBody } from './diagnosis-body.js';
import { diagnoseSignature } from './diagnosis-signature.js';
import { unwrapToken } from './diagnosis-text.js';
import { diagnoseTimes } from './diagnosis-time.js';
import type { Claims } from './jws.js';
import type { Finding, TokenFormat, VerifyContext } from './token-format.js';

/** The readable parts of a token, for explanations only, not for decisions. */
interface LenientJws {
  readonly header: { readonly alg?: unknown; readonly kid?: unknown };
  readonly claims: Claims;
  readonly data: Buffer;
  readonly signature: Buffer;
}

/** Everything that is wrong with a token that should be a compact JWS of the format. */
export async function diagnoseJws(
  text: string,
  context: VerifyContext,
  format: Pick<TokenFormat, 'namesKey' | 'issuer'>,
): Promise<Finding[]> {
  const { token, findings } = unwrapToken(text);
  const jws = readLeniently(token);
  const malformed = diagnoseForm(token);
  if (!jws) return [...findings, ...malformed];
  return [
    ...findings,
    ...malformed,
    ...diagnoseAlgorithm(jws, context),
    ...(await diagnoseKey(jws, context, format)),
    ...diagnoseTimes(jws.claims, context),
    ...('payload_hash' in jws.claims ? diagnoseBody(jws.claims['payload_hash'], context.body) : []),
    ...diagnoseNames(jws.claims, context, format),
  ];
}

function diagnoseForm(token: string): Finding[] {
  const parsed = parseCompactJws(token);
  if (parsed.ok || parsed.reason === 'ALGORITHM_UNKNOWN') return [];
  if (parsed.reason === 'NOT_BASE64URL' && /[+/=]/.test(token)) {
    const detail = 'A part of the token is standard Base64; base64url without padding is expected (RFC 7515 §2)';
    return [{ cause: 'BASE64_INSTEAD_OF_BASE64URL', detail }];
  }
  return [{ cause: 'MALFORMED_TOKEN', detail: parsed.detail, facts: { reason: parsed.reason } }];
}

function diagnoseAlgorithm({ header }: LenientJws, { algorithm }: VerifyContext): Finding[] {
  if (header.alg === algorithm) return [];
  const found = typeof header.alg === 'string' ? header.alg.slice(0, 32) : 'none';
  const detail = `The header names the algorithm ${found}; the key of the profile is one for ${algorithm}`;
  return [{ cause: 'WRONG_ALGORITHM', detail, facts: { found, expected: algorithm } }];
}

async function diagnoseKey(
  { header, data, signature }: LenientJws,
  context: VerifyContext,
  { namesKey }: Pick<TokenFormat, 'namesKey'>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const kid = typeof header.kid === 'string' ? header.kid : undefined;
  if (!namesKey && header.kid !== undefined) {
    findings.push({ cause: 'KID_NOT_EXPECTED', detail: 'The format has no kid: leave it out of the header' });
  }
  const known = context.keys.some((key) => key.kid === kid);
  if (namesKey && header.kid === undefined) {
    findings.push({ cause: 'KID_MISSING', detail: 'The header has no kid: name the key that signed' });
  }
  const refusal = namesKey && kid !== undefined && !known ? await context.whyUnusable(kid) : undefined;
  const result = await diagnoseSignature({ data, signature }, context.keys);
  if ('finding' in result) {
    if (refusal !== undefined) findings.push(keyFinding(refusal));
    // Without a usable key, the signature cannot be checked.
    return context.keys.length === 0 ? findings : [...findings, result.finding];
  }
  const { signer } = result;
  if (namesKey && kid !== undefined && kid !== signer.kid) {
    const detail = `The signature is that of the key ${signer.kid}; the header names another one`;
    findings.push({ cause: 'WRONG_KID', detail, facts: { signedBy: signer.kid } });
  }
  return findings;
}

const KEY_DETAILS: Readonly<Record<string, string>> = {
  UNKNOWN_KID: 'The kid names no key of the profile',
  KEY_NOT_USABLE: 'The kid names a key that was destroyed, deleted or compromised, or is not in use yet',
  CERTIFICATE_REVOKED: 'The certificate that the kid names was revoked',
  CERTIFICATE_EXPIRED: 'The certificate that the kid names has expired',
};

const keyFinding = (cause: string): Finding => ({ cause, detail: KEY_DETAILS[cause] ?? KEY_DETAILS['UNKNOWN_KID']! });

/** Findings about the issuer and the audience. */
function diagnoseNames(claims: Claims, { profile }: VerifyContext, { issuer }: Pick<TokenFormat, 'issuer'>): Finding[] {
  const findings: Finding[] = [];
  const expected = issuer === 'unused' ? null : profile.statedIssuer;
  if (expected !== null && claims['iss'] !== expected) {
    const detail = `\`iss\` must be ${expected}`;
    findings.push({ cause: 'WRONG_ISSUER', detail, facts: { expected } });
  }
  const { aud } = claims;
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (profile.audience.length > 0 && !profile.audience.some((audience) => named.includes(audience))) {
    const detail = `\`aud\` must be one of ${profile.audience.join(', ')}`;
    findings.push({ cause: 'WRONG_AUDIENCE', detail, facts: { expected: profile.audience } });
  }
  for (const claim of profile.requiredClaims.filter((name) => !Object.hasOwn(claims, name))) {
    findings.push({ cause: 'CLAIM_MISSING', detail: `The claim \`${claim}\` is missing`, facts: { claim } });
  }
  return findings;
}

function readLeniently(token: string): LenientJws | undefined {
  const parts = token.split('.');
  const [header, claims, signature] = parts;
  if (parts.length !== 3 || token.length > 16_384) return undefined;
  const [headerObject, claimsObject] = [readObject(header), readObject(claims)];
  if (!headerObject || !claimsObject) return undefined;
  return {
    header: headerObject,
    claims: claimsObject as Claims,
    data: Buffer.from(`${header}.${claims}`),
    signature: Buffer.from(signature ?? '', 'base64url'),
  };
}

function readObject(part: string | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
