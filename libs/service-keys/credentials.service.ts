import { Injectable } from '@nestjs/common';

import {
  type EpochMilliseconds,
  SECOND,
  type Secret,
  type TenantScope,
  coreErrors,
  definedMembers,
  platformScope,
} from '#core';
import { type Committed, Database, type SeenVersions, type Tx, requireVersion } from '#database';
import { Users, raiseConfigVersion, tenantSettingsOf } from '#tenants';

import type { AuthType } from './auth-types.js';
import {
  type CredentialAction,
  type RefusalCode,
  leavesNoneActive,
  occupiesInactiveSlot,
  refusalOf,
  refusalOfCreation,
  successorExpiry,
} from './credential-rules.js';
import { CredentialSecrets, type CredentialWithSecret, requireFuture } from './credential-secrets.js';
import {
  type CredentialSituation,
  type EffectiveCredential,
  effective,
  readSituation,
} from './credential-situation.js';
import { CredentialSteps, liveCredentialsOf, recordCreation } from './credential-steps.js';
import { Credential, Service } from './entities.js';
import { credentialErrors } from './errors.js';
import { credentialEvents } from './events.js';
import { type CredentialState, credentialLifecycle, slotOf, stateAt } from './lifecycle.js';

interface CredentialRequest {
  readonly authType: AuthType;
  readonly name?: string | undefined;
  readonly expiresAt?: EpochMilliseconds | null | undefined;
}

export interface Regeneration {
  readonly overlapSeconds?: number | undefined;
  readonly expiresAt?: EpochMilliseconds | null | undefined;
  /** Deletes the inactive credential of the type first, which needs the caller's password. */
  readonly deleteInactive?: boolean | undefined;
  readonly password?: string | undefined;
}

export interface Regenerated extends CredentialWithSecret {
  readonly overlapEndsAt: EpochMilliseconds;
}

export interface Compromised {
  readonly credential: Credential;
  /** Made where the last active one was compromised. */
  readonly successor: CredentialWithSecret | undefined;
}

/** What an action would do, without doing it. */
export interface CredentialDryRun {
  readonly allowed: boolean;
  readonly code: RefusalCode | undefined;
  readonly impact: {
    readonly state: CredentialState;
    readonly activeAfter: number;
    readonly inactiveAfter: number;
    readonly successor: boolean;
    readonly lastUsedAt: EpochMilliseconds | null;
  };
}

const { event, rejection } = credentialLifecycle;

const CODES: Record<RefusalCode, () => Error> = {
  ...credentialErrors,
  WRONG_STATE: coreErrors.WRONG_STATE,
};

/**
 * The lifecycle of credentials. Every action locks the service's row first, reads its credentials again, asks the rules
 * and writes: so the rules hold under any interleaving, on any number of instances.
 */
@Injectable()
export class Credentials {
  constructor(
    private readonly database: Database,
    private readonly secrets: CredentialSecrets,
    private readonly steps: CredentialSteps,
    private readonly users: Users,
  ) {}

  /** @throws NOT_FOUND */
  async get(scope: TenantScope, serviceId: string, credentialId: string): Promise<EffectiveCredential> {
    return this.database.read(scope, async (view) =>
      effective(await readSituation(view, serviceId, credentialId), scope),
    );
  }

  /** @throws NOT_FOUND, CREDENTIAL_LIMIT_REACHED, VALIDATION_ERROR */
  async create(
    scope: TenantScope,
    serviceId: string,
    request: CredentialRequest,
  ): Promise<Committed<CredentialWithSecret>> {
    return this.database.transaction(scope, async (tx) => {
      await tx.lock(Service, { id: serviceId, state: 'active' });
      const existing = await liveCredentialsOf(tx, { serviceId, authType: request.authType });
      const refusal = refusalOfCreation(existing, await tenantSettingsOf(tx), tx.now);
      if (refusal) throw CODES[refusal]();
      const created = await this.secrets.create(tx, { serviceId, ...request });
      await raiseConfigVersion(tx);
      recordCreation(tx, created.credential);
      return created;
    });
  }

  /**
   * The secret, once its event is durable.
   * @throws NOT_FOUND, WRONG_STATE, NOT_REVEALABLE
   */
  async reveal(scope: TenantScope, serviceId: string, credentialId: string): Promise<Secret> {
    return this.change(scope, serviceId, credentialId, 'reveal', undefined, async (tx, { credential }) => {
      const secret = await this.secrets.open(tx, credential);
      await tx.update(Credential, { id: credentialId }, { revealedAt: tx.now });
      tx.record(credentialEvents.revealed(credentialId, { credentialId, details: { serviceId } }));
      return secret;
    });
  }

  /** @throws NOT_FOUND, WRONG_STATE, LAST_ACTIVE_CREDENTIAL, INACTIVE_CREDENTIAL_EXISTS, PRECONDITION_FAILED */
  async discard(
    scope: TenantScope,
    serviceId: string,
    credentialId: string,
    ifMatch?: SeenVersions,
  ): Promise<Committed<EffectiveCredential>> {
    return this.change(scope, serviceId, credentialId, 'discard', ifMatch, async (tx, { credential }) => {
      await tx.transition(Credential, credential, event.discard);
      return effective(await readSituation(tx, serviceId, credentialId), scope);
    });
  }

