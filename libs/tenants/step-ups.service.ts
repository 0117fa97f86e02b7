import { Injectable } from '@nestjs/common';

import { type EpochMilliseconds, type PlatformScope, SECOND, coreErrors } from '#core';
import { Database, type Tx } from '#database';
import { type FactorMethod, type FactorProof, Factors, factorErrors } from '#factors';

import { AccountSecrets } from './account-secrets.js';
import { User } from './entities.js';
import { sessionEvents } from './events.js';
import { FactorGuard } from './factor-guard.js';
import { RefusedPasswords, isRefusedPassword } from './refused-passwords.service.js';
import { STEP_UP_TTL, SessionTokens, type StepUpStrength } from './session-tokens.js';
import { recordForUser } from './user-histories.js';
import { Users } from './users.service.js';

/** A token that replaces the password in requests of one session for a short time. */
export interface StepUpToken {
  readonly stepUpToken: string;
  readonly expiresInSeconds: number;
}

/** Step-ups: a fresh proof by a user who is signed in, by password or second factor, valid for several requests. */
@Injectable()
export class StepUps {
  constructor(
    private readonly database: Database,
    private readonly users: Users,
    private readonly factors: Factors,
    private readonly guard: FactorGuard,
    private readonly secrets: AccountSecrets,
    private readonly tokens: SessionTokens,
    private readonly refusals: RefusedPasswords,
  ) {}

  /** The challenge that a passkey of the user must sign for this session. @throws SECOND_FACTOR_REQUIRED if the user has none */
  async ask(scope: PlatformScope): Promise<Awaited<ReturnType<Factors['ask']>>> {
    const key = await this.keyOf(scope);
    return this.database.platform(scope, async (tx) => {
      tx.housekeeping('a question for a second factor; its answer is an event');
      const { id } = await tx.installation.lock(User, { id: scope.actor.id });
      if ((await this.factors.of(tx, id)).length === 0) throw factorErrors.SECOND_FACTOR_REQUIRED();
      return this.factors.ask(tx, id, key);
    });
  }

  /** @throws PASSWORD_INVALID, TOO_MANY_ATTEMPTS, BUSY */
  async byPassword(scope: PlatformScope, password: string): Promise<StepUpToken> {
    await this.users.comparePassword(scope, password);
    const now = await this.database.platform(scope, (tx) => this.record(tx, 'password'));
    return this.present(scope, 'password', now);
  }

  /** A step-up by a new sign-in at an identity provider, which the caller has verified. */
  async byProvider(scope: PlatformScope): Promise<StepUpToken> {
    const now = await this.database.platform(scope, (tx) => this.record(tx, 'identity_provider'));
    return this.present(scope, 'identity_provider', now);
  }

  /** @throws FACTOR_INVALID, TOO_MANY_ATTEMPTS */
  async byFactor(scope: PlatformScope, proof: FactorProof): Promise<StepUpToken> {
    const key = await this.keyOf(scope);
    try {
      const now = await this.database.platform(scope, async (tx) => {
        const { id } = await tx.installation.lock(User, { id: scope.actor.id });
        const method = await this.guard.verify(tx, id, proof, key);
        if (method !== undefined) return this.record(tx, method);
        tx.housekeeping('counters of second factors; what is rejected is recorded apart');
        return undefined;
      });
      if (now === undefined) throw factorErrors.FACTOR_INVALID();
      return this.present(scope, 'factor', now);
    } catch (error) {
      if (isRefusedPassword(error, factorErrors.FACTOR_INVALID)) {
        const { id, name: email } = scope.actor;
        await this.refusals.record(scope, { user: { id }, email, reason: 'second factor', code: error.code });
      }
      throw error;
    }
  }

  private async record(tx: Tx, method: FactorMethod | 'password' | 'identity_provider'): Promise<EpochMilliseconds> {
    const { id: userId, name: email } = tx.scope.actor;
    const sessionId = sessionOf(tx.scope);
    await recordForUser(tx, userId, (content) =>
      sessionEvents.stepped_up(sessionId, { ...content, details: { userId, email, method } }),
    );
    return tx.now;
  }

  private present(scope: PlatformScope, strength: StepUpStrength, now: EpochMilliseconds): StepUpToken {
    const stepUpToken = this.tokens.signStepUp(sessionOf(scope), strength, now);
    return { stepUpToken, expiresInSeconds: STEP_UP_TTL / SECOND };
  }

  private keyOf(scope: PlatformScope): Promise<string> {
    return this.secrets.lookupHash(`step-up ${sessionOf(scope)}`);
  }
}

/** @throws FORBIDDEN for a caller without a session */
function sessionOf({ evidence }: Pick<PlatformScope, 'evidence'>): string {
  if (evidence?.kind !== 'session') throw coreErrors.FORBIDDEN('Only a signed-in user can step up');
  return evidence.sessionId;
}
