import { Injectable } from '@nestjs/common';

import type { TenantScope } from '#core';
import { keyFromJwk, publicKeyFingerprint, publicKeyToBytes } from '#crypto';
import { Database, type View } from '#database';

import { KeyVersion } from './entities.js';
import { type CertifiedByKey, KeyCertificates, type KeyUse, KeyUsers, type UsersOfKey } from './key-users.js';
import { withVersions } from './versions.js';

/** Users of a key: who may use it, who did, and its certificates. */
export interface KeyUserReport extends UsersOfKey, CertifiedByKey {
  /** Latest first. */
  readonly uses: readonly KeyUse[];
}

export const KEY_USES_MAX = 500;

/** Reports who depends on a key, by configuration and by signatures. */
@Injectable()
export class KeyUserReports {
  constructor(
    private readonly database: Database,
    private readonly users: KeyUsers,
    private readonly certificates: KeyCertificates,
  ) {}

  /** @throws NOT_FOUND */
  async of(scope: TenantScope, keyId: string): Promise<KeyUserReport> {
    return this.database.read(scope, async (view) => {
      const { versions } = await withVersions(view, keyId);
      return {
        ...(await this.users.usersOf(view, keyId)),
        ...(await this.certifiedBy(view, versions)),
        uses: await this.users.usesOf(view, keyId, KEY_USES_MAX),
      };
    });
  }

  /** Certificates and authorities with any version of the key that are not revoked. */
  private async certifiedBy(view: View, versions: readonly KeyVersion[]): Promise<CertifiedByKey> {
    const certificates = new Set<string>();
    const authorities = new Set<string>();
    for (const { publicJwk } of versions) {
      if (publicJwk === null) continue;
      const hash = publicKeyFingerprint(publicKeyToBytes(keyFromJwk(publicJwk)));
      const certified = await this.certificates.affectedBy(view, hash);
      for (const kid of certified.certificates) certificates.add(kid);
      for (const id of certified.authorities) authorities.add(id);
    }
    return { certificates: [...certificates], authorities: [...authorities] };
  }
}