  /** @throws NOT_FOUND, WRONG_STATE, PRECONDITION_FAILED */
  async reactivate(
    scope: TenantScope,
    serviceId: string,
    credentialId: string,
    ifMatch?: SeenVersions,
  ): Promise<Committed<EffectiveCredential>> {
    return this.change(scope, serviceId, credentialId, 'reactivate', ifMatch, async (tx, { credential }) => {
      await tx.transition(Credential, await this.steps.applyDue(tx, credential), event.reactivate);
      return effective(await readSituation(tx, serviceId, credentialId), scope);
    });
  }

  /**
   * Creates a successor; the old credential is discarded when the overlap ends (rule 5). The password, where one is
   * needed, is checked before anything is locked.
   * @throws NOT_FOUND, WRONG_STATE, INACTIVE_CREDENTIAL_EXISTS, CREDENTIAL_LIMIT_REACHED, VALIDATION_ERROR,
   * PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS
   */
  async regenerate(
    scope: TenantScope,
    serviceId: string,
    credentialId: string,
    request: Regeneration,
    ifMatch?: SeenVersions,
  ): Promise<Committed<Regenerated>> {
    if (request.deleteInactive) await this.users.confirm(platformScope(scope), 'resource', request.password);
    return this.database.transaction(scope, (tx) => this.regenerateIn(tx, serviceId, credentialId, request, ifMatch));
  }

  /** A step: erases the inactive credential that occupies the place which the old one is about to take. */
  private async deleteInactiveSibling(tx: Tx, serviceId: string, credentialId: string): Promise<void> {
    await tx.lock(Service, { id: serviceId, state: 'active' });
    const { siblings } = await readSituation(tx, serviceId, credentialId);
    for (const sibling of siblings) {
      if (stateAt(sibling, tx.now) === 'inactive') await this.steps.erase(tx, sibling);
    }
  }

  /** A step: `regenerate` inside a transaction that does more; that the caller may delete is confirmed before. */
  async regenerateIn(
    tx: Tx,
    serviceId: string,
    credentialId: string,
    request: Omit<Regeneration, 'password'>,
    ifMatch?: SeenVersions,
  ): Promise<Regenerated> {
    if (request.deleteInactive) await this.deleteInactiveSibling(tx, serviceId, credentialId);
    return this.changeIn(tx, serviceId, credentialId, 'regenerate', ifMatch, async ({ credential }) => {
      const { now } = tx;
      const expiresAt = request.expiresAt === undefined ? successorExpiry(credential, now) : request.expiresAt;
      const successor = await this.secrets.create(tx, {
        serviceId,
        authType: credential.authType,
        expiresAt,
        replaces: credentialId,
        ...(credential.name === null ? {} : { name: credential.name }),
      });
      const overlapEndsAt = Math.min(
        now + (request.overlapSeconds ?? 0) * SECOND,
        credential.expiresAt ?? Number.MAX_SAFE_INTEGER,
      );
      const replacedBy = successor.credential.id;
      const details = { serviceId, successor: replacedBy, overlapEndsAt };
      if (overlapEndsAt > now) {
        const set = { replacedBy, overlapEndsAt, inactiveSlot: slotOf(credential), updatedAt: now };
        await tx.update(Credential, { id: credentialId }, set);
        tx.record(credentialEvents.regenerated(credentialId, { credentialId, details }));
      } else {
        await tx.transition(Credential, credential, event.replace, { set: { replacedBy }, content: { details } });
      }
      recordCreation(tx, successor.credential);
      return { ...successor, overlapEndsAt };
    });
  }

  /**
   * Marks the credential as compromised. The last active one gets a successor in the same transaction.
   * @throws NOT_FOUND, WRONG_STATE
   */
  async compromise(
    scope: TenantScope,
    serviceId: string,
    credentialId: string,
    reason: string | undefined,
    ifMatch?: SeenVersions,
  ): Promise<Committed<Compromised>> {
    return this.database.transaction(scope, (tx) => this.compromiseIn(tx, serviceId, credentialId, reason, ifMatch));
  }

  /** A step: `compromise` inside a transaction that does more. */
  async compromiseIn(
    tx: Tx,
    serviceId: string,
    credentialId: string,
    reason: string | undefined,
    ifMatch?: SeenVersions,
  ): Promise<Compromised> {
    return this.changeIn(tx, serviceId, credentialId, 'compromise', ifMatch, async (situation) => {
      const { credential } = situation;
      const successor = leavesNoneActive(situation)
        ? await this.steps.succeed(tx, credential, { automatic: false })
        : undefined;
      const compromised = await tx.transition(Credential, credential, event.compromise, {
        set: successor ? { replacedBy: successor.credential.id } : {},
        content: { details: reason === undefined ? {} : { reason } },
      });
      return { credential: compromised, successor };
    });
  }

