import { Injectable } from '@nestjs/common';

import { type Json, type PlatformScope, type Secret, coreErrors, normalizeEmail, selfDeciding } from '#core';
import { Database, type Tx } from '#database';
import { type FactorMethod, type FactorProof, Factors, factorEvents, hasFactor } from '#factors';

import { AccountSecrets, accountSecretKinds } from './account-secrets.js';
import { accountOf, signInName } from './accounts.js';
import { User } from './entities.js';
import { sessionErrors } from './errors.js';
import { sessionEvents } from './events.js';
import { FactorGuard } from './factor-guard.js';
import { PasswordGuard } from './password-guard.js';
import { RefusedPasswords, isRefusedPassword } from './refused-passwords.service.js';
import { requireSamePassword } from './same-password.js';
import { SessionLimits } from './session-lifetime.js';
import { SessionRenewals, type StartedSession } from './session-renewals.service.js';
import { recordForUser } from './user-histories.js';

interface SignInDetails {
  /** Id or slug of the tenant that knows the account, if other accounts have the same address. */
  readonly tenant?: string | undefined;
  readonly userAgent?: string | null | undefined;
}

/** The password was right, and a second factor is required. */
export interface AskedSignIn {
  /** To be sent with the second factor. */
  readonly signInToken: Secret;
  readonly methods: readonly FactorMethod[];
  /** For `navigator.credentials.get`, if the user has a passkey. */
  readonly passkeyOptions: Json;
}

/** Evidence for the identity of a person other than a password. */
interface ProvenSignIn {
  readonly identityProviderId: string;
  readonly userAgent: string | null;
  /** A step in the transaction that starts the session: throws if the evidence is no longer accepted. */
  readonly confirm: (tx: Tx) => Promise<void>;
}

/** Signs people in: by a password, and a second factor if the account has one. */
@Injectable()
export class SignIns {
  constructor(
    private readonly database: Database,
    private readonly guard: PasswordGuard,
    private readonly factorGuard: FactorGuard,
    private readonly factors: Factors,
    private readonly secrets: AccountSecrets,
    private readonly renewals: SessionRenewals,
    private readonly refusals: RefusedPasswords,
    private readonly limits: SessionLimits,
  ) {}

  /**
   * @throws INVALID_CREDENTIALS for an unknown user and for a wrong password, TOO_MANY_ATTEMPTS, BUSY;
   *   PASSWORD_SIGN_IN_OFF if the installation does not accept passwords
   */
  async start(
    scope: PlatformScope,
    email: string,
    password: string,
    { tenant, userAgent = null }: SignInDetails = {},
  ): Promise<StartedSession | AskedSignIn> {
    if (!this.limits.passwordSignIn) throw sessionErrors.PASSWORD_SIGN_IN_OFF();
    const subject = normalizeEmail(email);
    const user = await this.database.readPlatform(scope, (view) => accountOf(view, subject, tenant));
    try {
      // Counted by the requested address and tenant: an attacker with another account of the same address resets only its own counter.
      const account = signInName(subject, tenant);
      const attempt = { account, password, storedHash: user?.passwordHash };
      const matches = await this.guard.verifySignIn(scope, attempt);
      if (!user || !matches) throw coreErrors.INVALID_CREDENTIALS();
      const isAsked = await this.database.readPlatform(scope, (view) => hasFactor(view, user.id));
      const confirm = (tx: Tx) => requireSamePassword(tx, user, coreErrors.INVALID_CREDENTIALS);
      const way = { identityProviderId: null, userAgent, confirm };
      return isAsked ? await this.ask(scope, user, way) : await this.startOf(scope, user, way);
    } catch (error) {
      if (isRefusedPassword(error, coreErrors.INVALID_CREDENTIALS)) {
        await this.refusals.record(scope, { user, email: subject, reason: 'log-in', code: error.code });
      }
      throw error;
    }
  }

  /**
   * Signs in a user whom an identity provider has identified. A second factor of the account is still required.
   * @throws whatever `confirm` throws; INVALID_CREDENTIALS if a second factor was enrolled in the meantime
   */
  async startProven(
    scope: PlatformScope,
    user: Pick<User, 'id' | 'email'>,
    proven: ProvenSignIn,
  ): Promise<StartedSession | AskedSignIn> {
    const isAsked = await this.database.readPlatform(scope, (view) => hasFactor(view, user.id));
    return isAsked ? this.ask(scope, user, proven) : this.startOf(scope, user, proven);
  }

