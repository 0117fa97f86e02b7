import { Injectable } from '@nestjs/common';

import { In, type Tx } from '#database';
import { tenantSettingsOf } from '#tenants';

import { type CredentialState, credentialLifecycle, liveStates, stateAt } from './credential-lifecycle.js';
import { automaticSuccessorExpiry, expiredAsLast, isUnusedSuccessor } from './credential-rules.js';
import { CredentialSecrets, type CredentialWithSecret } from './credential-secrets.js';
import { Credential } from './entities.js';
import { credentialEvents } from './events.js';

/** What several use-cases of credentials do inside their transactions, under the lock of the service's row. */
@Injectable()
export class CredentialSteps {
  constructor(private readonly secrets: CredentialSecrets) {}

  /**
   * An active successor for a credential that ends as the last of its type, valid for the tenant's default lifetime.
   * @param options.automatic whether the scheduler asks for it, rather than a person who compromised the old one
   */
  async succeed(tx: Tx, credential: Credential, options: { automatic: boolean }): Promise<CredentialWithSecret> {
    const { id, serviceId, authType, name } = credential;
    const successor = await this.secrets.create(tx, {
      serviceId,
      authType,
      expiresAt: automaticSuccessorExpiry(credential, await tenantSettingsOf(tx), tx.now),
      replaces: id,
      automatic: options.automatic,
      ...(name === null ? {} : { name }),
    });
    const details = { serviceId, successor: successor.credential.id };
    tx.record(credentialEvents.succeeded(id, { credentialId: id, details }));
    recordCreation(tx, successor.credential);
    return successor;
  }

  /**
   * What the scheduler does about a last active credential that expires: it gets a successor, unless it is a successor
   * itself that no request ever used. That one is left to expire, with one alarm in the history.
   */
  async succeedAutomatically(tx: Tx, credential: Credential): Promise<void> {
    const { id, serviceId, authType, successionStoppedAt } = credential;
    if (!isUnusedSuccessor(credential)) {
      const successor = await this.succeed(tx, credential, { automatic: true });
      await tx.update(Credential, { id }, { replacedBy: successor.credential.id });
    } else if (successionStoppedAt === null) {
      await tx.note(Credential, { id }, { successionStoppedAt: tx.now });
      const details = { serviceId, authType, expiresAt: credential.expiresAt };
      tx.record(credentialEvents.succession_stopped(id, { credentialId: id, outcome: 'failed', details }));
    }
  }

  /**
   * Writes down what the clock has decided already (expiry, end of an overlap), so that the row is in the state from
   * which its next transition starts. A last active one that expired unannounced gets its successor now.
   * @throws CLOCK_NOT_CONFIRMED where it has expired only by a clock that jumped: that could never be taken back
   */
  async settle(tx: Tx, credential: Credential): Promise<CredentialState> {
    const state = stateAt(credential, tx.now);
    if (state === credential.state) return state;
    if (state === 'expired') await this.recordExpiry(tx, credential);
    else await this.recordEndOfOverlap(tx, credential);
    return state;
  }

  /** Erases the secret; the row and its fingerprint stay as history. */
  async erase(tx: Tx, credential: Credential): Promise<void> {
    const { id, serviceId, fingerprint } = credential;
    await this.settle(tx, credential);
    await tx.transition(Credential, id, credentialLifecycle.event.delete, {
      sealedSecret: null,
      inactiveSlot: null,
      deletedAt: tx.now,
      updatedAt: tx.now,
    });
    tx.record(credentialEvents.deleted(id, { credentialId: id, details: { serviceId, fingerprint } }));
  }

  private async recordExpiry(tx: Tx, credential: Credential): Promise<void> {
    const { id, serviceId, authType, expiresAt } = credential;
    tx.requireConfirmed(expiresAt ?? tx.now);
    const siblings = await tx.find(Credential, { serviceId, authType, state: In(liveStates) });
    const wasLast = expiredAsLast(credential, siblings, tx.now);
    await tx.transition(Credential, id, credentialLifecycle.event.expire, {
      inactiveSlot: null,
      overlapEndsAt: null,
      updatedAt: tx.now,
    });
    tx.record(credentialEvents.expired(id, { credentialId: id, details: { serviceId } }));
    if (!wasLast) return;
    if ((await tenantSettingsOf(tx)).onLastExpiry === 'successor' && !isUnusedSuccessor(credential)) {
      await this.succeedAutomatically(tx, credential);
    } else {
      tx.record(credentialEvents.lapsed(id, { credentialId: id, outcome: 'failed', details: { serviceId, authType } }));
    }
  }

  private async recordEndOfOverlap(tx: Tx, credential: Credential): Promise<void> {
    const { id, serviceId } = credential;
    await tx.transition(Credential, id, credentialLifecycle.event.discard, {
      overlapEndsAt: null,
      discardedAt: credential.overlapEndsAt ?? tx.now,
      inactiveSlot: slotOf(credential),
      updatedAt: tx.now,
    });
    tx.record(credentialEvents.overlap_ended(id, { credentialId: id, details: { serviceId } }));
  }
}

/** The one place that inactive credentials of a service and type share. */
export const slotOf = ({ serviceId, authType }: Credential): string => `${serviceId}:${authType}`;

export function recordCreation(tx: Tx, credential: Credential): void {
  const { id, serviceId, authType, fingerprint, expiresAt } = credential;
  tx.record(credentialEvents.created(id, { credentialId: id, after: { serviceId, authType, fingerprint, expiresAt } }));
}
