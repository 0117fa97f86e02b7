import { Injectable } from '@nestjs/common';

import {
  type DomainError,
  type EpochMilliseconds,
  type Page,
  type PageRequest,
  type PlatformScope,
  SECOND,
  Secret,
  type TenantScope,
  coreErrors,
} from '#core';
import { uuidv7 } from '#crypto';
import { Database, IsNull, MoreThan, type Tx } from '#database';

import { AccountSecrets, accountSecretKinds } from './account-secrets.js';
import { Member, RefreshToken, Session, User } from './entities.js';
import { memberErrors } from './errors.js';
import { sessionEvents } from './events.js';
import { mayManage, roleOf } from './roles.js';
import { endSessions } from './session-ending.js';
import { SESSION_TTL, SessionLimits, isRenewable, renewableUntil } from './session-lifetime.js';
import { SessionTokens } from './session-tokens.js';
import { recordForUser } from './user-histories.js';

/** The tokens of a session. */
export interface StartedSession {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  /** Accepted once, for the next pair. */
  readonly refreshToken: Secret;
  readonly refreshExpiresInSeconds: number;
}

/** A new refresh token that is not stored yet. */
interface NewRefreshToken {
  readonly token: Secret;
  readonly lookupHash: string;
}

/** Describes a session, so that its user recognises it in a list. */
interface SessionOrigin {
  readonly sourceAddress: string | null;
  /** The name that the client gives itself, not verified. */
  readonly userAgent: string | null;
  /** The identity provider of the sign-in; `null` for a password. */
  readonly identityProviderId: string | null;
}

/**
 * Renews sessions: each refresh token is accepted once and replaced (RFC 9700 §4.14.2). A second use means that the token was
 * stolen, and ends the session.
 */
@Injectable()
export class SessionRenewals {
  constructor(
    private readonly database: Database,
    private readonly secrets: AccountSecrets,
    private readonly tokens: SessionTokens,
    private readonly limits: SessionLimits,
  ) {}

  /** Creates a refresh token, before the transaction that starts or renews the session. */
  async newToken(): Promise<NewRefreshToken> {
    const token = accountSecretKinds.refreshToken.generate();
    return { token, lookupHash: await this.secrets.lookupHash(token.reveal()) };
  }

  /** A step: starts a session of an identified user. */
  async insert(tx: Tx, userId: string, refresh: NewRefreshToken, origin: SessionOrigin): Promise<Session> {
    const row: Session = {
      ...origin,
      id: uuidv7(tx.now),
      userId,
      createdAt: tx.now,
      renewedAt: tx.now,
      expiresAt: tx.now + SESSION_TTL,
      renewableUntil: renewableUntil(tx.now, tx.now, this.limits),
      endedAt: null,
    };
    await tx.installation.insert(Session, row);
    await insertToken(tx, row, refresh);
    return row;
  }

  /** The tokens, after the session is stored. */
  present(session: Session, { token }: NewRefreshToken): StartedSession {
    const from = session.renewedAt;
    return {
      accessToken: this.tokens.sign(session, from),
      expiresInSeconds: (session.expiresAt - from) / SECOND,
      refreshToken: token,
      refreshExpiresInSeconds: Math.floor((session.renewableUntil - from) / SECOND),
    };
  }

  /** @throws INVALID_CREDENTIALS if the token is unknown or used, or the session can no longer be renewed */
  async renew(scope: PlatformScope, refreshToken: string): Promise<StartedSession> {
    if (!accountSecretKinds.refreshToken.isWellFormed(refreshToken)) throw refused();
    const lookupHash = await this.secrets.lookupHash(refreshToken);
    const next = await this.newToken();
    const renewed = await this.database.platform(scope, (tx) => this.renewIn(tx, lookupHash, next));
    if (!('id' in renewed)) throw renewed;
    return this.present(renewed, next);
  }

