import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';

import { type EpochMilliseconds, SECOND, isUuid, toEpochSeconds } from '#core';
import { Database } from '#database';

import type { Session } from './entities.js';
import { SessionKeys } from './session-keys.js';

const ALGORITHM = 'ES256';
const TOKEN_TYPE = 'chancery-session+jwt';

/** What a genuine access token says; whether its session goes on is decided by the row of the session. */
export interface AccessTokenClaims {
  readonly sessionId: string;
  readonly expiresAt: EpochMilliseconds;
}

/** Signs and reads the access tokens of sessions. */
@Injectable()
export class SessionTokens {
  constructor(
    private readonly database: Database,
    private readonly jwt: JwtService,
    private readonly keys: SessionKeys,
  ) {}

  /** @param issuedAt when the token begins; it ends with the `expiresAt` of the session */
  sign(session: Session, issuedAt: EpochMilliseconds): string {
    this.database.requireNoTransaction('signature');
    const claims = {
      sub: session.userId,
      sid: session.id,
      iat: toEpochSeconds(issuedAt),
      exp: toEpochSeconds(session.expiresAt),
    };
    return this.jwt.sign(claims, {
      // @nestjs/jwt types keys as text or bytes; jsonwebtoken below takes the KeyObject, which is the fast form.
      privateKey: this.keys.signing as unknown as Buffer,
      algorithm: ALGORITHM,
      header: { alg: ALGORITHM, typ: TOKEN_TYPE },
    });
  }

  /** What a token that we signed says; `undefined` for every other text. Its expiry is for the caller to judge. */
  read(accessToken: string): AccessTokenClaims | undefined {
    try {
      const { header, payload } = this.jwt.verify<{
        header: { typ?: string };
        payload: { sid?: unknown; exp?: unknown };
      }>(accessToken, {
        publicKey: this.keys.verifying as unknown as Buffer,
        algorithms: [ALGORITHM],
        complete: true,
        ignoreExpiration: true,
      });
      const { sid, exp } = payload;
      if (header.typ !== TOKEN_TYPE || typeof sid !== 'string' || !isUuid(sid)) return undefined;
      return Number.isSafeInteger(exp) ? { sessionId: sid, expiresAt: (exp as number) * SECOND } : undefined;
    } catch {
      return undefined;
    }
  }
}
