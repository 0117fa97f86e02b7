import { Injectable } from '@nestjs/common';

import { type EpochMilliseconds, type PlatformScope, coreErrors, platformScope, systemOrigin } from '#core';
import { Database, IsNull, MoreThan, MoreThanOrEqual } from '#database';
import { hasFactor } from '#factors';

import { isKnownIn } from './accounts.js';
import { Invitation, Member, PasswordReset, RefreshToken, Session, Tenant, User } from './entities.js';
import { sessionErrors } from './errors.js';
import { sessionEvents, userEvents } from './events.js';
import type { Role } from './roles.js';
import { requireSamePassword } from './same-password.js';
import { endSessions } from './session-ending.js';
import { requireCurrent } from './session-lifetime.js';
import { SessionTokens } from './session-tokens.js';
import { effectiveSettings } from './tenant-settings.js';
import { recordForUser } from './user-histories.js';
import { Users } from './users.service.js';

const RESTORE = platformScope(systemOrigin('restore'));
const MEMBERSHIPS_MAX = 1_000;

interface IdentifiedUser {
  readonly user: User;
  readonly sessionId: string;
}

export interface Membership {
  readonly tenantId: string;
  readonly slug: string;
  readonly name: string;
  readonly state: string;
  readonly role: Role;
  /** Whether the tenant requires a second factor from its members. */
  readonly requiresSecondFactor: boolean;
}

/** Identifies users by session tokens, and ends sessions. A token is valid only while its session row exists. */
@Injectable()
export class Sessions {
  constructor(
    private readonly database: Database,
    private readonly users: Users,
    private readonly tokens: SessionTokens,
  ) {}

  /**
   * A restore must not revive what ended, was used or was withdrawn after the backup. So everybody signs in again, and open
   * resets and invitations must be sent again.
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

  /** The user of the active session of this token. @throws INVALID_CREDENTIALS for anything else */
  async identify(scope: PlatformScope, accessToken: string): Promise<IdentifiedUser> {
    const claims = this.tokens.read(accessToken);
    return this.database.readPlatform(scope, async (view) => {
      // An access token expires even if its session was renewed.
      const isCurrent = claims !== undefined && claims.expiresAt > view.now;
      const session = isCurrent ? await view.findOne(Session, { id: claims.sessionId }) : null;
      requireCurrent(session, view.now);
      return { user: await view.get(User, { id: session.userId }), sessionId: session.id };
    });
  }

  /** The session of the caller. @throws FORBIDDEN for a caller without one, INVALID_CREDENTIALS if it has ended */
  async ofCaller(scope: PlatformScope): Promise<Session> {
    const { evidence, actor } = scope;
    if (evidence?.kind !== 'session') throw coreErrors.FORBIDDEN('Only a signed-in user has a session');
    return this.database.readPlatform(scope, async (view) => {
      const session = await view.findOne(Session, { id: evidence.sessionId });
      requireCurrent(session, view.now, actor.id);
      return session;
    });
  }

  async memberships(scope: PlatformScope, userId: string): Promise<Membership[]> {
    return this.database.readPlatform(scope, async (view) => {
      const memberships: Membership[] = [];
      const user = await view.installation.get(User, { id: userId });
      for (const { tenantId, role } of await view.find(Member, { userId }, { limit: MEMBERSHIPS_MAX })) {
        if (!isKnownIn(user, tenantId)) continue;
        const { slug, name, state, settings } = await view.get(Tenant, { id: tenantId });
        if (state === 'deleted') continue;
        const { requireSecondFactor: requiresSecondFactor } = effectiveSettings(settings);
        memberships.push({ tenantId, slug, name, state, role, requiresSecondFactor });
      }
      return memberships;
    });
  }

  async hasSecondFactor(scope: PlatformScope, userId: string): Promise<boolean> {
    return this.database.readPlatform(scope, (view) => hasFactor(view, userId));
  }

  /** Ends one session: every instance rejects its token from the next request on. */
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
    // The current password first: if it is wrong, the new one is not hashed.
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
