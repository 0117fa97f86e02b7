import { Secret as OtpSecret, TOTP } from 'otpauth';

import { type EpochMilliseconds, SECOND } from '#core';
import { randomSecret } from '#crypto';

import type { FactorKind } from './factor-kind.js';

/** RFC 4226 §4 recommends 160 bits. */
const SECRET_BYTES = 20;
/** RFC 6238 §5.2. */
const PERIOD_SECONDS = 30;
const DIGITS = 6;
/** Steps before and after the present one whose codes are accepted: for clocks that differ (RFC 6238 §5.2). */
const SKEW_STEPS = 1;

/** SHA-1, six digits, 30 seconds: what every application supports. */
const generatorOf = (secret: Buffer, email: string): TOTP =>
  new TOTP({
    issuer: 'Chancery',
    label: email,
    algorithm: 'SHA1',
    digits: DIGITS,
    period: PERIOD_SECONDS,
    secret: new OtpSecret({ buffer: Uint8Array.from(secret).buffer }),
  });

const stepAt = (now: EpochMilliseconds): number => Math.floor(now / (PERIOD_SECONDS * SECOND));

/** The last step whose code can be accepted at an instant. */
export const lastStepAt = (now: EpochMilliseconds): number => stepAt(now) + SKEW_STEPS;

/**
 * The step that a code belongs to, if it is accepted: each code once, and none of a step before one that was used
 * (RFC 6238 §5.2).
 * @param lastStep the newest step whose code was accepted
 */
export function acceptedStep(
  secret: Buffer,
  code: string,
  now: EpochMilliseconds,
  lastStep: number,
): number | undefined {
  const distance = generatorOf(secret, '').validate({ token: code, timestamp: now, window: SKEW_STEPS });
  if (distance === null) return undefined;
  const step = stepAt(now) + distance;
  // A later one than can be accepted now was used while the clock was ahead.
  const isAhead = lastStep > lastStepAt(now);
  return step > lastStep || isAhead ? step : undefined;
}

/** Codes of an application, from a secret that both know (RFC 6238). */
export const totp: FactorKind = {
  enrol: async ({ email }) => {
    const material = randomSecret(SECRET_BYTES).reveal();
    const generator = generatorOf(material, email);
    return { material, shown: { secret: generator.secret.base32, uri: generator.toString() } };
  },
  confirm: async (material, proof, { now }) => {
    const step = material && typeof proof === 'string' ? acceptedStep(material, proof, now, 0) : undefined;
    return material && step !== undefined ? { material, counter: step } : undefined;
  },
  verify: async ({ material, counter }, proof, { now }) =>
    typeof proof === 'string' ? acceptedStep(material, proof, now, counter) : undefined,
};