  /**
   * The second factor of a sign-in whose password was right.
   * @throws INVALID_CREDENTIALS if the token is unknown, used or expired, or the factor is not accepted;
   *   TOO_MANY_ATTEMPTS while codes of the account are locked
   */
  async complete(
    scope: PlatformScope,
    signInToken: string,
    proof: FactorProof,
    userAgent: string | null,
  ): Promise<StartedSession> {
    if (!accountSecretKinds.signIn.isWellFormed(signInToken)) throw rejected();
    const key = await this.secrets.lookupHash(signInToken);
    const user = await this.database.readPlatform(scope, async (view) => {
      const asked = await this.factors.asked(view, key);
      return asked ? view.installation.findOne(User, { id: asked.userId }) : null;
    });
    if (!user) throw rejected();
    const refresh = await this.renewals.newToken();
    try {
      const session = await this.database.platform(asUser(scope, user), async (tx) => {
        await tx.installation.lock(User, { id: user.id });
        const asked = await this.factors.asked(tx, key);
        const method = asked?.userId === user.id ? await this.factorGuard.verify(tx, user.id, proof, key) : undefined;
        if (method === undefined) {
          tx.housekeeping('counters of second factors; what is rejected is recorded apart');
          return undefined;
        }
        if (method === 'recovery_code') {
          await recordForUser(tx, user.id, (content) => factorEvents.recovery_code_used(user.id, content));
        }
        const { identityProviderId } = asked!;
        return this.insert(tx, user, refresh, { identityProviderId, userAgent }, method);
      });
      if (!session) throw rejected();
      return this.renewals.present(session, refresh);
    } catch (error) {
      if (isRefusedPassword(error, coreErrors.INVALID_CREDENTIALS)) {
        await this.refusals.record(scope, { user, email: user.email, reason: 'second factor', code: error.code });
      }
      throw error;
    }
  }

  /** @throws whatever `confirm` throws; INVALID_CREDENTIALS if the password was changed after it was compared */
  private async ask(
    scope: PlatformScope,
    user: Pick<User, 'id' | 'email'>,
    { identityProviderId, confirm }: Way,
  ): Promise<AskedSignIn> {
    const signInToken = accountSecretKinds.signIn.generate();
    const key = await this.secrets.lookupHash(signInToken.reveal());
    return this.database.platform(asUser(scope, user), async (tx) => {
      await confirm(tx);
      const { methods, passkeyOptions } = await this.factors.ask(tx, user.id, key, identityProviderId);
      const details = { email: user.email };
      await recordForUser(tx, user.id, (content) => sessionEvents.factor_asked(user.id, { ...content, details }));
      return { signInToken, methods, passkeyOptions };
    });
  }

  /** Starts the session of an identified user. @throws whatever `confirm` throws */
  private async startOf(scope: PlatformScope, user: Pick<User, 'id' | 'email'>, way: Way): Promise<StartedSession> {
    const refresh = await this.renewals.newToken();
    const session = await this.database.platform(asUser(scope, user), async (tx) => {
      await way.confirm(tx);
      // A factor that was confirmed in the meantime must not be skipped.
      if (await hasFactor(tx, user.id)) throw coreErrors.INVALID_CREDENTIALS();
      return this.insert(tx, user, refresh, way, undefined);
    });
    return this.renewals.present(session, refresh);
  }

  private async insert(
    tx: Tx,
    { id: userId, email }: Pick<User, 'id' | 'email'>,
    refresh: Awaited<ReturnType<SessionRenewals['newToken']>>,
    { identityProviderId, userAgent }: Omit<Way, 'confirm'>,
    method: FactorMethod | undefined,
  ) {
    const { sourceAddress } = tx.scope;
    const row = await this.renewals.insert(tx, userId, refresh, { sourceAddress, userAgent, identityProviderId });
    const details = {
      userId,
      email,
      ...(identityProviderId === null ? {} : { identityProviderId }),
      ...(method === undefined ? {} : { secondFactor: method }),
    };
    await recordForUser(tx, userId, (content) => sessionEvents.started(row.id, { ...content, details }));
    return row;
  }
}

const rejected = (): Error => coreErrors.INVALID_CREDENTIALS();

/** The sign-in of a session. */
type Way = Omit<ProvenSignIn, 'identityProviderId'> & { readonly identityProviderId: string | null };

const asUser = (scope: PlatformScope, { id, email }: Pick<User, 'id' | 'email'>): PlatformScope =>
  selfDeciding({ ...scope, actor: { type: 'user' as const, id, name: email } });
