import { Injectable } from '@nestjs/common';

import {
  INSTALLATION_ID,
  type Page,
  type PageRequest,
  type PlatformScope,
  type Secret,
  type TenantScope,
  coreErrors,
  isPlatformScope,
  isWithinLifetime,
  normalizeEmail,
} from '#core';
import { uuidv7 } from '#crypto';
import { type Committed, Database, In, type Tx, type View } from '#database';

import { AccountMails } from './account-mails.js';
import { AccountSecrets, accountSecretKinds } from './account-secrets.js';
import { admittedMember, isKnownIn } from './accounts.js';
import { Invitation, Member, Tenant, User } from './entities.js';
import { accountErrors, invitationErrors, memberErrors, tenantErrors } from './errors.js';
import { invitationEvents, memberEvents, userEvents } from './events.js';
import { INVITATION_TTL, type InvitationState, invitationLifecycle, invitationStateAt } from './invitation.js';
import { requireMailLimits } from './invitation-mail-limits.js';
import { permissionRow } from './permissions.js';
import { type Role, mayGrant, roleOf } from './roles.js';
import { acceptsPasswords } from './tenant-settings.js';
import { raiseConfigVersion } from './tenants.service.js';
import { Users } from './users.service.js';

interface NewInvitation {
  readonly email: string;
  readonly role: Role;
}

/** A new invitation with its token, which only this response contains. */
export interface InvitationWithToken {
  readonly invitation: Invitation;
  /** Absent if it was sent to the invited person by e-mail. */
  readonly token?: Secret;
}

/** The token of a new invitation. */
interface NewToken {
  readonly lookupHash: string;
  readonly token: Secret;
}

/** Name and password of a person without an account in the tenant. */
interface NewAccount {
  readonly name: string;
  readonly password: string;
}

/** The membership that an accepted invitation creates. */
export interface AcceptedInvitation {
  readonly tenant: Tenant;
  readonly user: User;
  readonly role: Role;
}

/** Maximum number of pending invitations of one tenant. */
const PENDING_MAX = 500;

/**
 * How people become members: somebody who may grant the role invites an address, and the person who receives the token
 * accepts. No response to the inviter discloses whether an account with that address exists.
 */
@Injectable()
export class Invitations {
  constructor(
    private readonly database: Database,
    private readonly secrets: AccountSecrets,
    private readonly users: Users,
    private readonly mails: AccountMails,
  ) {}

  /**
   * Invites an address; a pending invitation of the same address is withdrawn.
   * @throws ROLE_NOT_GRANTABLE, ALREADY_MEMBER, INVITATION_LIMIT_REACHED, INVITATION_MAILS_TOO_FREQUENT
   */
  async create(scope: TenantScope, { email, role }: NewInvitation): Promise<Committed<InvitationWithToken>> {
    return this.make((token) =>
      this.database.transaction(scope, async (tx) => {
        requireGrantable(tx.scope, role);
        const member = await tx.findOne(Member, { userId: tx.scope.actor.id });
        const invited = { email, role, inviterMemberId: member?.id ?? null };
        return this.shown(await this.insert(tx, invited, token), token);
      }),
    );
  }

  /**
   * Invites the owner of a tenant without an owner who is admitted to it.
   * @throws NOT_FOUND, WRONG_STATE, TENANT_HAS_OWNER, INVITATION_MAILS_TOO_FREQUENT
   */
  async inviteOwner(scope: PlatformScope, tenantId: string, email: string): Promise<Committed<InvitationWithToken>> {
    return this.make((token) =>
      this.database.platform(scope, async (tx) => {
        const tenant = await tx.lock(Tenant, { id: tenantId });
        if (tenant.state === 'deleted') throw coreErrors.NOT_FOUND();
        for (const { userId } of await tx.find(Member, { tenantId, role: 'owner' })) {
          if (await admittedMember(tx, tenantId, userId)) throw tenantErrors.TENANT_HAS_OWNER();
        }
        const invited = { email, role: 'owner' as const, inviterMemberId: null, tenantId };
        return this.shown(await this.insert(tx, invited, token), token);
      }),
    );
  }

