import type { EventFactory } from '#core';
import { In, type Tx, type View } from '#database';
import { reportCompromise } from '#keys';
import type { RevocationReason } from '#pki';

import type { Crls } from './crls.service.js';
import { Certificate } from './entities.js';
import { certificateEvents } from './events.js';
import { certificateLifecycle, certificateStateAt } from './lifecycle.js';

/** The changes of a certificate's status that relying parties learn of from the CRL and OCSP. */
export type StatusChange = 'hold' | 'release' | 'revoke' | 'compromise';

const EVENTS: Readonly<Record<StatusChange, EventFactory>> = {
  hold: certificateEvents.held,
  release: certificateEvents.released,
  revoke: certificateEvents.revoked,
  compromise: certificateEvents.reason_changed,
};

/** A step on a locked row: the transition, the CRL that is due, and the event. */
export async function changeStatus(
  tx: Tx,
  crls: Crls,
  before: Certificate,
  change: StatusChange,
  set: Partial<Pick<Certificate, 'revocationReason' | 'revokedAt'>>,
): Promise<void> {
  const { id, kid, caId, serialNumber, revocationReason: previousReason } = before;
  await tx.transition(Certificate, id, certificateLifecycle.event[change], { ...set, updatedAt: tx.now });
  await crls.markStale(tx, caId);
  const { revocationReason: reason } = set;
  const from = certificateStateAt(before, tx.now);
  const details = { from, serialNumber, ...(reason ? { reason } : {}) };
  tx.record(EVENTS[change](id, { kid, details: change === 'compromise' ? { ...details, previousReason } : details }));
}

/** A step: what was never finished is revoked, so that its signature is not accepted should it turn up. */
export async function abandon(
  tx: Tx,
  crls: Crls,
  id: string,
  revocationReason: RevocationReason = 'cessationOfOperation',
): Promise<void> {
  const row = await tx.lock(Certificate, { id });
  if (row.state !== 'issuing') return tx.housekeeping('it was finished or abandoned already');
  await tx.transition(Certificate, id, certificateLifecycle.event.abandon, {
    revocationReason,
    revokedAt: tx.now,
    updatedAt: tx.now,
  });
  await crls.markStale(tx, row.caId);
  tx.record(certificateEvents.abandoned(id, { kid: row.kid, details: { serialNumber: row.serialNumber } }));
}

const ofKey = (publicKeyHash: string) => ({ publicKeyHash, state: In(['issuing', 'active', 'held', 'expired']) });

/** A step: the tenant's certificates of a key that are not revoked yet, oldest first. */
export const unrevokedCertificatesOf = (view: View, publicKeyHash: string): Promise<Certificate[]> =>
  view.find(Certificate, ofKey(publicKeyHash), { order: { id: 'ASC' } });

/**
 * A step: reports a key as compromised and revokes the tenant's certificates of it (CA/B Forum BR §4.9.1.1). The report
 * comes first: an issuance that is under way meanwhile either waits for it and ends, or its row is found here.
 */
export async function revokeCertificatesOf(tx: Tx, crls: Crls, publicKeyHash: string): Promise<void> {
  await reportCompromise(tx, publicKeyHash);
  for (const { id } of await unrevokedCertificatesOf(tx, publicKeyHash)) {
    const certificate = await tx.lock(Certificate, { id });
    if (certificate.state === 'issuing') await abandon(tx, crls, id, 'keyCompromise');
    else if (certificate.state !== 'revoked') {
      await changeStatus(tx, crls, certificate, 'revoke', { revocationReason: 'keyCompromise', revokedAt: tx.now });
    }
  }
}
