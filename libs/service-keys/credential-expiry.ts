import { Injectable } from '@nestjs/common';

import { DAY, type PlatformScope, type TenantScope, platformScope, systemOrigin } from '#core';
import { Database, In, IsNull, LessThanOrEqual, type Tx, type View } from '#database';
import { DueItems, DueKind, type DueList, type DueWork, Expires } from '#scheduler';
import { type TenantSettings, raiseConfigVersion, settingsOfTenants, tenantSettingsOf, tenantState } from '#tenants';

import { isDeletionDue, isSuccessionDue } from './credential-rules.js';
import { credentialLifecycle } from './lifecycle.js';
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
  { select, contactsOf }: Pick<DueWork<Credential>, 'select' | 'contactsOf'> = {},
): DueItems<Credential> =>
  new DueItems(database, {
    kind,
    scope: SCOPE,
    entity: Credential,
    lists,
    select,
    contactsOf,
    handle: ({ id, tenantId, serviceId }) => {
      const scope: TenantScope = { ...SCOPE, tenantId };
      return database.transaction(scope, async (tx) => {
        tx.housekeeping('another instance may have done all there was to do');
        await tx.lock(Service, { id: serviceId });
        const credential = await tx.get(Credential, { id });
        // Nothing can be sealed for a deleted tenant: no successor is made, and what the clock has decided is written down.
        if ((await tenantState(tx, tenantId)) === 'deleted') await tx.applyDue(Credential, credential);
        else await work(tx, credential);
      });
    },
  });

/** The credentials whose tenants' settings, and siblings, make them due. */
const dueBy =
  (
    isDue: (credential: Credential, siblings: readonly Credential[], settings: TenantSettings, at: View) => boolean,
    siblingsOf: (view: View, credentials: readonly Credential[]) => Promise<readonly Credential[]> = async () => [],
  ): NonNullable<DueWork<Credential>['select']> =>
  async (view, credentials) => {
    const settings = await settingsOfTenants(
      view,
      credentials.map(({ tenantId }) => tenantId),
    );
    const siblings = Map.groupBy(await siblingsOf(view, credentials), placeOf);
    return credentials.filter((credential) => {
      const ofTenant = settings.get(credential.tenantId);
      return ofTenant && isDue(credential, siblings.get(placeOf(credential)) ?? [], ofTenant, view);
    });
  };

const placeOf = ({ serviceId, authType }: Credential): string => `${serviceId}:${authType}`;

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
      dueCredentials(
        database,
        'credential',
        [expired, overlapEnded],
        async (tx, credential) => {
          if ((await steps.applyDue(tx, credential)) !== credential) await raiseConfigVersion(tx);
        },
        { contactsOf: ({ serviceId }) => [serviceId] },
      ),
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
    const select = dueBy(isSuccessionDue, (view, credentials) =>
      view.find(Credential, {
        serviceId: In([...new Set(credentials.map(({ serviceId }) => serviceId))]),
        state: 'active',
      }),
    );
    const succeed = (tx: Tx, credential: Credential): Promise<void> => this.succeedIfDue(tx, credential);
    super(dueCredentials(database, 'credential-succession', [expiringSoon], succeed, { select }));
  }

  private async succeedIfDue(tx: Tx, credential: Credential): Promise<void> {
    const siblings = await liveCredentialsOf(tx, credential);
    if (!isSuccessionDue(credential, siblings, await tenantSettingsOf(tx), tx)) return;
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
    const erase = async (tx: Tx, credential: Credential): Promise<void> => {
      if (!isDeletionDue(credential, await tenantSettingsOf(tx), tx)) return;
      await steps.erase(tx, credential);
      await raiseConfigVersion(tx);
    };
    const select = dueBy((credential, _siblings, ...by) => isDeletionDue(credential, ...by));
    super(dueCredentials(database, 'credential-cleanup', [discarded], erase, { select }));
  }
}