  /** @returns the error instead of throwing it, so that the end of the session is committed */
  private async renewIn(tx: Tx, lookupHash: string, next: NewRefreshToken): Promise<Session | DomainError> {
    const token = await tx.installation.hold(RefreshToken, { lookupHash }, 'exclusive');
    if (!token) return refused();
    const session = await tx.installation.lock(Session, { id: token.sessionId });
    if (token.usedAt !== null) {
      await this.endReused(tx, session);
      return refused();
    }
    if (!isRenewable(session, tx.now, this.limits)) return refused();
    tx.housekeeping('the renewal of a session; its start and its end are events');
    await tx.installation.update(RefreshToken, { lookupHash }, { usedAt: tx.now });
    const set = {
      renewedAt: tx.now,
      expiresAt: tx.now + SESSION_TTL,
      renewableUntil: renewableUntil(session.createdAt, tx.now, this.limits),
    };
    await tx.installation.update(Session, { id: session.id }, set);
    const renewed = { ...session, ...set };
    await insertToken(tx, renewed, next);
    return renewed;
  }

  private async endReused(tx: Tx, session: Session): Promise<void> {
    if (session.endedAt !== null) return;
    const { id: userId, email } = await tx.installation.get(User, { id: session.userId });
    await tx.installation.update(Session, { id: session.id, endedAt: IsNull() }, { endedAt: tx.now });
    const details = { userId, email };
    await recordForUser(tx, userId, (content) =>
      sessionEvents.reused(session.id, { ...content, outcome: 'denied', details }),
    );
  }

  /** The sessions of the caller that continue, newest first. */
  async list(scope: PlatformScope, page: PageRequest): Promise<Page<Session>> {
    const { id: userId } = scope.actor;
    return this.database.readPlatform(scope, (view) =>
      view.installation.page(
        Session,
        { userId, endedAt: IsNull(), renewableUntil: MoreThan(view.now) },
        [['id', 'DESC']],
        page,
      ),
    );
  }

  /** Ends one of the caller's own sessions on every instance. @throws NOT_FOUND for a session of another user, or one that has ended */
  async end(scope: PlatformScope, sessionId: string): Promise<void> {
    await this.database.platform(scope, async (tx) => {
      const { id: userId, name: email } = scope.actor;
      const ended = await tx.installation.update(
        Session,
        { id: sessionId, userId, endedAt: IsNull() },
        { endedAt: tx.now },
      );
      if (ended === 0) throw coreErrors.NOT_FOUND();
      await recordForUser(tx, userId, (content) =>
        sessionEvents.ended(sessionId, { ...content, details: { userId, email } }),
      );
    });
  }

  /** Ends the session of a refresh token, used or not. Does nothing for an unknown token. */
  async endByToken(scope: PlatformScope, refreshToken: string): Promise<void> {
    if (!accountSecretKinds.refreshToken.isWellFormed(refreshToken)) return;
    const lookupHash = await this.secrets.lookupHash(refreshToken);
    await this.database.platform(scope, async (tx) => {
      const token = await tx.installation.findOne(RefreshToken, { lookupHash });
      if (!token) return;
      const { id, userId, endedAt } = await tx.installation.lock(Session, { id: token.sessionId });
      if (endedAt !== null) return;
      const { email } = await tx.installation.get(User, { id: userId });
      await tx.installation.update(Session, { id }, { endedAt: tx.now });
      const details = { userId, email };
      await recordForUser(tx, userId, (content) => sessionEvents.ended(id, { ...content, details }));
    });
  }

  /** Ends every session of a member whom the caller may manage. @throws NOT_FOUND, ROLE_NOT_GRANTABLE */
  async endOfMember(scope: TenantScope, userId: string): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      const member = await tx.get(Member, { userId });
      if (!mayManage(roleOf(tx.scope), member.role)) throw memberErrors.ROLE_NOT_GRANTABLE();
      await endSessions(tx, { userId });
      tx.record(sessionEvents.ended_by_member(userId, { details: { userId } }));
    });
  }
}

const refused = (): DomainError => coreErrors.INVALID_CREDENTIALS('The session cannot be renewed; log in again');

async function insertToken(tx: Tx, session: Session, { lookupHash }: NewRefreshToken): Promise<void> {
  const expiresAt: EpochMilliseconds = session.renewableUntil;
  const row: RefreshToken = { lookupHash, sessionId: session.id, createdAt: tx.now, usedAt: null, expiresAt };
  await tx.installation.insert(RefreshToken, row);
}
