import { In, type Tx, type View } from '#database';
import type { RevocationReason } from '#pki';

import type { Crls } from './crls.service.js';
import { Certificate } from './entities.js';
import { certificateLifecycle, certificateStateAt, unrevokedStates } from './lifecycle.js';

/** Changes of the status of a certificate, which the CRL and OCSP publish. */
type StatusChange = 'hold' | 'release' | 'revoke' | 'compromise';

/**
 * A step on a locked row: the transition, after which a new CRL is due.
 * @returns whether anything changed: the lifecycle accepts some repetitions
 * @throws WRONG_STATE
 */
export async function changeStatus(
  tx: Tx,
  crls: Crls,
  before: Certificate,
  change: StatusChange,
  set: { readonly revocationReason?: RevocationReason } = {},
): Promise<boolean> {
  const { caId, revocationReason: previousReason } = before;
  const details = {
    from: certificateStateAt(before, tx.now),
    ...(change === 'compromise' ? { previousReason } : {}),
  };
  const content = { details };
  const after = await tx.transition(Certificate, before, certificateLifecycle.event[change], { set, content });
  if (after === before) return false;
  await crls.markStale(tx, caId);
  return true;
}

/** A step: revokes an unfinished issuance, so that its signature is not accepted if it appears later. */
export async function abandon(tx: Tx, crls: Crls, id: string, revocationReason?: RevocationReason): Promise<void> {
  const row = await tx.lock(Certificate, { id });
  if (row.state !== 'issuing') return tx.housekeeping('it was finished or abandoned already');
  const set = revocationReason === undefined ? {} : { revocationReason };
  await tx.transition(Certificate, row, certificateLifecycle.event.abandon, { set });
  await crls.markStale(tx, row.caId);
}

const ofKey = (publicKeyHash: string) => ({ publicKeyHash, state: In(unrevokedStates) });

/** A step: the tenant's certificates of a key that are not revoked yet, oldest first. */
export const unrevokedCertificatesOf = (view: View, publicKeyHash: string): Promise<Certificate[]> =>
  view.find(Certificate, ofKey(publicKeyHash), { order: { id: 'ASC' } });

/**
 * A step, after a key was reported as compromised: revokes the tenant's certificates with it (CA/B Forum BR §4.9.1.1). A
 * concurrent issuance either waits for the report and fails, or its row is found here.
 */
export async function revokeCertificatesOf(tx: Tx, crls: Crls, publicKeyHash: string): Promise<void> {
  for (const { id } of await unrevokedCertificatesOf(tx, publicKeyHash)) {
    const certificate = await tx.lock(Certificate, { id });
    if (certificate.state === 'issuing') await abandon(tx, crls, id, 'keyCompromise');
    else if (certificate.state !== 'revoked') {
      await changeStatus(tx, crls, certificate, 'revoke', { revocationReason: 'keyCompromise' });
    }
  }
}
