import { Injectable } from '@nestjs/common';

import {
  INSTALLATION_ID,
  type InputError,
  type Origin,
  type Page,
  type PageRequest,
  type PlatformScope,
  Secret,
  coreErrors,
  isEmailAddress,
  isWithinLifetime,
  isVisibleName,
  normalizeEmail,
  normalizeName,
} from '#core';
import { normalizePassword, randomSecret, uuidv7 } from '#crypto';
import { Database, type Tx, type View } from '#database';
import { Factors, factorErrors, factorEvents, hasFactor } from '#factors';

import { AccountMails } from './account-mails.js';
import { accountOf, signInNamesOf } from './accounts.js';
import { forgetFailures } from './attempt-counters.js';
import { ApiToken, User } from './entities.js';
import { accountErrors, sessionErrors } from './errors.js';
import { userEvents } from './events.js';
import { PasswordGuard, hashingGroup } from './password-guard.js';
import { RefusedPasswords, isRefusedPassword } from './refused-passwords.service.js';
import { endSessions } from './session-ending.js';
import { STEP_UP_TTL, SessionTokens, type StepUpStrength } from './session-tokens.js';
import { type StepUpPurpose, stepUpRules } from './step-up-rules.js';
import { recordForUser } from './user-histories.js';

export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
  /** The tenant that knows the account; all tenants if the creator confirms the address. */
  readonly knownIn?: string;
  readonly platformAdmin?: boolean;
}

/** The users of the installation. Their memberships decide what they may do in a tenant. */
@Injectable()
export class Users {
  constructor(
    private readonly database: Database,
    private readonly guard: PasswordGuard,
    private readonly refusals: RefusedPasswords,
    private readonly tokens: SessionTokens,
    private readonly factors: Factors,
    private readonly mails: AccountMails,
  ) {}

  /**
   * The hash to store for a new password, computed before a transaction opens.
   * @param origin the caller; callers take turns
   * @throws VALIDATION_ERROR unless it has 12 to 256 characters, BUSY
   */
  async hashNewPassword(origin: Origin, password: string, pointer: string): Promise<string> {
    return this.guard.hasher.hash(normalizePassword(password, pointer), hashingGroup(origin));
  }

  /** The hash of a random password that is not kept, for an account that signs in without a password. @throws BUSY */
  async hashUnknownPassword(origin: Origin): Promise<string> {
    return this.hashNewPassword(origin, generatePassword().reveal(), '/password');
  }

  /**
   * A step of platform work that creates a user.
   * @param history the tenant whose history records it; otherwise the installation's
   * @throws USER_EXISTS, VALIDATION_ERROR for an address or name that the API would reject
   */
  async create(tx: Tx, user: NewUser, history?: string): Promise<User> {
    const { knownIn = INSTALLATION_ID } = user;
    const name = normalizeName(user.name);
    requireNameable({ email: user.email, name });
    const row: User = {
      id: uuidv7(tx.now),
      email: normalizeEmail(user.email),
      knownIn,
      emailVerifiedAt: knownIn === INSTALLATION_ID ? tx.now : null,
      name,
      passwordHash: user.passwordHash,
      platformAdmin: user.platformAdmin ?? false,
      version: 1,
      createdAt: tx.now,
      updatedAt: tx.now,
    };
    await tx.installation.insert(User, row, { duplicate: () => accountErrors.USER_EXISTS() });
    tx.record(userEvents.created(row.id, { tenantId: history, after: { email: row.email, name: row.name } }));
    return row;
  }

  /**
   * Creates the platform administrator of a new installation; does nothing if there is one.
   * @returns the generated password, if none was given: it is shown once and stored nowhere
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
      // Another instance that started at the same time was faster.
      if (await this.database.readPlatform(scope, exists)) return nothing;
      throw error;
    }
  }

  /**
   * Sets a new password for a user who lost theirs, ends all their sessions, and forgets the failed sign-ins. Only the command line of the host
   * offers this: a person who can run it can read the database as well.
   * @param options.tenant id or slug, for an account that only this tenant knows
   * @param options.clearFactors whether to remove the second factors too
   * @throws NOT_FOUND, VALIDATION_ERROR unless the password has 12 to 256 characters
   */
  async resetPassword(
    scope: PlatformScope,
    email: string,
    password: string,
    { tenant, clearFactors = false }: { readonly tenant?: string | undefined; readonly clearFactors?: boolean } = {},
  ): Promise<void> {
    const passwordHash = await this.hashNewPassword(scope, password, '/password');
    await this.database.platform(scope, async (tx) => {
      const account = await accountOf(tx, normalizeEmail(email), tenant);
      if (!account) throw coreErrors.NOT_FOUND();
      const { id } = await tx.installation.lock(User, { id: account.id });
      await tx.installation.update(User, { id }, { passwordHash, updatedAt: tx.now });
      await endSessions(tx, { userId: id });
      await forgetFailures(tx, await signInNamesOf(tx, account));
      await recordForUser(tx, id, (content) => userEvents.password_reset(id, content));
      await this.mails.tellPasswordReset(tx, account);
      if (!clearFactors) return;
      await this.factors.clear(tx, id);
      await recordForUser(tx, id, (content) => factorEvents.reset(id, content));
    });
  }

