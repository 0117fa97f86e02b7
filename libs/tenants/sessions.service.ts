import { Injectable } from '@nestjs/common';

import {
  type EpochMilliseconds,
  type ErrorFactory,
  type PlatformScope,
  coreErrors,
  normalizeEmail,
  platformScope,
  selfDeciding,
  systemOrigin,
} from '#core';
import { Database, IsNull, MoreThan, MoreThanOrEqual, type Tx } from '#database';

import { accountOf, isKnownIn, signInName } from './accounts.js';
import { Invitation, Member, PasswordReset, RefreshToken, Session, Tenant, User } from './entities.js';
import { sessionErrors } from './errors.js';
import { sessionEvents, userEvents } from './events.js';
import { PasswordGuard } from './password-guard.js';
import { RefusedPasswords, isRefusedPassword } from './refused-passwords.service.js';
import type { Role } from './roles.js';
import { endSessions } from './session-ending.js';
import { requireCurrent } from './session-lifetime.js';
import { SessionRenewals, type StartedSession } from './session-renewals.service.js';
import { SessionTokens } from './session-tokens.js';
import { recordForUser } from './user-histories.js';
import { Users } from './users.service.js';

const RESTORE = platformScope(systemOrigin('restore'));
const MEMBERSHIPS_MAX = 1_000;

export interface SignInDetails {
  /** Id or slug: for an account that only this tenant knows, where others have the same address. */
  readonly tenant?: string | undefined;
  readonly userAgent?: string | null | undefined;
}

export interface IdentifiedUser {
  readonly user: User;
  readonly sessionId: string;
}

export interface Membership {
  readonly tenantId: string;
  readonly slug: string;
  readonly name: string;
  readonly state: string;
  readonly role: Role;
}

/** Sign-in, and the user of a session token. A token is valid only as long as its session row exists. */
@Injectable()
export class Sessions {
  constructor(
    private readonly database: Database,
    private readonly guard: PasswordGuard,
    private readonly users: Users,
    private readonly tokens: SessionTokens,
    private readonly renewals: SessionRenewals,
    private readonly refusals: RefusedPasswords,
  ) {}

  /**
   * What was ended, used or withdrawn after the backup must not come back: everybody signs in again, and open resets and
   * invitations are sent again.
   */
  async onRestored({ restoredAt }: { readonly restoredAt: EpochMilliseconds }): Promise<void> {
    await this.database.platform(RESTORE, async (tx) => {
      tx.housekeeping('sessions, refresh tokens and resets of before a restoration');
      const all = { createdAt: MoreThanOrEqual(0) };
      await tx.delete(RefreshToken, all);
      await tx.delete(Session, all);
      await tx.delete(PasswordReset, all);
      await tx.update(Invitation, { state: 'pending', expiresAt: MoreThan(restoredAt) }, { expiresAt: restoredAt });
    });
  }

  /**
   * @throws INVALID_CREDENTIALS for an unknown user and for a wrong password alike, TOO_MANY_ATTEMPTS, BUSY
   */
  async start(scope: PlatformScope, email: string, password: string, at: SignInDetails = {}): Promise<StartedSession> {
    const { tenant, userAgent = null } = at;
    const subject = normalizeEmail(email);
    const user = await this.database.readPlatform(scope, (view) => accountOf(view, subject, tenant));
    try {
      // Counted by what was asked: an attacker with an account of the same address elsewhere resets no counter but that.
      const account = signInName(subject, tenant);
      const attempt = { account, password, storedHash: user?.passwordHash };
      const matches = await this.guard.verifySignIn(scope, attempt);
      if (!user || !matches) throw coreErrors.INVALID_CREDENTIALS();
      return await this.startOf(scope, user, userAgent);
    } catch (error) {
      if (isRefusedPassword(error, coreErrors.INVALID_CREDENTIALS)) {
        await this.refusals.record(scope, { user, email: subject, reason: 'log-in', code: error.code });
      }
      throw error;
    }
  }