  async list(scope: TenantScope, page: PageRequest): Promise<Page<Invitation & { stateNow: InvitationState }>> {
    return this.database.read(scope, async (view) => {
      const { items, nextCursor } = await view.page(Invitation, {}, [['id', 'DESC']], page);
      return { items: items.map((row) => ({ ...row, stateNow: invitationStateAt(row, view.now) })), nextCursor };
    });
  }

  /** @throws NOT_FOUND, WRONG_STATE, ROLE_NOT_GRANTABLE */
  async withdraw(scope: TenantScope, invitationId: string): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      const invitation = await tx.lock(Invitation, { id: invitationId });
      requireGrantable(tx.scope, invitation.role);
      await tx.transition(Invitation, invitation, invitationLifecycle.event.withdraw);
    });
  }

  /**
   * Creates a new token for an invitation and renews its validity; the former token is no longer accepted.
   * @throws NOT_FOUND, WRONG_STATE, ROLE_NOT_GRANTABLE, INVITATION_MAILS_TOO_FREQUENT
   */
  async resend(scope: TenantScope, invitationId: string): Promise<Committed<InvitationWithToken>> {
    return this.make(({ lookupHash, token }) =>
      this.database.transaction(scope, async (tx) => {
        const row = await tx.get(Invitation, { id: invitationId });
        requireGrantable(tx.scope, row.role);
        if (row.state !== 'pending') throw coreErrors.WRONG_STATE(`The invitation is ${row.state}`);
        if (this.mails.areSent) await requireMailLimits(tx, row.tenantId, row.email);
        const member = await tx.get(Member, { userId: tx.scope.actor.id });
        // From now on, the member who creates the new token must have the right to invite.
        const set = { invitedBy: member.userId, inviterMemberId: member.id, expiresAt: tx.now + INVITATION_TTL };
        const sentByMail = this.mails.areSent;
        const after = await tx.change(Invitation, row, { ...set, lookupHash, sentByMail, updatedAt: tx.now });
        await this.mails.invite(tx, after, await tx.get(Tenant, { id: row.tenantId }), token);
        tx.record(invitationEvents.resent(row.id, { details: { email: row.email, role: row.role } }));
        return this.shown(after, { token });
      }),
    );
  }

  /**
   * Records that the token of an invitation is shown again to the request that made it.
   * @throws GONE if it is no longer accepted
   */
  async recordRepetition(scope: TenantScope | PlatformScope, token: string): Promise<void> {
    const lookupHash = await this.hashOf(token);
    const record = async (tx: Tx): Promise<void> => {
      const row = await tx.findOne(Invitation, { lookupHash });
      if (!row || !isUsable(row, tx)) throw coreErrors.GONE();
      const { id, tenantId, email, role } = row;
      const content = tenantId === tx.scope.tenantId ? {} : { tenantId };
      tx.record(invitationEvents.repeated(id, { ...content, details: { email, role } }));
    };
    await (isPlatformScope(scope) ? this.database.platform(scope, record) : this.database.transaction(scope, record));
  }

  /**
   * A person without an account in the tenant accepts and chooses a password. Only this tenant knows the new account, even if
   * other accounts have the same address. If the token was sent by e-mail, the person has proven the address: the account becomes
   * the verified one, unless there is one already, or the person signs in only through the tenant's own identity provider, which
   * reaches no account of other tenants.
   * @param hasOwnProvider whether the tenant has an enabled identity provider of its own
   * @throws INVITATION_INVALID, ACCOUNT_EXISTS, TENANT_SUSPENDED, VALIDATION_ERROR, BUSY
   */
  async acceptAsNew(
    scope: PlatformScope,
    token: string,
    account: NewAccount,
    hasOwnProvider: (view: View, tenantId: string) => Promise<boolean>,
  ): Promise<AcceptedInvitation> {
    const lookupHash = await this.hashOf(token);
    // The password is hashed only for an acceptable token.
    await this.database.readPlatform(scope, (view) => usableInvitation(view, lookupHash));
    const passwordHash = await this.users.hashNewPassword(scope, account.password, '/password');
    return this.accept(
      scope,
      lookupHash,
      async (tx, { tenantId, email, role, sentByMail, invitedBy }, { settings }) => {
        const known = await tx.installation.findOne(User, { email, knownIn: tenantId });
        if (known) throw accountErrors.ACCOUNT_EXISTS();
        const verified = await tx.installation.findOne(User, { email, knownIn: INSTALLATION_ID });
        const isCompanyOnly = !acceptsPasswords(settings, role) && (await hasOwnProvider(tx, tenantId));
        const knownIn = sentByMail && !verified && !isCompanyOnly ? INSTALLATION_ID : tenantId;
        const user = await this.users.create(tx, { email, name: account.name, passwordHash, knownIn }, tenantId);
        if (knownIn === INSTALLATION_ID) recordVerified(tx, user, { tenantId, invitedBy });
        return user;
      },
    );
  }

  /**
   * The signed-in user consents to the membership.
   * @throws INVITATION_INVALID, INVITATION_NOT_YOURS, ALREADY_MEMBER, TENANT_SUSPENDED
   */
  async acceptAs(scope: PlatformScope, token: string): Promise<AcceptedInvitation> {
    const lookupHash = await this.hashOf(token);
    return this.accept(scope, lookupHash, async (tx, { tenantId, email }) => {
      const user = await tx.installation.get(User, { id: scope.actor.id });
      if (user.email !== email || !isKnownIn(user, tenantId)) throw invitationErrors.INVITATION_NOT_YOURS();
      return user;
    });
  }

  private async hashOf(token: string): Promise<string> {
    if (!accountSecretKinds.invitation.isWellFormed(token)) throw invitationErrors.INVITATION_INVALID();
    return this.secrets.lookupHash(token);
  }

  private async make(
    work: (token: NewToken) => Promise<Committed<InvitationWithToken>>,
  ): Promise<Committed<InvitationWithToken>> {
    const token = accountSecretKinds.invitation.generate();
    return work({ token, lookupHash: await this.secrets.lookupHash(token.reveal()) });
  }

  /** The response to the inviter. */
  private shown(invitation: Invitation, { token }: Pick<NewToken, 'token'>): InvitationWithToken {
    return this.mails.areSent ? { invitation } : { invitation, token };
  }

  private async insert(
    tx: Tx,
    invited: Pick<Invitation, 'email' | 'role' | 'inviterMemberId'> & { readonly tenantId?: string },
    { lookupHash, token }: NewToken,
  ): Promise<Invitation> {
    const { tenantId = tx.scope.tenantId } = invited;
    const email = normalizeEmail(invited.email);
    const content = tenantId === tx.scope.tenantId ? {} : { tenantId };
    if (await isMember(tx, tenantId, email)) throw memberErrors.ALREADY_MEMBER();
    if (this.mails.areSent) await requireMailLimits(tx, tenantId, email);
    const recorded = await tx.find(Invitation, { tenantId, state: 'pending' });
    const pending = recorded.filter((other) => invitationStateAt(other, tx.now) === 'pending');
    for (const other of pending.filter((former) => former.email === email)) {
      await tx.transition(Invitation, other, invitationLifecycle.event.withdraw);
    }
    if (pending.length >= PENDING_MAX) throw invitationErrors.INVITATION_LIMIT_REACHED();
    const row: Invitation = {
      ...invited,
      id: uuidv7(tx.now),
      tenantId,
      email,
      lookupHash,
      state: 'pending',
      invitedBy: tx.scope.actor.id,
      version: 1,
      createdAt: tx.now,
      updatedAt: tx.now,
      expiresAt: tx.now + INVITATION_TTL,
      sentByMail: this.mails.areSent,
    };
    await tx.insert(Invitation, row);
    await this.mails.invite(tx, row, await tx.get(Tenant, { id: tenantId }), token);
    tx.record(invitationEvents.created(row.id, { ...content, after: { email, role: row.role } }));
    return row;
  }

  /** One transaction: uses the invitation, checks the inviter's right again, creates the member. */
  private async accept(
    scope: PlatformScope,
    lookupHash: string,
    accountFor: (tx: Tx, invitation: Invitation, tenant: Tenant) => Promise<User>,
  ): Promise<AcceptedInvitation> {
    return this.database.platform(scope, async (tx) => {
      const found = await tx.findOne(Invitation, { lookupHash });
      if (!found) throw invitationErrors.INVITATION_INVALID();
      const { tenantId } = found;
      const tenant = await tx.lock(Tenant, { id: tenantId });
      const invitation = await usableInvitation(tx, lookupHash);
      if (tenant.state === 'deleted') throw invitationErrors.INVITATION_INVALID();
      if (tenant.state === 'suspended') throw tenantErrors.TENANT_SUSPENDED();
      await requireInviterRight(tx, invitation);
      const user = await accountFor(tx, invitation, tenant);
      const member: Member = {
        id: uuidv7(tx.now),
        tenantId,
        userId: user.id,
        role: invitation.role,
        identityProviderId: null,
        version: 1,
        createdAt: tx.now,
        updatedAt: tx.now,
      };
      await tx.insert(Member, member, { duplicate: () => memberErrors.ALREADY_MEMBER() });
      const { email, role, invitedBy } = invitation;
      const content = { details: { userId: user.id, invitedBy } };
      await tx.transition(Invitation, invitation, invitationLifecycle.event.accept, { content });
      await raiseConfigVersion(tx, tenantId);
      tx.record(memberEvents.added(user.id, { tenantId, after: { email, role } }));
      return { tenant, user, role };
    });
  }
}

