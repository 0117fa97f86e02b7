import { Injectable } from '@nestjs/common';

import { type Origin, type PlatformScope, Secret, coreErrors, normalizeEmail } from '#core';
import { normalizePassword, randomSecret, uuidv7 } from '#crypto';
import { Database, IsNull, type Tx, type View } from '#database';

import { Session, User } from './entities.js';
import { memberErrors, sessionErrors } from './errors.js';
import { userEvents } from './events.js';
import { PasswordGuard, hashingGroup } from './password-guard.js';
import { RefusedPasswords, isRefusedPassword } from './refused-passwords.service.js';
import { recordForUser } from './user-histories.js';

export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly platformAdmin?: boolean;
}

/** The people of the installation. What they may do in a tenant is a matter of their membership. */
@Injectable()
export class Users {
  constructor(
    private readonly database: Database,
    private readonly guard: PasswordGuard,
    private readonly refusals: RefusedPasswords,
  ) {}

  /**
   * The hash to store for a new password, computed before a transaction opens.
   * @param origin who asks for it: those who ask take turns
   * @throws VALIDATION_ERROR unless it has 12 to 256 characters, BUSY
   */
  async hashNewPassword(origin: Origin, password: string, pointer: string): Promise<string> {
    return this.guard.hasher.hash(normalizePassword(password, pointer), hashingGroup(origin));
  }

  /** A step of a use-case that creates a user. @throws USER_EXISTS */
  async create(tx: Tx, user: NewUser): Promise<User> {
    const row: User = {
      id: uuidv7(tx.now),
      email: normalizeEmail(user.email),
      name: user.name,
      passwordHash: user.passwordHash,
      platformAdmin: user.platformAdmin ?? false,
      version: 1,
      createdAt: tx.now,
      updatedAt: tx.now,
    };
    await tx.installation.insert(User, row, { duplicate: () => memberErrors.USER_EXISTS() });
    tx.record(userEvents.created(row.id, { after: { email: row.email, name: row.name } }));
    return row;
  }

  /**
   * Creates the platform administrator of a new installation; does nothing once there is one.
   * @returns the password that was made, where none was given: it is shown once and stored nowhere
   */
  async ensurePlatformAdmin(
    scope: PlatformScope,
    admin: { readonly email: string; readonly password: Secret | undefined },
  ): Promise<{ created: boolean; generatedPassword: Secret | undefined }> {
    const exists = (view: View): Promise<boolean> => view.installation.exists(User, { platformAdmin: true });
    const nothing = { created: false, generatedPassword: undefined };
    if (await this.database.readPlatform(scope, exists)) return nothing;
    const generatedPassword = admin.password ? undefined : generatePassword();
    const password = (admin.password ?? generatedPassword!).reveal();
    const passwordHash = await this.hashNewPassword(scope, password, '/password');
    try {
      await this.database.platform(scope, (tx) =>
        this.create(tx, { email: admin.email, name: 'Platform administrator', passwordHash, platformAdmin: true }),
      );
      return { created: true, generatedPassword };
    } catch (error) {
      // Another instance that started at the same moment was first.
      if (await this.database.readPlatform(scope, exists)) return nothing;
      throw error;
    }
  }

  /**
   * Sets a new password for a user who lost theirs, and ends all their sessions. Only the command line of the host
   * offers this: who can run it can read the database as well.
   * @throws NOT_FOUND, VALIDATION_ERROR unless the password has 12 to 256 characters
   */
  async resetPassword(scope: PlatformScope, email: string, password: string): Promise<void> {
    const passwordHash = await this.hashNewPassword(scope, password, '/password');
    await this.database.platform(scope, async (tx) => {
      const { id } = await tx.installation.lock(User, { email: normalizeEmail(email) });
      await tx.installation.update(User, { id }, { passwordHash, updatedAt: tx.now });
      await tx.installation.update(Session, { userId: id, endedAt: IsNull() }, { endedAt: tx.now });
      await recordForUser(tx, id, (content) => userEvents.password_reset(id, content));
    });
  }

  /** @throws NOT_FOUND */
  async get(scope: PlatformScope, userId: string): Promise<User> {
    return this.database.readPlatform(scope, (view) => view.get(User, { id: userId }));
  }

  /**
   * Step-up: the caller's own password in the very request that needs it.
   * @returns the user with the hash that was compared
   * @throws PASSWORD_REQUIRED where none was sent, PASSWORD_INVALID, TOO_MANY_ATTEMPTS
   */
  async confirmPassword(scope: PlatformScope, password: string | undefined): Promise<User> {
    const { actor } = scope;
    if (actor.type !== 'user') throw coreErrors.FORBIDDEN('Only a signed-in user has a password to confirm');
    if (password === undefined || password === '') throw sessionErrors.PASSWORD_REQUIRED();
    const user = await this.get(scope, actor.id);
    const attempt = { sessionId: sessionOf(scope) ?? actor.id, password, storedHash: user.passwordHash };
    try {
      if (await this.guard.verifyStepUp(scope, attempt)) return user;
      throw sessionErrors.PASSWORD_INVALID();
    } catch (error) {
      if (!isRefusedPassword(error, sessionErrors.PASSWORD_INVALID)) throw error;
      const { email } = user;
      await this.refusals.record(scope, { user, email, reason: 'password confirmation', code: error.code });
      throw error;
    }
  }
}

/** The session of a request; work that belongs to none is counted by its user. */
const sessionOf = ({ evidence }: PlatformScope): string | undefined =>
  evidence?.kind === 'session' ? evidence.sessionId : undefined;

const GENERATED_PASSWORD_BYTES = 18;

const generatePassword = (): Secret =>
  new Secret(randomSecret(GENERATED_PASSWORD_BYTES).reveal().toString('base64url'));