  /** Every account of the installation, or those with one address. */
  async list(scope: PlatformScope, filter: { readonly email?: string }, page: PageRequest): Promise<Page<User>> {
    const where = filter.email === undefined ? {} : { email: filter.email };
    return this.database.readPlatform(scope, (view) => view.installation.page(User, where, [['id', 'ASC']], page));
  }

  /** @throws NOT_FOUND */
  async get(scope: PlatformScope, userId: string): Promise<User> {
    return this.database.readPlatform(scope, (view) => view.get(User, { id: userId }));
  }

  /**
   * Checks a step-up: the caller's password in the request, or the token of a step-up (`StepUps`); `stepUpRules` says when a
   * second factor is required. An API token has neither; it needs the right to step up, which it gets when it is created. A
   * dry run requires none.
   * @throws PASSWORD_REQUIRED if neither was sent, PASSWORD_INVALID, STEP_UP_INVALID, TOO_MANY_ATTEMPTS,
   *   SECOND_FACTOR_REQUIRED, FORBIDDEN for an API token without that right
   */
  async confirm(scope: PlatformScope, purpose: StepUpPurpose, password: string | undefined): Promise<void> {
    const { evidence } = scope;
    if (scope.dryRun) return;
    if (evidence?.kind === 'api-token' && stepUpRules[purpose] !== 'always')
      return this.requireStepUpToken(scope, evidence.apiTokenId);
    const shown = evidence?.kind === 'session' ? evidence.stepUp : undefined;
    const strength = shown && (await this.requireStepUp(scope, shown));
    if (strength !== 'factor' && (await this.needsFactor(scope, purpose)))
      throw factorErrors.SECOND_FACTOR_REQUIRED('Step up by a second factor: POST /v1/auth/step-up');
    if (strength === undefined) await this.comparePassword(scope, password);
  }

  private async needsFactor(scope: PlatformScope, purpose: StepUpPurpose): Promise<boolean> {
    const need: (typeof stepUpRules)[StepUpPurpose] = stepUpRules[purpose];
    if (need !== 'where the account has one') return need === 'always';
    return this.database.readPlatform(scope, (view) => hasFactor(view, scope.actor.id));
  }

  /** @throws STEP_UP_INVALID for a token that has expired or belongs to another session */
  private async requireStepUp(scope: PlatformScope, stepUp: Secret): Promise<StepUpStrength> {
    const claims = this.tokens.readStepUp(stepUp.reveal());
    const now = await this.database.readPlatform(scope, async (view) => view.now);
    const isCurrent = claims && isWithinLifetime(claims.expiresAt, STEP_UP_TTL, now);
    if (!isCurrent || claims.sessionId !== sessionOf(scope)) throw sessionErrors.STEP_UP_INVALID();
    return claims.strength;
  }

  private async requireStepUpToken(scope: PlatformScope, id: string): Promise<void> {
    const token = await this.database.readPlatform(scope, (view) => view.get(ApiToken, { id }));
    if (!token.stepUp) throw coreErrors.FORBIDDEN('The API token was created without `stepUp`');
  }

  /**
   * As `confirm`, for a change of the password.
   * @returns the user with the hash that was compared
   * @throws PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS
   */
  async comparePassword(scope: PlatformScope, password: string | undefined): Promise<User> {
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

/** The session of a request, or the user if there is no session: the subject whose failures are counted. */
const sessionOf = ({ evidence }: PlatformScope): string | undefined =>
  evidence?.kind === 'session' ? evidence.sessionId : undefined;

const GENERATED_PASSWORD_BYTES = 18;

const generatePassword = (): Secret =>
  new Secret(randomSecret(GENERATED_PASSWORD_BYTES).reveal().toString('base64url'));

const NAME_CHARACTERS_MAX = 200;

/** @throws VALIDATION_ERROR. The command line of the host passes unchecked input. */
function requireNameable({ email, name }: Pick<NewUser, 'email' | 'name'>): void {
  const errors: InputError[] = [];
  if (!isEmailAddress(normalizeEmail(email))) {
    errors.push({ pointer: '/email', code: 'IS_EMAIL', detail: 'must be an e-mail address' });
  }
  if (name === '' || name.length > NAME_CHARACTERS_MAX) {
    const detail = `must have 1 to ${NAME_CHARACTERS_MAX} characters`;
    errors.push({ pointer: '/name', code: 'IS_LENGTH', detail });
  } else if (!isVisibleName(name)) {
    errors.push({ pointer: '/name', code: 'INVISIBLE_CHARACTER', detail: 'must not contain invisible characters' });
  }
  if (errors.length > 0) throw coreErrors.VALIDATION_ERROR({ errors });
}
