import { Injectable } from '@nestjs/common';

import {
  INSTALLATION_ID,
  MINUTE,
  type PlatformScope,
  type Secret,
  type TenantScope,
  coreErrors,
  isPlatformScope,
  isWithinLifetime,
  platformScope,
} from '#core';
import { uuidv7 } from '#crypto';
import { type Committed, Database, IsNull, MoreThan, type Tx, type View, withoutCompletion } from '#database';

import { AccountMails } from './account-mails.js';
import { AccountSecrets, accountSecretKinds } from './account-secrets.js';
import { admittedMember, isVerified } from './accounts.js';
import { Member, PasswordReset, User } from './entities.js';
import { accountErrors } from './errors.js';
import { userEvents } from './events.js';
import { type ResetKind, resetKinds } from './password-reset.js';
import { endSessions } from './session-ending.js';
import { recordForUser } from './user-histories.js';
import { Users } from './users.service.js';

/** A repeated request within this time creates no new token. */
const AGAIN_AFTER = 5 * MINUTE;

/** A new reset with its token, which only this response contains. */
export interface StartedReset {
  readonly reset: PasswordReset;
  /** Absent if it was sent to the holder of the account by e-mail. */
  readonly token?: Secret;
}

/** The token of a new reset. */
interface NewResetToken {
  readonly lookupHash: string;
  readonly token: Secret;
}

/**
 * How the holder of an account gets a new password: somebody who has identified them starts the reset and gives them the token,
 * and the holder chooses the password. So no person knows the password of another.
 */
@Injectable()
export class PasswordResets {
  constructor(
    private readonly database: Database,
    private readonly secrets: AccountSecrets,
    private readonly users: Users,
    private readonly mails: AccountMails,
  ) {}

  /**
   * An owner starts a reset for a member whose account only this tenant knows.
   * @throws NOT_FOUND, ACCOUNT_NOT_OF_TENANT, PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS
   */
  async startForMember(
    scope: TenantScope,
    userId: string,
    password: string | undefined,
  ): Promise<Committed<StartedReset>> {
    await this.users.confirm(platformScope(scope), 'account', password);
    return this.make((token) =>
      this.database.transaction(scope, async (tx) => {
        await tx.get(Member, { userId });
        const user = await tx.installation.lock(User, { id: userId });
        // A tenant must not reset an account that other tenants trust.
        if (user.knownIn !== scope.tenantId) throw accountErrors.ACCOUNT_NOT_OF_TENANT();
        const reset = await this.insert(tx, user, { kind: 'reset', startedIn: scope.tenantId }, token);
        tx.record(userEvents.reset_started(userId, { details: { kind: 'reset' } }));
        return this.shown(reset, token);
      }),
    );
  }

  /**
   * A platform administrator starts a reset for any account.
   * @throws NOT_FOUND, ADDRESS_VERIFIED, ADDRESS_TAKEN, PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS
   */
  async start(
    scope: PlatformScope,
    userId: string,
    kind: ResetKind,
    password: string | undefined,
  ): Promise<Committed<StartedReset>> {
    await this.users.confirm(withoutCompletion(scope), 'account', password);
    return this.make((token) =>
      this.database.platform(scope, async (tx) => {
        const user = await tx.installation.lock(User, { id: userId });
        if (resetKinds[kind].verifiesAddress) await requireVerifiable(tx, user);
        const reset = await this.insert(tx, user, { kind, startedIn: null }, token);
        await recordForUser(tx, userId, (content) =>
          userEvents.reset_started(userId, { ...content, details: { kind } }),
        );
        return this.shown(reset, token);
      }),
    );
  }

  /**
   * Records that the token of a reset is shown again to the request that started it.
   * @throws GONE if it is no longer accepted
   */
  async recordRepetition(scope: TenantScope | PlatformScope, token: string): Promise<void> {
    const lookupHash = await this.secrets.lookupHash(token);
    const record = async (tx: Tx): Promise<void> => {
      const row = await tx.installation.findOne(PasswordReset, { lookupHash });
      if (!row || !isUsable(row, tx)) throw coreErrors.GONE();
      const { userId, kind } = row;
      await recordForUser(tx, userId, (content) =>
        userEvents.reset_repeated(userId, { ...content, details: { kind } }),
      );
    };
    await (isPlatformScope(scope) ? this.database.platform(scope, record) : this.database.transaction(scope, record));
  }

