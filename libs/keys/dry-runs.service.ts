import { Injectable } from '@nestjs/common';

import type { TenantScope } from '#core';
import { keyFromJwk, publicKeyFingerprint, publicKeyToBytes } from '#crypto';
import { Database, type View } from '#database';

import { KeyVersion } from './entities.js';
import { KeyCertificates, KeyUsers } from './key-users.js';
import { type KeyDryRun, type DryRunAction, dryRunOf } from './dry-run.js';
import { versionStateAt } from './lifecycle.js';
import { asOf, withVersions } from './versions.js';

/** What to know before a key or a version is taken out of use. */
@Injectable()
export class KeyDryRuns {
  constructor(
    private readonly database: Database,
    private readonly keyUsers: KeyUsers,
    private readonly certificates: KeyCertificates,
  ) {}

  /** What `action` would do to a version, or to the whole key; changes nothing. @throws NOT_FOUND */
  async dryRun(scope: TenantScope, keyId: string, action: DryRunAction, kid?: string): Promise<KeyDryRun> {
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
        certificates: action === 'compromise' && version ? await this.certificatesOf(view, version) : [],
      });
    });
  }

  private async certificatesOf(view: View, { publicJwk }: KeyVersion): Promise<readonly string[]> {
    if (publicJwk === null) return [];
    return this.certificates.affectedBy(view, publicKeyFingerprint(publicKeyToBytes(keyFromJwk(publicJwk))));
  }
}
