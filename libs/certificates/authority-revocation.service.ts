import { Injectable } from '@nestjs/common';

import type { TenantScope } from '#core';
import { Database, In, MoreThanOrEqual, type Tx, type View, requireVersion } from '#database';
import { KeyRotation } from '#keys';
import { type RevocationReason, isCompromise, replacesReason } from '#pki';
import { raiseConfigVersion } from '#tenants';

import { CertificateAuthorities, type EffectiveAuthority } from './authorities.service.js';
import { Crls } from './crls.service.js';
import { Certificate, CertificateAuthority } from './entities.js';
import { authorityLifecycle, certificateLifecycle, certificateStateAt } from './lifecycle.js';

/** What revoking would take along. */
export interface RevocationImpact {
  readonly authorities: number;
  readonly certificates: number;
}

const DEPTH_MAX = 10;
const { authority_revoked } = certificateLifecycle.event;

/** The end of an authority before its time. */
@Injectable()
export class AuthorityRevocations {
  constructor(
    private readonly database: Database,
    private readonly authorities: CertificateAuthorities,
    private readonly crls: Crls,
    private readonly keys: KeyRotation,
  ) {}

  /**
   * Revokes the authority, those below it, and every certificate that they issued. Repeating it changes nothing, but for
   * a reason that says that the key was compromised, which replaces one that does not, and blocks the key everywhere.
   * @throws NOT_FOUND, PRECONDITION_FAILED, BUSY
   */
  async revoke(
    scope: TenantScope,
    caId: string,
    reason: RevocationReason,
    ifMatch?: number,
  ): Promise<EffectiveAuthority> {
    const { publicKeyHash } = await this.database.read(scope, (view) => view.get(CertificateAuthority, { id: caId }));
    const compromise = isCompromise(reason) ? await this.keys.prepareCompromise(scope, publicKeyHash) : undefined;
    return this.database.transaction(scope, async (tx) => {
      const top = await tx.lock(CertificateAuthority, { id: caId });
      requireVersion(top, ifMatch);
      if (await revokeWithDescendants(tx, this.crls, top, reason)) {
        if (compromise) await this.keys.compromiseAll(tx, compromise, `authority ${caId} was revoked for ${reason}`);
        await raiseConfigVersion(tx);
      }
      return this.authorities.read(tx, caId);
    });
  }

  /** What `revoke` would do. @throws NOT_FOUND */
  async dryRunRevocation(scope: TenantScope, caId: string): Promise<{ allowed: true; impact: RevocationImpact }> {
    return this.database.read(scope, async (view) => {
      const top = await view.get(CertificateAuthority, { id: caId });
      const fallen = (await descendantsOf(view, top)).filter(({ state }) => state !== 'revoked');
      const certificates =
        fallen.length === 0
          ? 0
          : await view.count(Certificate, {
              caId: In(fallen.map(({ id }) => id)),
              state: In([...authority_revoked.from]),
              notAfter: MoreThanOrEqual(view.now),
            });
      return { allowed: true, impact: { authorities: fallen.length, certificates } };
    });
  }
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
async function revokeWithDescendants(
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

/** The authority and what it issued. Its lock keeps a certificate that is under way from being finished meanwhile. */
async function revokeOne(tx: Tx, crls: Crls, id: string, reason: RevocationReason): Promise<void> {
  const authority = await tx.lock(CertificateAuthority, { id });
  if (authority.state === 'revoked') return;
  const certificates = await tx.transitionAll(Certificate, { caId: id }, authority_revoked, (before) => ({
    content: { details: { from: certificateStateAt(before, tx.now) } },
  }));
  await tx.transition(CertificateAuthority, authority, authorityLifecycle.event.revoke, {
    set: { revocationReason: reason },
    content: { details: { reason, certificates } },
  });
  await crls.markStale(tx, id);
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
