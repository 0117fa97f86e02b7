import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';

import { type EpochMilliseconds, MINUTE, SECOND, isUuid, toEpochSeconds } from '#core';
import { Database } from '#database';

import type { Session } from './entities.js';
import { SessionKeys } from './session-keys.js';

const ALGORITHM = 'ES256';
const TOKEN_TYPE = 'chancery-session+jwt';
const STEP_UP_TYPE = 'chancery-step-up+jwt';
/** How long a step-up is valid. */
export const STEP_UP_TTL = 5 * MINUTE;

/** How the user stepped up. */
export type StepUpStrength = 'password' | 'identity_provider' | 'factor';

/** RFC 8176 §2, which has no value for the assertion of another provider. */
const AUTHENTICATION_METHODS: Readonly<Record<StepUpStrength, string>> = {
  password: 'pwd',
  identity_provider: 'identity_provider',
  factor: 'mfa',
};

/** The claims of a genuine access token. The row of the session decides whether it continues. */
interface AccessTokenClaims {
  readonly sessionId: string;
  readonly expiresAt: EpochMilliseconds;
}

/** The claims of a genuine step-up token. */
interface StepUpClaims extends AccessTokenClaims {
  readonly strength: StepUpStrength;
}

/** Signs and reads the access tokens of sessions, and the tokens of their step-ups. */
@Injectable()
export class SessionTokens {
  constructor(
    private readonly database: Database,
    private readonly jwt: JwtService,
    private readonly keys: SessionKeys,
  ) {}

  /** @param issuedAt when the token becomes valid; it expires at the `expiresAt` of the session */
  sign(session: Session, issuedAt: EpochMilliseconds): string {
    const { userId: sub, id: sid, expiresAt } = session;
    return this.signAs(TOKEN_TYPE, { sub, sid, iat: toEpochSeconds(issuedAt), exp: toEpochSeconds(expiresAt) });
  }

  /** A token for requests of one session that require a step-up. */
  signStepUp(sessionId: string, strength: StepUpStrength, issuedAt: EpochMilliseconds): string {
    const [iat, exp] = [toEpochSeconds(issuedAt), toEpochSeconds(issuedAt + STEP_UP_TTL)];
    return this.signAs(STEP_UP_TYPE, { sid: sessionId, amr: [AUTHENTICATION_METHODS[strength]], iat, exp });
  }

  /** The claims of a token that this installation signed; `undefined` for any other text. The caller checks the expiry. */
  read(accessToken: string): AccessTokenClaims | undefined {
    const claims = this.claimsOf(TOKEN_TYPE, accessToken);
    return claims && { sessionId: claims.sid, expiresAt: claims.exp * SECOND };
  }

  /** The same for the token of a step-up. */
  readStepUp(token: string): StepUpClaims | undefined {
    const claims = this.claimsOf(STEP_UP_TYPE, token);
    if (!claims) return undefined;
    const methods: readonly unknown[] = Array.isArray(claims.amr) ? claims.amr : [];
    const strengths = Object.keys(AUTHENTICATION_METHODS) as StepUpStrength[];
    const strength = strengths.find((one) => methods.includes(AUTHENTICATION_METHODS[one]));
    return strength && { sessionId: claims.sid, expiresAt: claims.exp * SECOND, strength };
  }

  private signAs(type: string, claims: object): string {
    this.database.requireNoTransaction('signature');
    return this.jwt.sign(claims, {
      // @nestjs/jwt types keys as text or bytes; jsonwebtoken below takes the KeyObject, which is the fast form.
      privateKey: this.keys.signing as unknown as Buffer,
      algorithm: ALGORITHM,
      header: { alg: ALGORITHM, typ: type },
    });
  }

  private claimsOf(type: string, token: string): { sid: string; exp: number; amr?: unknown } | undefined {
    try {
      const { header, payload } = this.jwt.verify<{
        header: { typ?: string };
        payload: { sid?: unknown; exp?: unknown; amr?: unknown };
      }>(token, {
        publicKey: this.keys.verifying as unknown as Buffer,
        algorithms: [ALGORITHM],
        complete: true,
        ignoreExpiration: true,
      });
      const { sid, exp, amr } = payload;
      if (header.typ !== type || typeof sid !== 'string' || !isUuid(sid)) return undefined;
      return Number.isSafeInteger(exp) ? { sid, exp: exp as number, amr } : undefined;
    } catch {
      return undefined;
    }
  }
}