  /**
   * The holder of the token chooses a password; every session of the account ends.
   * @throws RESET_INVALID, ADDRESS_TAKEN, VALIDATION_ERROR, BUSY
   */
  async complete(scope: PlatformScope, token: string, password: string): Promise<void> {
    if (!accountSecretKinds.passwordReset.isWellFormed(token)) throw accountErrors.RESET_INVALID();
    const lookupHash = await this.secrets.lookupHash(token);
    const { userId } = await this.database.readPlatform(scope, (view) => usableReset(view, lookupHash));
    const passwordHash = await this.users.hashNewPassword(scope, password, '/password');
    await this.database.platform(scope, async (tx) => {
      // The account is locked first, as when a reset starts, so that concurrent resets cannot deadlock.
      const user = await tx.installation.lock(User, { id: userId });
      const { kind, startedIn, startedBy } = await usableReset(tx, lookupHash);
      await requireStarterRight(tx, { startedIn, startedBy }, user);
      const { verifiesAddress } = resetKinds[kind];
      if (verifiesAddress) await requireVerifiable(tx, user);
      const verified = verifiesAddress ? { knownIn: INSTALLATION_ID, emailVerifiedAt: tx.now } : {};
      // The new password also ends all other reset tokens of the account.
      await tx.installation.update(PasswordReset, { userId, usedAt: IsNull() }, { usedAt: tx.now });
      await tx.installation.update(User, { id: userId }, { passwordHash, ...verified, updatedAt: tx.now });
      await endSessions(tx, { userId });
      const details = { kind, startedBy };
      await recordForUser(tx, userId, (content) => userEvents.password_reset(userId, { ...content, details }));
      await this.mails.tellPasswordReset(tx, user);
      if (!verifiesAddress) return;
      await recordForUser(tx, userId, (content) => userEvents.verified(userId, { ...content, details: { startedBy } }));
    });
  }

  /** A token and its hash, before a transaction opens. */
  async newToken(): Promise<NewResetToken> {
    const token = accountSecretKinds.passwordReset.generate();
    return { token, lookupHash: await this.secrets.lookupHash(token.reveal()) };
  }

  /**
   * A step: sends the token to the holder of the account, who asked for it. Not again within some minutes, so that requests cannot
   * flood a mailbox.
   */
  async startByHolder(tx: Tx, userId: string, token: NewResetToken): Promise<void> {
    const user = await tx.installation.lock(User, { id: userId });
    const sent = { userId, startedBy: userId, createdAt: MoreThan(tx.now - AGAIN_AFTER) };
    if (await tx.installation.exists(PasswordReset, sent)) return;
    await this.insert(tx, user, { kind: 'reset', startedIn: null, startedBy: userId }, token);
    const details = { kind: 'reset', startedBy: userId };
    await recordForUser(tx, userId, (content) => userEvents.reset_started(userId, { ...content, details }));
  }

  private async make(
    work: (token: NewResetToken) => Promise<Committed<StartedReset>>,
  ): Promise<Committed<StartedReset>> {
    return work(await this.newToken());
  }

  /** The response to the person who started it. */
  private shown(reset: PasswordReset, { token }: NewResetToken): StartedReset {
    return this.mails.areSent ? { reset } : { reset, token };
  }

  /**
   * A step: creates a reset; earlier ones become unusable. A reset that was requested by e-mail replaces only resets of the same
   * kind: anybody can request one for any address, and must not end a reset that an owner or platform administrator started.
   */
  private async insert(
    tx: Tx,
    user: User,
    started: Pick<PasswordReset, 'kind' | 'startedIn'> & { readonly startedBy?: string },
    { lookupHash, token }: NewResetToken,
  ): Promise<PasswordReset> {
    const { id: userId } = user;
    const { kind, startedBy = tx.scope.actor.id } = started;
    const replaced = startedBy === userId ? { kind, startedBy } : {};
    await tx.installation.update(PasswordReset, { ...replaced, userId, usedAt: IsNull() }, { usedAt: tx.now });
    const row: PasswordReset = {
      ...started,
      startedBy,
      id: uuidv7(tx.now),
      userId,
      lookupHash,
      createdAt: tx.now,
      expiresAt: tx.now + resetKinds[kind].ttl,
      usedAt: null,
    };
    await tx.installation.insert(PasswordReset, row);
    await this.mails.sendReset(tx, user, row, token);
    return row;
  }
}

const isUsable = ({ kind, usedAt, expiresAt }: PasswordReset, { now }: View): boolean =>
  usedAt === null && isWithinLifetime(expiresAt, resetKinds[kind].ttl, now);

/** @throws RESET_INVALID for a token that is unknown, used, replaced or expired */
async function usableReset(view: View, lookupHash: string): Promise<PasswordReset> {
  const row = await view.installation.hold(PasswordReset, { lookupHash }, 'exclusive');
  if (!row || !isUsable(row, view)) throw accountErrors.RESET_INVALID();
  return row;
}

/** @throws RESET_INVALID unless the person who started it still has the right to do so */
async function requireStarterRight(
  tx: Tx,
  { startedIn, startedBy }: Pick<PasswordReset, 'startedIn' | 'startedBy'>,
  user: User,
): Promise<void> {
  // The token was sent to the address of the account.
  if (startedIn === null && startedBy === user.id) return;
  if (startedIn === null) {
    const starter = await tx.installation.findOne(User, { id: startedBy });
    if (!starter?.platformAdmin) throw accountErrors.RESET_INVALID();
    return;
  }
  // The tenant must not reset an account that was verified in the meantime.
  const starter = await admittedMember(tx, startedIn, startedBy);
  if (starter?.role !== 'owner' || user.knownIn !== startedIn) throw accountErrors.RESET_INVALID();
}

/** @throws ADDRESS_VERIFIED, ADDRESS_TAKEN */
async function requireVerifiable(tx: Tx, user: User): Promise<void> {
  if (isVerified(user)) throw accountErrors.ADDRESS_VERIFIED();
  const other = await tx.installation.findOne(User, { email: user.email, knownIn: INSTALLATION_ID });
  if (other) throw accountErrors.ADDRESS_TAKEN();
}
