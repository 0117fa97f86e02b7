import { Injectable } from '@nestjs/common';

import { type Json, type PlatformScope, type TenantScope, platformScope } from '#core';
import { Database } from '#database';
import { type BegunFactor, type FactorKindName, Factors, factorEvents } from '#factors';

import { Member, User } from './entities.js';
import { accountErrors } from './errors.js';
import { endSessions } from './session-ending.js';
import { recordForUser } from './user-histories.js';
import { Users } from './users.service.js';

type Factor = Awaited<ReturnType<Factors['confirm']>>;

/** A confirmed factor. The first one comes with recovery codes, which only this response contains. */
export interface ConfirmedFactor {
  readonly factor: Factor;
  readonly recoveryCodes: readonly string[] | undefined;
}

/** Manages the second factors of users, and resets lost ones. */
@Injectable()
export class SecondFactors {
  constructor(
    private readonly database: Database,
    private readonly factors: Factors,
    private readonly users: Users,
  ) {}

  async list(scope: PlatformScope): Promise<{ factors: readonly Factor[]; recoveryCodesLeft: number }> {
    const { id } = scope.actor;
    return this.database.readPlatform(scope, async (view) => ({
      factors: await this.factors.of(view, id),
      recoveryCodesLeft: await this.factors.recoveryCodesLeft(view, id),
    }));
  }

  /**
   * Creates a factor, which is used only after it is confirmed.
   * @throws FACTOR_LIMIT_REACHED, PASSKEYS_UNAVAILABLE, and what `Users.confirm` throws
   */
  async begin(
    scope: PlatformScope,
    { kind, name }: { readonly kind: FactorKindName; readonly name: string },
    password: string | undefined,
  ): Promise<BegunFactor> {
    await this.users.confirm(scope, 'account', password);
    return this.database.platform(scope, async (tx) => {
      tx.housekeeping('an enrolment that is not confirmed yet');
      const { id: userId, email } = await tx.installation.lock(User, { id: scope.actor.id });
      return this.factors.begin(tx, { userId, email }, kind, name);
    });
  }

  /** Confirms a factor by its first proof. @throws NOT_FOUND, FACTOR_INVALID */
  async confirm(scope: PlatformScope, factorId: string, answer: Json): Promise<ConfirmedFactor> {
    const codes = await this.factors.newRecoveryCodes();
    return this.database.platform(scope, async (tx) => {
      const { id: userId } = await tx.installation.lock(User, { id: scope.actor.id });
      const isFirst = (await this.factors.of(tx, userId)).length === 0;
      const factor = await this.factors.confirm(tx, userId, factorId, answer);
      if (isFirst) await this.factors.storeRecoveryCodes(tx, userId, codes);
      const details = { kind: factor.kind, name: factor.name, userId };
      await recordForUser(tx, userId, (content) => factorEvents.enrolled(factor.id, { ...content, details }));
      return { factor, recoveryCodes: isFirst ? codes.codes : undefined };
    });
  }

  /** @throws NOT_FOUND, and what `Users.confirm` throws */
  async remove(scope: PlatformScope, factorId: string, password: string | undefined): Promise<void> {
    await this.users.confirm(scope, 'account', password);
    await this.database.platform(scope, async (tx) => {
      const { id: userId } = await tx.installation.lock(User, { id: scope.actor.id });
      const { kind, name } = await this.factors.remove(tx, userId, factorId);
      const details = { kind, name, userId };
      await recordForUser(tx, userId, (content) => factorEvents.removed(factorId, { ...content, details }));
    });
  }

  /** Replaces the recovery codes. @throws what `Users.confirm` throws */
  async renewRecoveryCodes(scope: PlatformScope, password: string | undefined): Promise<readonly string[]> {
    await this.users.confirm(scope, 'account', password);
    const codes = await this.factors.newRecoveryCodes();
    await this.database.platform(scope, async (tx) => {
      const { id: userId } = await tx.installation.lock(User, { id: scope.actor.id });
      await this.factors.storeRecoveryCodes(tx, userId, codes);
      await recordForUser(tx, userId, (content) => factorEvents.recovery_codes_made(userId, content));
    });
    return codes.codes;
  }

  /**
   * An owner resets the factors of a member whose account only this tenant knows. An owner with a factor must use it:
   * otherwise a password would suffice to remove one's own factor.
   * @throws NOT_FOUND, ACCOUNT_NOT_OF_TENANT, and what `Users.confirm` throws
   */
  async resetOfMember(scope: TenantScope, userId: string, password: string | undefined): Promise<void> {
    await this.users.confirm(platformScope(scope), 'account', password);
    await this.database.transaction(scope, async (tx) => {
      await tx.get(Member, { userId });
      const user = await tx.installation.lock(User, { id: userId });
      if (user.knownIn !== scope.tenantId) throw accountErrors.ACCOUNT_NOT_OF_TENANT();
      await this.factors.clear(tx, userId);
      await endSessions(tx, { userId });
      tx.record(factorEvents.reset(userId));
    });
  }

  /** A platform administrator resets the factors of any account. @throws NOT_FOUND, and what `Users.confirm` throws */
  async reset(scope: PlatformScope, userId: string, password: string | undefined): Promise<void> {
    await this.users.confirm(scope, 'account', password);
    await this.database.platform(scope, async (tx) => {
      await tx.installation.lock(User, { id: userId });
      await this.factors.clear(tx, userId);
      await endSessions(tx, { userId });
      await recordForUser(tx, userId, (content) => factorEvents.reset(userId, content));
    });
  }
}
