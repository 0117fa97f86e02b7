import { Injectable } from '@nestjs/common';

import type { TenantScope } from '#core';
import { type Committed, Database, In, MoreThanOrEqual, type SeenVersions, type View, requireVersion } from '#database';
import { KeyRotation, type PreparedCompromise, identifiedPublicKey } from '#keys';
import { type RevocationReason, isCompromise } from '#pki';
import { raiseConfigVersion } from '#tenants';

import { changedWith, revokeWithDescendants } from './authority-status.js';
import { CertificateAuthorities, type EffectiveAuthority } from './authorities.service.js';
import { Crls } from './crls.service.js';
import { Certificate, CertificateAuthority } from './entities.js';
import { CertificatesOfKeys } from './key-compromise.js';
import { certificateLifecycle } from './lifecycle.js';

/** What a revocation would also revoke. */
export interface RevocationImpact {
  readonly authorities: number;
  readonly certificates: number;
  /** `kid`s of the versions of signing keys with the same key, which would be marked as compromised. */
  readonly keyVersions: readonly string[];
}

const { authority_revoked } = certificateLifecycle.event;

/** Revokes authorities. */
@Injectable()
export class AuthorityRevocations {
  constructor(
    private readonly database: Database,
    private readonly authorities: CertificateAuthorities,
    private readonly crls: Crls,
    private readonly keys: KeyRotation,
    private readonly ofKeys: CertificatesOfKeys,
  ) {}

  /**
   * Revokes the authority, those below it, and every certificate that they issued. A repetition changes
   * nothing, except that a reason of compromise replaces a weaker one and blocks the key everywhere.
   * @throws NOT_FOUND, PRECONDITION_FAILED, BUSY
   */
  async revoke(
    scope: TenantScope,
    caId: string,
    reason: RevocationReason,
    ifMatch?: SeenVersions,
  ): Promise<Committed<EffectiveAuthority>> {
    if (!isCompromise(reason)) return this.revokeWith(scope, caId, reason, ifMatch, undefined);
    const { publicKeyHash } = await this.database.read(scope, (view) => view.get(CertificateAuthority, { id: caId }));
    return this.keys.withCompromise(scope, identifiedPublicKey(publicKeyHash), (compromise) =>
      this.revokeWith(scope, caId, reason, ifMatch, compromise),
    );
  }

  private async revokeWith(
    scope: TenantScope,
    caId: string,
    reason: RevocationReason,
    ifMatch: SeenVersions | undefined,
    compromise: PreparedCompromise | undefined,
  ): Promise<Committed<EffectiveAuthority>> {
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
  async dryRunRevocation(
    scope: TenantScope,
    caId: string,
    reason: RevocationReason,
  ): Promise<{ allowed: true; impact: RevocationImpact }> {
    return this.database.read(scope, async (view) => {
      const top = await view.get(CertificateAuthority, { id: caId });
      const changed = await changedWith(view, top, reason);
      const ids = new Set(changed.map(({ id }) => id));
      if (changed.length === 0 || !isCompromise(reason)) return this.impactOf(view, ids, [], []);
      const { certificates, authorities } = await this.ofKeys.affectedBy(view, top.publicKeyHash);
      for (const id of authorities) ids.add(id);
      return this.impactOf(
        view,
        ids,
        certificates,
        await this.keys.versionsOf(view, identifiedPublicKey(top.publicKeyHash)),
      );
    });
  }

  /**
   * @param caIds authorities that are revoked with all that they issued
   * @param certificates `kid`s of other revoked certificates
   */
  private async impactOf(
    view: View,
    caIds: ReadonlySet<string>,
    certificates: readonly string[],
    keyVersions: readonly string[],
  ): Promise<{ allowed: true; impact: RevocationImpact }> {
    const ofThem = {
      caId: In([...caIds]),
      state: In([...authority_revoked.from]),
      notAfter: MoreThanOrEqual(view.now),
    };
    const issued = caIds.size === 0 ? 0 : await view.count(Certificate, ofThem);
    const others = certificates.length === 0 ? [] : await view.find(Certificate, { kid: In([...certificates]) });
    const elsewhere = others.filter(({ caId }) => !caIds.has(caId)).length;
    return { allowed: true, impact: { authorities: caIds.size, certificates: issued + elsewhere, keyVersions } };
  }
}
