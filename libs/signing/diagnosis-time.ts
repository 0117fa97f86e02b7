import { DAY, HOUR, MINUTE, SECOND } from '#core';
import { isNumericDate, secondsOf } from '#crypto';

import type { Claims } from './jws.js';
import type { Finding, VerifyContext } from './token-format.js';

const MINUTES_PER_HOUR = HOUR / MINUTE;
/** The offsets from UTC that are in use somewhere, in minutes. */
const OFFSETS: readonly number[] = Array.from({ length: 27 }, (_, index) => (index - 12) * MINUTES_PER_HOUR)
  .concat([-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765])
  .filter((minutes) => minutes !== 0);

/** A larger number is not a date in seconds: 5138-11-16. */
const SURELY_MILLISECONDS = 100_000_000_000;
const NAMES = ['iat', 'nbf', 'exp'] as const;

/**
 * The UTC offset that explains a wrong clock, in minutes; `undefined` if none fits.
 * @param driftSeconds how far the stated time is ahead of now
 */
export function localOffset(driftSeconds: number, toleranceSeconds: number): number | undefined {
  const fits = (minutes: number): boolean => Math.abs(driftSeconds - (minutes * MINUTE) / SECOND) <= toleranceSeconds;
  return OFFSETS.find(fits);
}

export const localTimeFinding = (offsetMinutes: number): Finding => {
  const sign = offsetMinutes < 0 ? '-' : '+';
  const hours = String(Math.floor(Math.abs(offsetMinutes) / MINUTES_PER_HOUR)).padStart(2, '0');
  const minutes = String(Math.abs(offsetMinutes) % MINUTES_PER_HOUR).padStart(2, '0');
  return {
    cause: 'LOCAL_TIME_INSTEAD_OF_UTC',
    detail: `The time is off by ${sign}${hours}:${minutes}: it looks like local time; UTC is expected`,
    facts: { offsetMinutes },
  };
};

/** All problems of `iat`, `nbf` and `exp`. */
export function diagnoseTimes(claims: Claims, context: VerifyContext): Finding[] {
  const form = NAMES.flatMap((name) => diagnoseForm(name, claims[name]));
  if (form.length > 0) return form;
  const { profile } = context;
  const now = secondsOf(context.now);
  const [iat, nbf, exp] = NAMES.map((name) => (isNumericDate(claims[name]) ? claims[name] : undefined));
  const findings: Finding[] = [];
  if (exp !== undefined && now >= exp + profile.skewSeconds) {
    const bySeconds = Math.floor(now - exp);
    findings.push({ cause: 'EXPIRED', detail: `The token expired ${inWords(bySeconds)} ago`, facts: { bySeconds } });
  }
  const begins = Math.max(iat ?? 0, nbf ?? 0);
  if (begins > now + profile.skewSeconds) {
    const bySeconds = Math.ceil(begins - now);
    const detail = `The token begins ${inWords(bySeconds)} from now`;
    findings.push({ cause: 'NOT_YET_VALID', detail, facts: { bySeconds } });
  }
  const lifetimeSeconds = exp === undefined ? 0 : Math.ceil(exp - (iat ?? now));
  const tooLong = lifetimeSeconds > profile.maxTtlSeconds + profile.skewSeconds;
  const stated = iat ?? (exp === undefined ? undefined : exp - profile.ttlSeconds);
  const offset =
    (findings.length > 0 || tooLong) && stated !== undefined
      ? localOffset(stated - now, profile.skewSeconds)
      : undefined;
  if (offset !== undefined) findings.push(localTimeFinding(offset));
  if (tooLong && (iat !== undefined || offset === undefined)) {
    findings.push({
      cause: 'LIFETIME_TOO_LONG',
      detail: `The token claims to live for ${lifetimeSeconds} seconds; ${profile.maxTtlSeconds} are permitted`,
      facts: { lifetimeSeconds, maxTtlSeconds: profile.maxTtlSeconds },
    });
  }
  return findings;
}

function diagnoseForm(name: string, value: unknown): Finding[] {
  if (value === undefined) return [];
  const facts = { claim: name };
  if (typeof value === 'number' && value >= SURELY_MILLISECONDS) {
    const detail = `\`${name}\` is in milliseconds; a NumericDate counts seconds (RFC 7519 §2)`;
    return [{ cause: 'MILLISECONDS_INSTEAD_OF_SECONDS', detail, facts }];
  }
  if (typeof value === 'string') {
    return [{ cause: 'TIME_AS_TEXT', detail: `\`${name}\` is text; a NumericDate is a number`, facts }];
  }
  if (isNumericDate(value)) return [];
  return [
    { cause: 'TIME_MALFORMED', detail: `\`${name}\` is not a number of seconds since 1970 (RFC 7519 §2)`, facts },
  ];
}

/** `90 s`, `3 h 5 min`, `2 d 4 h`. */
export function inWords(seconds: number): string {
  const milliseconds = Math.abs(seconds) * SECOND;
  const units = [
    ['d', Math.floor(milliseconds / DAY)],
    ['h', Math.floor((milliseconds % DAY) / HOUR)],
    ['min', Math.floor((milliseconds % HOUR) / MINUTE)],
    ['s', (milliseconds % MINUTE) / SECOND],
  ] as const;
  const shown = units.filter(([, count]) => count > 0).slice(0, 2);
  return shown.length === 0 ? '0 s' : shown.map(([unit, count]) => `${count} ${unit}`).join(' ');
}