  /** @throws NOT_FOUND, WRONG_STATE, VALIDATION_ERROR, PRECONDITION_FAILED */
  async update(
    scope: TenantScope,
    serviceId: string,
    credentialId: string,
    change: { name?: string | null | undefined; expiresAt?: EpochMilliseconds | null | undefined },
    ifMatch?: SeenVersions,
  ): Promise<EffectiveCredential> {
    await this.change(scope, serviceId, credentialId, 'update', ifMatch, async (tx, { credential }) => {
      if (change.expiresAt !== undefined && change.expiresAt !== null) requireFuture(change.expiresAt, tx.now);
      const set = definedMembers(change);
      await tx.update(Credential, { id: credentialId }, { ...set, updatedAt: tx.now });
      const { name, expiresAt } = credential;
      tx.record(
        credentialEvents.changed(credentialId, {
          credentialId,
          before: { name, expiresAt },
          after: { name, expiresAt, ...set },
        }),
      );
    });
    return this.get(scope, serviceId, credentialId);
  }

  /**
   * Erases the secret; the row and its fingerprint stay as history. The password is checked before anything is locked.
   * @throws NOT_FOUND, WRONG_STATE, PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS
   */
  async delete(
    scope: TenantScope,
    serviceId: string,
    credentialId: string,
    password: string | undefined,
    ifMatch?: SeenVersions,
  ): Promise<void> {
    requireAllowed('delete', await this.situationOf(scope, serviceId, credentialId));
    await this.users.confirm(platformScope(scope), 'resource', password);
    await this.change(scope, serviceId, credentialId, 'delete', ifMatch, async (tx, { credential }) => {
      await this.steps.erase(tx, credential);
    });
  }

  /** What `action` would do now; changes nothing, and asks for no password. @throws NOT_FOUND */
  async dryRun(
    scope: TenantScope,
    serviceId: string,
    credentialId: string,
    action: Extract<CredentialAction, 'discard' | 'compromise' | 'delete'>,
  ): Promise<CredentialDryRun> {
    const situation = await this.situationOf(scope, serviceId, credentialId);
    const { credential, siblings, now } = situation;
    const code = refusalOf(action, situation);
    const successor = code === undefined && action === 'compromise' && leavesNoneActive(situation);
    const active = siblings.filter((sibling) => stateAt(sibling, now) === 'active').length;
    const inactive = siblings.filter((sibling) => stateAt(sibling, now) === 'inactive').length;
    const own = code === undefined ? event[action].to : stateAt(credential, now);
    return {
      allowed: code === undefined,
      code,
      impact: {
        state: own,
        activeAfter: active + (own === 'active' || successor ? 1 : 0),
        inactiveAfter: inactive + (own === 'inactive' ? 1 : 0),
        successor,
        lastUsedAt: credential.lastUsedAt,
      },
    };
  }

  /** One action in a transaction of its own. */
  private async change<T>(
    scope: TenantScope,
    serviceId: string,
    credentialId: string,
    action: CredentialAction,
    ifMatch: SeenVersions | undefined,
    work: (tx: Tx, situation: CredentialSituation) => Promise<T>,
  ): Promise<Committed<T>> {
    return this.database.transaction(scope, (tx) =>
      this.changeIn(tx, serviceId, credentialId, action, ifMatch, (situation) => work(tx, situation)),
    );
  }

  /** The frame of every action: lock, read, check, do. */
  private async changeIn<T>(
    tx: Tx,
    serviceId: string,
    credentialId: string,
    action: CredentialAction,
    ifMatch: SeenVersions | undefined,
    work: (situation: CredentialSituation) => Promise<T>,
  ): Promise<T> {
    await tx.lock(Service, { id: serviceId, state: 'active' });
    const situation = await readSituation(tx, serviceId, credentialId);
    requireVersion(situation.credential, ifMatch);
    requireAllowed(action, situation);
    // Siblings whose slot the clock has freed hold it in their rows until this is written down.
    for (const sibling of situation.siblings) {
      if (sibling.inactiveSlot !== null && !occupiesInactiveSlot(sibling, tx.now))
        await this.steps.applyDue(tx, sibling);
    }
    const result = await work(situation);
    await raiseConfigVersion(tx);
    return result;
  }

  private situationOf(scope: TenantScope, serviceId: string, credentialId: string): Promise<CredentialSituation> {
    return this.database.read(scope, (view) => readSituation(view, serviceId, credentialId));
  }
}

/** @throws by the rules of credentials */
function requireAllowed(action: CredentialAction, situation: CredentialSituation): void {
  const refusal = refusalOf(action, situation);
  if (refusal === undefined) return;
  const isEvent = action === 'discard' || action === 'reactivate' || action === 'compromise' || action === 'delete';
  if (refusal !== 'WRONG_STATE' || !isEvent) throw CODES[refusal]();
  throw rejection(stateAt(situation.credential, situation.now), action);
}
