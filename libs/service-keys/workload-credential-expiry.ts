import { Injectable } from '@nestjs/common';

import { type EpochMilliseconds, platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual, MoreThan } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { WorkloadCredential } from './entities.js';

const SCOPE = platformScope(systemOrigin('workload-credential-expiry'));

/** Removes credentials of workloads that have expired, once the token that they came by has, too. */
@Expires({})
@Injectable()
export class WorkloadCredentialExpiry extends DueKind<WorkloadCredential> {
  constructor(private readonly database: Database) {
    super(
      purge(database, {
        kind: 'workload credential',
        scope: SCOPE,
        entity: WorkloadCredential,
        where: (now) => ({ keptUntil: LessThanOrEqual(now) }),
        dueColumn: 'keptUntil',
        reason: 'credentials of workloads that have expired',
      }),
    );
  }

  /** Those of a backup may have ended since then with their trust: each workload exchanges a token again. */
  async onRestored({ restoredAt }: { readonly restoredAt: EpochMilliseconds }): Promise<void> {
    await this.database.platform(SCOPE, async (tx) => {
      tx.housekeeping('credentials of workloads of before a restoration');
      await tx.note(WorkloadCredential, { expiresAt: MoreThan(restoredAt) }, { expiresAt: restoredAt });
    });
  }
}
