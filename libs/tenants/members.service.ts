import { Injectable } from '@nestjs/common';

import { type Page, type PageRequest, type TenantScope, coreErrors, normalizeEmail } from '#core';
import { uuidv7 } from '#crypto';
import { Database, In, type Tx, requireVersion } from '#database';

import { Member, Tenant, User } from './entities.js';
import { memberErrors } from './errors.js';
import { memberEvents } from './events.js';
import { type Role, mayGrant, mayManage } from './roles.js';
import { passwordMissing, raiseConfigVersion } from './tenants.service.js';
import { Users } from './users.service.js';

export interface NewMember {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  /** Only for a user who does not exist yet. */
  readonly password?: string | undefined;
}

/** A membership together with what is shown of its user. */
export interface MemberWithUser extends Member {
  readonly email: string;
  readonly name: string;
}

@Injectable()
export class Members {
  constructor(
    private readonly database: Database,
    private readonly users: Users,
  ) {}

  /** @throws ROLE_NOT_GRANTABLE, ALREADY_MEMBER, USER_EXISTS, VALIDATION_ERROR */
  async add(scope: TenantScope, member: NewMember): Promise<MemberWithUser> {
    const email = normalizeEmail(member.email);
    const passwordHash =
      member.password === undefined ? undefined : await this.users.hashNewPassword(scope, member.password, '/password');
    return this.database.transaction(scope, async (tx) => {
      requireGrantable(tx.scope, member.role);
      const user = await this.existingOrNew(tx, { ...member, email }, passwordHash);
      const row: Member = {
        id: uuidv7(tx.now),
        tenantId: scope.tenantId,
        userId: user.id,
        role: member.role,
        version: 1,
        createdAt: tx.now,
        updatedAt: tx.now,
      };
      await tx.insert(Member, row, { duplicate: () => memberErrors.ALREADY_MEMBER() });
      await raiseConfigVersion(tx);
      tx.record(memberEvents.added(user.id, { after: { email, role: row.role } }));
      return withUser(row, user);
    });
  }

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
    ifMatch: number | undefined,
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
  async remove(scope: TenantScope, userId: string, ifMatch?: number): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      const member = await this.lockManageable(tx, userId);
      requireVersion(member, ifMatch);
      await this.requireAnotherOwner(tx, member);
      await tx.delete(Member, { id: member.id });
      await raiseConfigVersion(tx);
      tx.record(memberEvents.removed(userId, { before: { role: member.role } }));
    });
  }

  private async existingOrNew(tx: Tx, member: NewMember, passwordHash: string | undefined): Promise<User> {
    const existing = await tx.installation.findOne(User, { email: member.email });
    if (existing) {
      // A tenant's owner must not be able to set the password of a user who is a member of other tenants too.
      if (passwordHash !== undefined) throw memberErrors.USER_EXISTS();
      return existing;
    }
    if (passwordHash === undefined) throw passwordMissing('/password');
    return this.users.create(tx, { email: member.email, name: member.name, passwordHash });
  }

  /** The tenant's row is locked first: of two demotions of the last two owners, the second one sees the first. */
  private async lockManageable(tx: Tx, userId: string): Promise<Member> {
    await tx.lock(Tenant, { id: tx.scope.tenantId });
    const member = await tx.get(Member, { userId });
    if (!mayManage(roleOf(tx.scope), member.role)) throw memberErrors.ROLE_NOT_GRANTABLE();
    return member;
  }

  private async requireAnotherOwner(tx: Tx, member: Member): Promise<void> {
    if (member.role === 'owner' && (await tx.count(Member, { role: 'owner' })) <= 1) throw memberErrors.LAST_OWNER();
  }
}

function requireGrantable(scope: Tx['scope'], role: Role): void {
  if (!mayGrant(roleOf(scope), role)) throw memberErrors.ROLE_NOT_GRANTABLE(`Your role does not grant ${role}`);
}

function roleOf(scope: { readonly actor: { readonly role?: string } }): Role {
  const { role } = scope.actor;
  if (role === undefined) throw coreErrors.FORBIDDEN();
  return role as Role;
}

const withUser = (member: Member, user: User): MemberWithUser => ({ ...member, email: user.email, name: user.name });
