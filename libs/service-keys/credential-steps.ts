import { Injectable } from '@nestjs/common';

import { Notices } from '#contacts';
import { In, type Tx, type View } from '#database';
import { tenantSettingsOf } from '#tenants';

import { credentialLifecycle, stateAt } from './lifecycle.js';
import { automaticSuccessorExpiry, expiredAsLast, isUnusedSuccessor } from './credential-rules.js';
import { CredentialSecrets, type CredentialWithSecret } from './credential-secrets.js';
import { successionNotice } from './credential-notices.js';
import { Credential, Service } from './entities.js';
import { credentialEvents } from './events.js';

/** What several use-cases of credentials do inside their transactions, under the lock of the service's row. */
@Injectable()
export class CredentialSteps {
  constructor(
    private readonly secrets: CredentialSecrets,
    private readonly notices: Notices,
  ) {}

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
      const subject = { tenantId: credential.tenantId, contactsOf: [serviceId] };
      const service = await tx.get(Service, { id: serviceId });
      await this.notices.tell(tx, subject, successionNotice(credential, successor.credential, service));
    } else if (successionStoppedAt === null) {
      await tx.note(Credential, { id }, { successionStoppedAt: tx.now });
      const details = { serviceId, authType, expiresAt: credential.expiresAt };
      tx.record(credentialEvents.succession_stopped(id, { credentialId: id, outcome: 'failed', details }));
    }
  }

  /**
   * Records what the clock has decided already (expiry, end of an overlap), so that the row is in the state from which
   * its next transition starts. A last active one that expired unannounced gets its successor now.
   * @throws CLOCK_NOT_CONFIRMED where it has expired only by a clock that jumped: that could never be taken back
   */
  async applyDue(tx: Tx, credential: Credential): Promise<Credential> {
    const { expiresAt } = credential;
    const expires = stateAt(credential, tx.now) === 'expired' && credential.state !== 'expired';
    if (!expires) return tx.applyDue(Credential, credential);
    tx.requireConfirmed(expiresAt ?? tx.now);
    const wasLast = expiredAsLast(credential, await liveCredentialsOf(tx, credential), tx.now);
    const expired = await tx.applyDue(Credential, credential);
    if (wasLast) await this.afterLastExpiry(tx, credential);
    return expired;
  }

  /** Erases the secret; the row and its fingerprint stay as history. */
  async erase(tx: Tx, credential: Credential): Promise<void> {
    await tx.transition(Credential, await this.applyDue(tx, credential), credentialLifecycle.event.delete);
  }

  private async afterLastExpiry(tx: Tx, credential: Credential): Promise<void> {
    const { id, serviceId, authType } = credential;
    if ((await tenantSettingsOf(tx)).onLastExpiry === 'successor' && !isUnusedSuccessor(credential)) {
      await this.succeedAutomatically(tx, credential);
    } else {
      tx.record(credentialEvents.lapsed(id, { credentialId: id, outcome: 'failed', details: { serviceId, authType } }));
    }
  }
}

/** A step: the live credentials of the same service and type. */
export const liveCredentialsOf = (
  view: View,
  { serviceId, authType }: Pick<Credential, 'serviceId' | 'authType'>,
): Promise<Credential[]> => view.find(Credential, { serviceId, authType, state: In([...credentialLifecycle.live]) });

export function recordCreation(tx: Tx, credential: Credential): void {
  const { id, serviceId, authType, name, fingerprint, expiresAt, replaces } = credential;
  const after = { serviceId, authType, name, fingerprint, expiresAt, replaces };
  tx.record(credentialEvents.created(id, { credentialId: id, after }));
}
