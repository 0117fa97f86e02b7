import { Injectable } from '@nestjs/common';

import { platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { WorkloadCredential } from './entities.js';

const SCOPE = platformScope(systemOrigin('workload-credential-expiry'));

/** Removes credentials of workloads that have expired, once the token that they came by has, too. */
@Expires({})
@Injectable()
export class WorkloadCredentialExpiry extends DueKind<WorkloadCredential> {
  constructor(database: Database) {
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
}
