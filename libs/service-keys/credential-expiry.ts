import { Injectable } from '@nestjs/common';

import {
  DAY,
  type Expirable,
  type Page,
  type PlatformScope,
  type TenantScope,
  platformScope,
  systemOrigin,
} from '#core';
import { Database, In, IsNull, LessThanOrEqual, type Tx, type Where } from '#database';
import { raiseConfigVersion, tenantSettingsOf, tenantState } from '#tenants';

import { liveStates, stateAt } from './credential-lifecycle.js';
import { isLastingActive, successorDueAt } from './credential-rules.js';
import { CredentialSteps } from './credential-steps.js';
import { Credential, Service } from './entities.js';

const SCOPE: PlatformScope = platformScope(systemOrigin('credential-expiry'));

/** One piece of work on one credential, in the tenant that it belongs to. */
type Work = (tx: Tx, credential: Credential) => Promise<void>;

/** Runs `work` on each credential in a transaction of its own, under the lock of its service, on the row as it is then. */
async function onEach(database: Database, credentials: readonly Credential[], work: Work): Promise<void> {
  for (const { id, tenantId, serviceId } of credentials) {
    const scope: TenantScope = { ...SCOPE, tenantId };
    await database.transaction(scope, async (tx) => {
      tx.housekeeping('another instance may have done all there was to do');
      if ((await tenantState(tx, tenantId)) === 'deleted') return;
      await tx.lock(Service, { id: serviceId });
      await work(tx, await tx.get(Credential, { id }));
    });
  }
}

/** Writes down expiries and ended overlaps. They count from their instant; this only makes the rows say so. */
@Injectable()
export class CredentialExpiry implements Expirable {
  readonly kind = 'credential';

  constructor(
    private readonly database: Database,
    private readonly steps: CredentialSteps,
  ) {}

  async recordDue(limit: number): Promise<number> {
    const due = await this.database.readPlatform(SCOPE, async (view) => {
      const past = LessThanOrEqual(view.now);
      const where: Where<Credential> = [
        { state: 'active', expiresAt: past },
        { state: 'inactive', expiresAt: past },
        { state: 'active', overlapEndsAt: past },
      ];
      return view.find(Credential, where, { order: { expiresAt: 'ASC', id: 'ASC' }, limit });
    });
    await onEach(this.database, due, async (tx, credential) => {
      if ((await this.steps.settle(tx, credential)) !== credential.state) await raiseConfigVersion(tx);
    });
    return due.length;
  }
}

/** The longest lead that a tenant may set: what expires later is nobody's business yet. */
const LONGEST_LEAD = 90 * DAY;

/** Makes successors ahead of the expiry of last active credentials, so that none lapses unannounced (rule 7). */
@Injectable()
export class CredentialSuccession implements Expirable {
  readonly kind = 'credential-succession';
  /** Where the last batch ended: not everything that expires soon needs a successor, and nothing may be passed over. */
  #cursor: string | undefined;

  constructor(
    private readonly database: Database,
    private readonly steps: CredentialSteps,
  ) {}

  async recordDue(limit: number): Promise<number> {
    const { items, nextCursor } = await this.expiringSoon(limit);
    this.#cursor = nextCursor ?? undefined;
    await onEach(this.database, items, (tx, credential) => this.succeedIfDue(tx, credential));
    return nextCursor === null ? 0 : limit;
  }

  private expiringSoon(limit: number): Promise<Page<Credential>> {
    return this.database.readPlatform(SCOPE, (view) =>
      view.page(
        Credential,
        {
          state: 'active',
          expiresAt: LessThanOrEqual(view.now + LONGEST_LEAD),
          overlapEndsAt: IsNull(),
          replacedBy: IsNull(),
        },
        [
          ['expiresAt', 'ASC'],
          ['id', 'ASC'],
        ],
        { limit, cursor: this.#cursor },
      ),
    );
  }

  private async succeedIfDue(tx: Tx, credential: Credential): Promise<void> {
    const { expiryLeadDays, onLastExpiry } = await tenantSettingsOf(tx);
    const { id, serviceId, authType } = credential;
    const isDue = (candidate: Credential): boolean => successorDueAt(candidate, expiryLeadDays * DAY) <= tx.now;
    if (onLastExpiry === 'lapse' || credential.replacedBy !== null || !isDue(credential)) return;
    if (stateAt(credential, tx.now) !== 'active' || credential.overlapEndsAt !== null) return;
    const siblings = await tx.find(Credential, { serviceId, authType, state: In(liveStates) });
    const staysActive = siblings.some(
      (sibling) => sibling.id !== id && isLastingActive(sibling, tx.now) && !isDue(sibling),
    );
    if (staysActive) return;
    const successor = await this.steps.succeed(tx, credential);
    await tx.update(Credential, { id }, { replacedBy: successor.credential.id });
    await raiseConfigVersion(tx);
  }
}