const isUsable = (invitation: Invitation, { now }: View): boolean =>
  invitationStateAt(invitation, now) === 'pending' && isWithinLifetime(invitation.expiresAt, INVITATION_TTL, now);

/** @throws INVITATION_INVALID for a token that is unknown, used, withdrawn or expired */
async function usableInvitation(view: View, lookupHash: string): Promise<Invitation> {
  const invitation = await view.hold(Invitation, { lookupHash }, 'exclusive');
  if (!invitation || !isUsable(invitation, view)) throw invitationErrors.INVITATION_INVALID();
  return invitation;
}

/** @throws INVITATION_INVALID unless the inviter still has the right to invite */
async function requireInviterRight(tx: Tx, { tenantId, role, invitedBy, inviterMemberId }: Invitation): Promise<void> {
  if (inviterMemberId === null) {
    const inviter = await tx.installation.findOne(User, { id: invitedBy });
    if (!inviter?.platformAdmin) throw invitationErrors.INVITATION_INVALID();
    return;
  }
  const inviter = await admittedMember(tx, tenantId, invitedBy);
  // A new membership of the inviter does not revive invitations of an ended one.
  const isSame = inviter?.id === inviterMemberId;
  const mayInvite = isSame && permissionRow('members:write').roles.includes(inviter.role);
  if (!mayInvite || !mayGrant(inviter.role, role)) throw invitationErrors.INVITATION_INVALID();
}

/** The account is known beyond the tenant: both its history and that of the installation record it. */
function recordVerified(tx: Tx, { id, email, name }: User, by: Pick<Invitation, 'tenantId' | 'invitedBy'>): void {
  const details = { startedBy: by.invitedBy };
  tx.record(userEvents.created(id, { after: { email, name } }));
  tx.record(userEvents.verified(id, { details }));
  tx.record(userEvents.verified(id, { tenantId: by.tenantId, details }));
}

/** Always runs the same two queries, so that the response time does not disclose accounts. */
async function isMember(tx: Tx, tenantId: string, email: string): Promise<boolean> {
  const accounts = await tx.installation.find(User, { email, knownIn: In([tenantId, INSTALLATION_ID]) });
  return tx.exists(Member, { tenantId, userId: In([INSTALLATION_ID, ...accounts.map(({ id }) => id)]) });
}

function requireGrantable(scope: Tx['scope'], role: Role): void {
  if (!mayGrant(roleOf(scope), role)) throw memberErrors.ROLE_NOT_GRANTABLE(`Your role does not grant ${role}`);
}
