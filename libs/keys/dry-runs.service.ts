import { Injectable } from '@nestjs/common';

import type { TenantScope } from '#core';
import { Database, type View } from '#database';

import type { IdentifiedKey } from './compromised-keys.js';
import { KeyVersion } from './entities.js';
import { type CertifiedByKey, KeyCertificates, KeyUsers } from './key-users.js';
import { type AlsoAffected, type KeyDryRun, type DryRunAction, dryRunOf } from './dry-run.js';
import { versionStateAt } from './lifecycle.js';
import { KeyRotation } from './rotation.service.js';
import { asOf, withVersions } from './versions.js';

/** A shared secret has no certificate. */
const NOTHING_CERTIFIED: CertifiedByKey = { certificates: [], authorities: [] };

/** Shows what an action on a key or a version would do. */
@Injectable()
export class KeyDryRuns {
  constructor(
    private readonly database: Database,
    private readonly keyUsers: KeyUsers,
    private readonly certificates: KeyCertificates,
    private readonly rotation: KeyRotation,
  ) {}

  /** What `action` would do to a version, or to the whole key; changes nothing. @throws NOT_FOUND */
  async dryRun(scope: TenantScope, keyId: string, action: DryRunAction, kid?: string): Promise<KeyDryRun> {
    const reported =
      action === 'compromise' && kid !== undefined ? await this.rotation.identify(scope, keyId, kid) : undefined;
    return this.database.read(scope, async (view) => {
      const { key, versions } = asOf(await withVersions(view, keyId), view.now);
      const version = kid === undefined ? undefined : await view.get(KeyVersion, { keyId, kid });
      const expiries = (version ? [version] : versions).map(({ lastTokenExpiresAt }) => lastTokenExpiresAt ?? 0);
      return dryRunOf(action, {
        now: view.now,
        keyState: key.state,
        hasActive: versions.some(({ state }) => state === 'active'),
        hasPending: versions.some(({ state }) => state === 'pending'),
        versionState: version && versionStateAt(version, view.now),
        lastTokenExpiresAt: Math.max(0, ...expiries) || null,
        users: await this.keyUsers.usersOf(view, keyId),
        ...(reported && version ? { alsoAffected: await this.affectedWith(view, version, reported) } : {}),
      });
    });
  }

  private async affectedWith(view: View, { kid }: KeyVersion, reported: IdentifiedKey): Promise<AlsoAffected> {
    const keyVersions = await this.rotation.versionsOf(view, reported);
    return {
      ...(reported.isSecret ? NOTHING_CERTIFIED : await this.certificates.affectedBy(view, reported.fingerprint)),
      keyVersions: keyVersions.filter((other) => other !== kid),
    };
  }
}
