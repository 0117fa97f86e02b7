import { Injectable } from '@nestjs/common';

import { DAY, type PlatformScope, type TenantScope, platformScope, systemOrigin } from '#core';
import { Database, In, IsNull, LessThanOrEqual, type Tx } from '#database';
import { DueItems, DueKind, type DueList, Expires } from '#scheduler';
import { raiseConfigVersion, tenantSettingsOf, tenantState } from '#tenants';

import { credentialLifecycle, stateAt } from './lifecycle.js';
import { deletionDueAt, isLastingActive, successorDueAt } from './credential-rules.js';
import { CredentialSteps, liveCredentialsOf } from './credential-steps.js';
import { Credential, Service } from './entities.js';

const SCOPE: PlatformScope = platformScope(systemOrigin('credential-expiry'));

/** One piece of work on one credential, in the tenant that it belongs to. */
type Work = (tx: Tx, credential: Credential) => Promise<void>;

/** Credentials of some lists, each handled under the lock of its service, on the row as it is then. */
const dueCredentials = (
  database: Database,
  kind: string,
  lists: readonly DueList<Credential>[],
  work: Work,
): DueItems<Credential> =>
  new DueItems(database, {
    kind,
    scope: SCOPE,
    entity: Credential,
    lists,
    handle: ({ id, tenantId, serviceId }) => {
      const scope: TenantScope = { ...SCOPE, tenantId };
      return database.transaction(scope, async (tx) => {
        tx.housekeeping('another instance may have done all there was to do');
        if ((await tenantState(tx, tenantId)) === 'deleted') return false;
        await tx.lock(Service, { id: serviceId });
        await work(tx, await tx.get(Credential, { id }));
        return true;
      });
    },
  });

/** Writes down expiries and ended overlaps. They count from their instant; this only makes the rows say so. */
@Expires({})
@Injectable()
export class CredentialExpiry extends DueKind<Credential> {
  constructor(database: Database, steps: CredentialSteps) {
    const expired: DueList<Credential> = {
      where: (now) => ({ state: In([...credentialLifecycle.event.expire.from]), expiresAt: LessThanOrEqual(now) }),
      happens: 'expires',
      dueColumn: 'expiresAt',
    };
    const overlapEnded: DueList<Credential> = {
      where: (now) => ({ state: 'active', overlapEndsAt: LessThanOrEqual(now) }),
      happens: 'is discarded',
      dueColumn: 'overlapEndsAt',
    };
    super(
      dueCredentials(database, 'credential', [expired, overlapEnded], async (tx, credential) => {
        if ((await steps.applyDue(tx, credential)) !== credential) await raiseConfigVersion(tx);
      }),
    );
  }
}

/** The longest lead time that a tenant may set: what expires later is not read. */
const LONGEST_LEAD = 90 * DAY;

/** Makes successors ahead of the expiry of last active credentials, so that none lapses unannounced (rule 7). */
@Expires({})
@Injectable()
export class CredentialSuccession extends DueKind<Credential> {
  constructor(
    database: Database,
    private readonly steps: CredentialSteps,
  ) {
    const expiringSoon: DueList<Credential> = {
      where: (now) => ({
        state: 'active',
        expiresAt: LessThanOrEqual(now + LONGEST_LEAD),
        overlapEndsAt: IsNull(),
        replacedBy: IsNull(),
      }),
      dueColumn: 'expiresAt',
    };
    super(
      dueCredentials(database, 'credential-succession', [expiringSoon], (tx, credential) =>
        this.succeedIfDue(tx, credential),
      ),
    );
  }

  override async recordDue(limit: number): Promise<number> {
    const examined = await super.recordDue(limit);
    // Most of what expires soon needs no successor and stays in the list: its end is the end of the work.
    return examined < limit ? 0 : limit;
  }

  private async succeedIfDue(tx: Tx, credential: Credential): Promise<void> {
    const { expiryLeadDays, onLastExpiry } = await tenantSettingsOf(tx);
    const isDue = (candidate: Credential): boolean => successorDueAt(candidate, expiryLeadDays * DAY) <= tx.confirmed;
    if (onLastExpiry === 'lapse' || credential.replacedBy !== null || !isDue(credential)) return;
    if (stateAt(credential, tx.now) !== 'active' || credential.overlapEndsAt !== null) return;
    const siblings = await liveCredentialsOf(tx, credential);
    const staysActive = siblings.some(
      (sibling) => sibling.id !== credential.id && isLastingActive(sibling, tx.now) && !isDue(sibling),
    );
    if (staysActive) return;
    await this.steps.succeedAutomatically(tx, credential);
    await raiseConfigVersion(tx);
  }
}

/** Deletes inactive credentials that no request used for the tenant's number of days, so that rotation needs no person. */
@Expires({})
@Injectable()
export class CredentialCleanup extends DueKind<Credential> {
  constructor(database: Database, steps: CredentialSteps) {
    const discarded: DueList<Credential> = {
      // The shortest time that a tenant may set.
      where: (now) => ({ state: 'inactive', discardedAt: LessThanOrEqual(now - DAY) }),
      dueColumn: 'discardedAt',
    };
    super(
      dueCredentials(database, 'credential-cleanup', [discarded], async (tx, credential) => {
        const { inactiveCredentialDays } = await tenantSettingsOf(tx);
        if (stateAt(credential, tx.now) !== 'inactive') return;
        if (deletionDueAt(credential, inactiveCredentialDays) > tx.confirmed) return;
        await steps.erase(tx, credential);
        await raiseConfigVersion(tx);
      }),
    );
  }

  override async recordDue(limit: number): Promise<number> {
    const examined = await super.recordDue(limit);
    // What is not due yet stays in the list: its end is the end of the work.
    return examined < limit ? 0 : limit;
  }
}
