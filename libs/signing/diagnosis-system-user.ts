import { HOUR, SECOND, toEpochSeconds } from '#core';

import { diagnoseSignature } from './diagnosis-signature.js';
import { unwrapToken } from './diagnosis-text.js';
import { inWords, localOffset, localTimeFinding } from './diagnosis-time.js';
import { type SystemUserToken, parseMinuteStamp, parseSystemUserToken } from './system-user-token.js';
import type { Finding, VerifyContext } from './token-format.js';

const HALF_DAY_SECONDS = (12 * HOUR) / SECOND;

/** Everything that is wrong with a signed system user token. */
export async function diagnoseSystemUserToken(text: string, context: VerifyContext): Promise<Finding[]> {
  const { token, findings } = unwrapToken(text);
  const parts = parseSystemUserToken(token);
  if (!parts) return [...findings, await diagnoseForm(token, context)];
  return [...findings, ...(await diagnoseSigner(parts, context)), ...diagnoseStamp(parts.timestamp, context)];
}

async function diagnoseForm(token: string, context: VerifyContext): Promise<Finding> {
  const dot = token.lastIndexOf('.');
  const [prefix, signature] = [token.slice(0, Math.max(dot, 0)), token.slice(dot + 1)];
  const bytes = Buffer.from(signature, 'base64url');
  const asStandard = parseSystemUserToken(`${prefix}.${bytes.toString('base64')}`);
  if (dot > 0 && asStandard && /^[\w-]+$/.test(signature)) {
    return {
      cause: 'BASE64URL_INSTEAD_OF_BASE64',
      detail: 'The signature is base64url, or lacks its padding; standard Base64 with padding is expected',
    };
  }
  // If the minute is missing, the text before the last dot is the signed text.
  const result = await diagnoseSignature({ data: Buffer.from(prefix), signature: bytes }, context.keys);
  return 'signer' in result || /^\d{12}$/.test(signature)
    ? { cause: 'PART_MISSING', detail: 'A part is missing: `<token>.<yyyyMMddHHmm>.<signature>` is expected' }
    : { cause: 'MALFORMED_TOKEN', detail: '`<token>.<yyyyMMddHHmm>.<Base64 of the signature>` is expected' };
}

async function diagnoseSigner(parts: SystemUserToken, { keys, endedKeys }: VerifyContext): Promise<Finding[]> {
  if (keys.length === 0) return [{ cause: 'KEY_NOT_USABLE', detail: 'The profile has no key that may verify now' }];
  const { signed: data, signature } = parts;
  const result = await diagnoseSignature({ data, signature }, keys);
  if ('signer' in result) return [];
  const ended = await diagnoseSignature({ data, signature }, await endedKeys());
  if ('signer' in ended) {
    const detail = `The signature is that of the key ${ended.signer.kid}, which was destroyed or compromised`;
    return [{ cause: 'KEY_NOT_USABLE', detail, facts: { signedBy: ended.signer.kid } }];
  }
  // Texts that are often signed by mistake with the same key.
  const others = [
    ['TOKEN_SIGNED_WITHOUT_TIME', 'The token was signed without its time stamp', parts.systemUserToken],
    ['SIGNED_WITH_TRAILING_DOT', 'The dot before the signature was signed, too', `${data.toString()}.`],
  ] as const;
  for (const [cause, detail, text] of others) {
    if ('signer' in (await diagnoseSignature({ data: Buffer.from(text), signature }, keys))) return [{ cause, detail }];
  }
  return [result.finding];
}

function diagnoseStamp(timestamp: string, { profile, now }: VerifyContext): Finding[] {
  const stamp = parseMinuteStamp(timestamp);
  if (stamp === undefined) {
    return [
      /^\d{14}$/.test(timestamp)
        ? { cause: 'SECONDS_IN_TIMESTAMP', detail: 'The time stamp has seconds; yyyyMMddHHmm is expected' }
        : { cause: 'INVALID_TIMESTAMP', detail: 'The time stamp is not twelve digits of a minute that exists' },
    ];
  }
  const drift = stamp - toEpochSeconds(now);
  if (Math.abs(drift) <= profile.ttlSeconds) return [];
  const bySeconds = Math.abs(drift);
  const findings: Finding[] = [
    drift < 0
      ? { cause: 'EXPIRED', detail: `The time stamp is ${inWords(drift)} old`, facts: { bySeconds } }
      : { cause: 'NOT_YET_VALID', detail: `The time stamp lies ${inWords(drift)} ahead`, facts: { bySeconds } },
  ];
  // In the afternoon, the format `hh` gives the hour of the morning.
  if (Math.abs(drift + HALF_DAY_SECONDS) <= profile.ttlSeconds) {
    const detail = 'The hour is on the 12-hour clock (`hh`); the 24-hour clock (`HH`) is expected';
    return [...findings, { cause: 'TWELVE_HOUR_CLOCK', detail }];
  }
  const offset = localOffset(drift, profile.ttlSeconds);
  return offset === undefined ? findings : [...findings, localTimeFinding(offset)];
}
