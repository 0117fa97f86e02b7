import { Injectable } from '@nestjs/common';

import { In, type Tx } from '#database';
import { tenantSettingsOf } from '#tenants';

import { type CredentialState, credentialLifecycle, liveStates, stateAt } from './credential-lifecycle.js';
import { expiredAsLast, successorExpiry } from './credential-rules.js';
import { CredentialSecrets, type CredentialWithSecret } from './credential-secrets.js';
import { Credential } from './entities.js';
import { credentialEvents } from './events.js';

/** What several use-cases of credentials do inside their transactions, under the lock of the service's row. */
@Injectable()
export class CredentialSteps {
  constructor(private readonly secrets: CredentialSecrets) {}

  /** An active successor for a credential that ends as the last of its type. */
  async succeed(tx: Tx, credential: Credential): Promise<CredentialWithSecret> {
    const { id, serviceId, authType, name } = credential;
    const successor = await this.secrets.create(tx, {
      serviceId,
      authType,
      expiresAt: successorExpiry(credential, tx.now),
      replaces: id,
      ...(name === null ? {} : { name }),
    });
    const details = { serviceId, successor: successor.credential.id };
    tx.record(credentialEvents.succeeded(id, { credentialId: id, details }));
    recordCreation(tx, successor.credential);
    return successor;
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
    if ((await tenantSettingsOf(tx)).onLastExpiry === 'successor') {
      const successor = await this.succeed(tx, credential);
      await tx.update(Credential, { id }, { replacedBy: successor.credential.id });
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
