import { In, type Tx, type View } from '#database';
import { releaseObjects } from '#key-stores';
import { type RevocationReason, replacesReason } from '#pki';
import { raiseConfigVersion } from '#tenants';

import type { Crls } from './crls.service.js';
import { Certificate, CertificateAuthority } from './entities.js';
import { authorityLifecycle, certificateLifecycle, certificateStateAt } from './lifecycle.js';

const DEPTH_MAX = 10;
const { authority_revoked } = certificateLifecycle.event;

/** A step: the ids of the authorities that `revokeAuthoritiesOf` would change, and of those below them. */
export async function authoritiesToRevoke(view: View, publicKeyHash: string): Promise<string[]> {
  const ids = new Set<string>();
  for (const top of await view.find(CertificateAuthority, { publicKeyHash }, { order: { id: 'ASC' } })) {
    for (const { id } of await changedWith(view, top, 'keyCompromise')) ids.add(id);
  }
  return [...ids];
}

/** The authorities that a revocation for the reason would change. */
export async function changedWith(
  view: View,
  top: CertificateAuthority,
  reason: RevocationReason,
): Promise<CertificateAuthority[]> {
  if (top.state === 'revoked') return replacesReason(reason, top.revocationReason) ? [top] : [];
  return (await descendantsOf(view, top)).filter(({ state }) => state !== 'revoked');
}

/** A step: revokes the tenant's authorities that have a key which was reported as compromised. */
export async function revokeAuthoritiesOf(tx: Tx, crls: Crls, publicKeyHash: string): Promise<void> {
  for (const { id, revocationReason } of await tx.find(
    CertificateAuthority,
    { publicKeyHash },
    { order: { id: 'ASC' } },
  )) {
    // It says already that the key of an authority is compromised (RFC 5280 §5.3.1).
    if (revocationReason === 'cACompromise') continue;
    await revokeWithDescendants(tx, crls, await tx.lock(CertificateAuthority, { id }), 'keyCompromise');
  }
}

/** A step on a locked authority. @returns whether anything changed */
export async function revokeWithDescendants(
  tx: Tx,
  crls: Crls,
  top: CertificateAuthority,
  reason: RevocationReason,
): Promise<boolean> {
  if (top.state === 'revoked') {
    const { revocationReason: previousReason } = top;
    if (!replacesReason(reason, previousReason)) return false;
    await tx.transition(CertificateAuthority, top, authorityLifecycle.event.compromise, {
      set: { revocationReason: reason },
      content: { details: { reason, previousReason } },
    });
  } else {
    for (const { id } of await descendantsOf(tx, top)) {
      await revokeOne(tx, crls, id, id === top.id ? reason : 'cACompromise');
    }
  }
  if (top.parentId !== null) await crls.markStale(tx, top.parentId);
  return true;
}

/** The authority and what it issued. */
async function revokeOne(tx: Tx, crls: Crls, id: string, reason: RevocationReason): Promise<void> {
  const authority = await tx.lock(CertificateAuthority, { id });
  if (authority.state === 'revoked') return;
  // Before its certificates are looked for: one that is under way is finished under this number, so that it either is finished by now
  // and found, or waits for the end of this transaction and is refused.
  await raiseConfigVersion(tx);
  const certificates = await tx.transitionAll(Certificate, { caId: id }, authority_revoked, (before) => ({
    content: { details: { from: certificateStateAt(before, tx.now) } },
  }));
  await tx.transition(CertificateAuthority, authority, authorityLifecycle.event.revoke, {
    set: { revocationReason: reason },
    content: { details: { reason, certificates } },
  });
  await crls.markStale(tx, id);
  await releaseUnusedKey(tx, authority);
}

/** A step: the key of an authority that ended without a certificate signs nothing. */
export async function releaseUnusedKey(tx: Tx, { id, keyStore, certificatePem }: CertificateAuthority): Promise<void> {
  if (certificatePem === null && keyStore !== null) await releaseObjects(tx, [id]);
}

/** The authority itself and all below it, the higher ones first. */
async function descendantsOf(view: View, top: CertificateAuthority): Promise<CertificateAuthority[]> {
  const all = [top];
  let level = [top];
  for (let depth = 0; level.length > 0 && depth < DEPTH_MAX; depth += 1) {
    level = await view.find(CertificateAuthority, { parentId: In(level.map(({ id }) => id)) });
    all.push(...level);
  }
  return all;
}
