import { Injectable } from '@nestjs/common';

import type { Page, PageRequest, TenantScope } from '#core';
import { Database, In, IsNull, MoreThan, type SeenVersions, type Tx, type View, requireVersion } from '#database';

import { isKnownIn, isVerified } from './accounts.js';
import { ApiToken, Member, Tenant, User } from './entities.js';
import { memberErrors } from './errors.js';
import { memberEvents } from './events.js';
import { hasOtherOwner } from './provided-members.js';
import { type Role, mayGrant, mayManage, roleOf } from './roles.js';
import { endSessions } from './session-ending.js';
import { raiseConfigVersion } from './tenants.service.js';

/** A membership with the visible facts of its user. */
export interface MemberWithUser extends Member {
  readonly email: string;
  readonly name: string;
  readonly emailVerified: boolean;
  /** `false` for an account that only another tenant knows: it has no access here until its address is verified. */
  readonly admitted: boolean;
}

/** What the removal of a member would do, without doing it. */
export interface MemberRemoval {
  readonly allowed: boolean;
  /** Code of the rejection. */
  readonly code?: string;
  readonly impact: {
    /** The API tokens that would be rejected, oldest first. */
    readonly apiTokens: readonly Pick<ApiToken, 'id' | 'name' | 'lastUsedAt'>[];
    /** Whether all sessions of the account would end: no other tenant knows it. */
    readonly sessionsEnd: boolean;
    /** Whether the groups of an identity provider make the person a member again at the next sign-in. */
    readonly returnsBySignIn: boolean;
  };
}

/** Maximum number of API tokens that are listed. */
const API_TOKENS_TOLD_MAX = 200;

@Injectable()
export class Members {
  constructor(private readonly database: Database) {}

  async list(scope: TenantScope, page: PageRequest): Promise<Page<MemberWithUser>> {
    return this.database.read(scope, async (view) => {
      const { items, nextCursor } = await view.page(Member, {}, [['id', 'ASC']], page);
      const users = await view.installation.find(User, { id: In(items.map(({ userId }) => userId)) });
      const byId = new Map(users.map((user) => [user.id, user]));
      return { items: items.map((member) => withUser(member, byId.get(member.userId)!)), nextCursor };
    });
  }

  /** @throws NOT_FOUND, ROLE_NOT_GRANTABLE, LAST_OWNER, PRECONDITION_FAILED */
  async changeRole(
    scope: TenantScope,
    userId: string,
    role: Role,
    ifMatch: SeenVersions | undefined,
  ): Promise<MemberWithUser> {
    return this.database.transaction(scope, async (tx) => {
      requireGrantable(tx.scope, role);
      const before = await this.lockManageable(tx, userId);
      if (role !== 'owner') await this.requireAnotherOwner(tx, before);
      const after = await tx.change(Member, before, { role, updatedAt: tx.now }, ifMatch);
      await raiseConfigVersion(tx);
      tx.record(memberEvents.changed(userId, { before: { role: before.role }, after: { role } }));
      return withUser(after, await tx.installation.get(User, { id: userId }));
    });
  }

  /** @throws NOT_FOUND, ROLE_NOT_GRANTABLE, LAST_OWNER, PRECONDITION_FAILED */
  async remove(scope: TenantScope, userId: string, ifMatch?: SeenVersions): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      const member = await this.lockManageable(tx, userId);
      requireVersion(member, ifMatch);
      await this.requireAnotherOwner(tx, member);
      await tx.delete(Member, { id: member.id });
      const user = await tx.installation.get(User, { id: userId });
      if (endsWithMembership(user, member)) await endSessions(tx, { userId });
      await raiseConfigVersion(tx);
      tx.record(memberEvents.removed(userId, { before: { role: member.role } }));
    });
  }

  /** What `remove` would do now. @throws NOT_FOUND */
  async dryRunOfRemoval(scope: TenantScope, userId: string): Promise<MemberRemoval> {
    return this.database.read(scope, async (view) => {
      const member = await view.get(Member, { userId });
      const user = await view.installation.get(User, { id: userId });
      const usable = { memberId: member.id, revokedAt: IsNull(), expiresAt: MoreThan(view.now) };
      const apiTokens = await view.find(ApiToken, usable, { order: { id: 'ASC' }, limit: API_TOKENS_TOLD_MAX });
      const code = await this.refusalOfRemoval(view, roleOf(scope), member);
      return {
        allowed: code === undefined,
        ...(code === undefined ? {} : { code }),
        impact: {
          apiTokens: apiTokens.map(({ id, name, lastUsedAt }) => ({ id, name, lastUsedAt })),
          sessionsEnd: endsWithMembership(user, member),
          returnsBySignIn: member.identityProviderId !== null,
        },
      };
    });
  }

  private async refusalOfRemoval(view: View, own: Role, member: Member): Promise<string | undefined> {
    if (!mayManage(own, member.role)) return memberErrors.ROLE_NOT_GRANTABLE.code;
    const isLast = member.role === 'owner' && !(await hasOtherOwner(view, member));
    return isLast ? memberErrors.LAST_OWNER.code : undefined;
  }

  /** Locks the tenant's row first: if the last two owners are demoted at the same time, the second demotion sees the first. */
  private async lockManageable(tx: Tx, userId: string): Promise<Member> {
    await tx.lock(Tenant, { id: tx.scope.tenantId });
    const member = await tx.get(Member, { userId });
    if (!mayManage(roleOf(tx.scope), member.role)) throw memberErrors.ROLE_NOT_GRANTABLE();
    return member;
  }

  private async requireAnotherOwner(tx: Tx, member: Member): Promise<void> {
    if (member.role === 'owner' && !(await hasOtherOwner(tx, member))) throw memberErrors.LAST_OWNER();
  }
}

/** Whether no other tenant knows the account: it cannot sign in without this membership. */
const endsWithMembership = (user: User, { tenantId }: Member): boolean =>
  !isVerified(user) && isKnownIn(user, tenantId);

function requireGrantable(scope: Tx['scope'], role: Role): void {
  if (!mayGrant(roleOf(scope), role)) throw memberErrors.ROLE_NOT_GRANTABLE(`Your role does not grant ${role}`);
}

const withUser = (member: Member, user: User): MemberWithUser => ({
  ...member,
  email: user.email,
  name: user.name,
  emailVerified: isVerified(user),
  admitted: isKnownIn(user, member.tenantId),
});