  /** The session of a user whose password was compared. @throws INVALID_CREDENTIALS where it was changed since then */
  private async startOf(scope: PlatformScope, user: User, userAgent: string | null): Promise<StartedSession> {
    const ofUser = selfDeciding({ ...scope, actor: { type: 'user' as const, id: user.id, name: user.email } });
    const refresh = await this.renewals.newToken();
    const { sourceAddress } = scope;
    const session = await this.database.platform(ofUser, async (tx) => {
      await requireSamePassword(tx, user, coreErrors.INVALID_CREDENTIALS);
      const row = await this.renewals.insert(tx, user.id, refresh, { sourceAddress, userAgent });
      const details = { userId: user.id, email: user.email };
      await recordForUser(tx, user.id, (content) => sessionEvents.started(row.id, { ...content, details }));
      return row;
    });
    return this.renewals.present(session, refresh);
  }

  /** The user of the active session of this token. @throws INVALID_CREDENTIALS for anything else */
  async identify(scope: PlatformScope, accessToken: string): Promise<IdentifiedUser> {
    const claims = this.tokens.read(accessToken);
    return this.database.readPlatform(scope, async (view) => {
      // An access token ends by itself, also where its session was renewed.
      const isCurrent = claims !== undefined && claims.expiresAt > view.now;
      const session = isCurrent ? await view.findOne(Session, { id: claims.sessionId }) : null;
      requireCurrent(session, view.now);
      return { user: await view.get(User, { id: session.userId }), sessionId: session.id };
    });
  }

  async memberships(scope: PlatformScope, userId: string): Promise<Membership[]> {
    return this.database.readPlatform(scope, async (view) => {
      const memberships: Membership[] = [];
      const user = await view.installation.get(User, { id: userId });
      for (const { tenantId, role } of await view.find(Member, { userId }, { limit: MEMBERSHIPS_MAX })) {
        if (!isKnownIn(user, tenantId)) continue;
        const { slug, name, state } = await view.get(Tenant, { id: tenantId });
        if (state !== 'deleted') memberships.push({ tenantId, slug, name, state, role });
      }
      return memberships;
    });
  }

  /** Ends one session: its token is refused everywhere from the next request on. */
  async end(scope: PlatformScope, sessionId: string): Promise<void> {
    await this.database.platform(scope, async (tx) => {
      await tx.update(Session, { id: sessionId, endedAt: IsNull() }, { endedAt: tx.now });
      const { id: userId, name: email } = scope.actor;
      await recordForUser(tx, userId, (content) =>
        sessionEvents.ended(sessionId, { ...content, details: { userId, email } }),
      );
    });
  }

  /** @throws PASSWORD_INVALID, VALIDATION_ERROR, TOO_MANY_ATTEMPTS */
  async changePassword(
    scope: PlatformScope,
    sessionId: string,
    change: { currentPassword: string; newPassword: string },
  ): Promise<void> {
    // In this order, so that a wrong current password does not cost the hash of the new one.
    const confirmed = await this.users.comparePassword(scope, change.currentPassword);
    const passwordHash = await this.users.hashNewPassword(scope, change.newPassword, '/newPassword');
    await this.database.platform(scope, async (tx) => {
      const userId = scope.actor.id;
      await requireSamePassword(tx, confirmed, sessionErrors.PASSWORD_INVALID);
      await tx.update(User, { id: userId }, { passwordHash, updatedAt: tx.now });
      await endSessions(tx, { userId, except: sessionId });
      await recordForUser(tx, userId, (content) => userEvents.password_changed(userId, content));
    });
  }
}

/**
 * The first step of what follows from a password that was compared outside of the transaction: the user's row is locked, and
 * a password that was changed since then counts as wrong. So no session of the old password begins after its change.
 */
async function requireSamePassword(tx: Tx, compared: User, wrong: ErrorFactory): Promise<void> {
  const user = await tx.installation.hold(User, { id: compared.id }, 'exclusive');
  if (user?.passwordHash !== compared.passwordHash) throw wrong();
}
