import { Injectable } from '@nestjs/common';

import { type EpochMilliseconds, type Page, type PageRequest, type TenantScope, platformScope } from '#core';
import { uuidv7 } from '#crypto';
import {
  type Committed,
  Database,
  In,
  IsNull,
  Not,
  type SeenVersions,
  type Tx,
  type View,
  requireVersion,
} from '#database';
import { Users, tenantSettingsOf, tenantState } from '#tenants';

import { credentialRotationLifecycle, rotationStep } from './credential-rotation.js';
import { type RefusalCode, isLastingActive } from './credential-rules.js';
import { rowsOf } from './credential-inventory.service.js';
import type { RotationSelection } from './credential-selection.js';
import { readSituation, situationAmong } from './credential-situation.js';
import { Credentials } from './credentials.service.js';
import { Credential, CredentialRotation, CredentialRotationItem, Service } from './entities.js';
import { credentialErrors, credentialRotationErrors } from './errors.js';
import { credentialRotationEvents } from './events.js';
import { credentialLifecycle } from './lifecycle.js';

/** What one rotation may select; a larger fleet is rotated part by part. */
const CREDENTIALS_MAX = 5_000;
const SERVICES_AT_ONCE = 200;
/** Rotations of one tenant that run at the same time. */
const RUNNING_MAX = 10;

interface RotationRequest {
  readonly filter: RotationSelection;
  readonly overlapSeconds?: number | undefined;
  /** Deletes the inactive credential beside each, which needs the caller's password. */
  readonly deleteInactive?: boolean | undefined;
  readonly password?: string | undefined;
}

/** What a rotation would do now, without doing it. */
export interface RotationDryRun {
  readonly total: number;
  readonly rotated: number;
  /** Those that wait for the end of an overlap first. */
  readonly waiting: number;
  readonly rejected: readonly {
    readonly credentialId: string;
    readonly serviceId: string;
    readonly code: RefusalCode;
  }[];
}

const itemStates = ['pending', 'rotated', 'rejected'] as const;
export type RotationItemState = (typeof itemStates)[number];
export { itemStates as rotationItemStates };

/** What is known of one credential of a rotation. */
export const stateOfItem = ({ finishedAt, successorId }: CredentialRotationItem): RotationItemState => {
  if (finishedAt === null) return 'pending';
  return successorId === null ? 'rejected' : 'rotated';
};

const ITEMS_IN_STATE = {
  pending: { finishedAt: IsNull() },
  rotated: { successorId: Not(IsNull()) },
  rejected: { finishedAt: Not(IsNull()), successorId: IsNull() },
} as const;

/**
 * Rotates many credentials by one request: they are selected and written down as items of a rotation, and the scheduler
 * regenerates one by one, each in a transaction of its own. A restart continues where it stopped.
 */
@Injectable()
export class CredentialRotations {
  constructor(
    private readonly database: Database,
    private readonly users: Users,
    private readonly credentials: Credentials,
  ) {}

  /**
   * Accepts a rotation of the active credentials that the filter selects at this moment, without those whose successor
   * exists already. The password, where one is needed, is checked before anything is locked.
   * @throws NO_CREDENTIALS_SELECTED, ROTATION_LIMIT_REACHED, NOT_REVEALABLE (the new secrets could never be read),
   * PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS
   */
  async start(scope: TenantScope, request: RotationRequest): Promise<Committed<CredentialRotation>> {
    if (request.deleteInactive) await this.users.confirm(platformScope(scope), 'resource', request.password);
    return this.database.transaction(scope, async (tx) => {
      if ((await tx.count(CredentialRotation, { state: 'running' })) >= RUNNING_MAX) {
        throw credentialRotationErrors.ROTATION_LIMIT_REACHED(`At most ${RUNNING_MAX} rotations run at the same time`);
      }
      const selected = await this.select(tx, request.filter);
      const rotation: CredentialRotation = {
        id: uuidv7(tx.now),
        tenantId: scope.tenantId,
        state: 'running',
        filter: request.filter,
        overlapSeconds: request.overlapSeconds ?? 0,
        deleteInactive: request.deleteInactive ?? false,
        total: selected.length,
        rotated: 0,
        rejected: 0,
        requestedBy: scope.actor.id,
        version: 1,
        createdAt: tx.now,
        updatedAt: tx.now,
        endedAt: null,
      };
      await tx.insert(CredentialRotation, rotation);
      const items = selected.map((credential) => itemOf(rotation, credential, tx.now));
      await tx.append(CredentialRotationItem, items);
      const { id, filter, overlapSeconds, deleteInactive, total } = rotation;
      const after = { filter: { ...filter }, overlapSeconds, deleteInactive, total };
      tx.record(credentialRotationEvents.started(id, { after }));
      return rotation;
    });
  }

  /** What the same request would do now. @throws what `start` throws, but asks for no password */
  async dryRun(scope: TenantScope, { filter, deleteInactive = false }: RotationRequest): Promise<RotationDryRun> {
    return this.database.read(scope, async (view) => {
      const selected = await this.select(view, filter);
      const policy = await tenantSettingsOf(view);
      const beside = await liveByService(view, selected);
      const rejected: { credentialId: string; serviceId: string; code: RefusalCode }[] = [];
      let waiting = 0;
      for (const credential of selected) {
        const { id, serviceId } = credential;
        const situation = situationAmong(credential, beside.get(serviceId) ?? [], policy, view.now);
        const step = rotationStep(situation, deleteInactive);
        if (step.kind === 'reject') rejected.push({ credentialId: id, serviceId, code: step.code });
        if (step.kind === 'wait') waiting += 1;
      }
      const total = selected.length;
      return { total, rotated: total - waiting - rejected.length, waiting, rejected };
    });
  }

  /** One page, newest first. */
  async list(scope: TenantScope, page: PageRequest): Promise<Page<CredentialRotation>> {
    return this.database.read(scope, (view) => view.page(CredentialRotation, {}, [['id', 'DESC']], page));
  }

  /** @throws NOT_FOUND */
  async get(scope: TenantScope, id: string): Promise<CredentialRotation> {
    return this.database.read(scope, (view) => view.get(CredentialRotation, { id }));
  }

  /** The report: one page of the credentials of a rotation. @throws NOT_FOUND */
  async items(
    scope: TenantScope,
    rotationId: string,
    state: RotationItemState | undefined,
    page: PageRequest,
  ): Promise<Page<CredentialRotationItem>> {
    return this.database.read(scope, async (view) => {
      await view.get(CredentialRotation, { id: rotationId });
      const where = { rotationId, ...(state === undefined ? {} : ITEMS_IN_STATE[state]) };
      return view.page(CredentialRotationItem, where, [['id', 'ASC']], page);
    });
  }

  /** Ends a rotation: what waits is not rotated any more. @throws NOT_FOUND, WRONG_STATE, PRECONDITION_FAILED */
  async cancel(scope: TenantScope, id: string, ifMatch?: SeenVersions): Promise<Committed<CredentialRotation>> {
    return this.database.transaction(scope, async (tx) => {
      const rotation = await tx.lock(CredentialRotation, { id });
      requireVersion(rotation, ifMatch);
      const { rotated, rejected } = rotation;
      const content = { details: { rotated, rejected } };
      const waiting = { rotationId: id, finishedAt: IsNull() };
      await tx.update(CredentialRotationItem, waiting, { finishedAt: tx.now, rejectionCode: 'CANCELLED' });
      return tx.transition(CredentialRotation, rotation, credentialRotationLifecycle.event.cancel, { content });
    });
  }

  /**
   * Takes the next step about one item, under the lock of its rotation, so that a cancelled one stays as it is.
   * @param scope Chancery's own, in the tenant of the item
   */
  async advance(scope: TenantScope, itemId: string): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      tx.housekeeping('the rotation ended, or the item waits');
      const { rotationId } = await tx.get(CredentialRotationItem, { id: itemId });
      const rotation = await tx.lock(CredentialRotation, { id: rotationId });
      const item = await tx.get(CredentialRotationItem, { id: itemId });
      if (item.finishedAt !== null) return;
      const outcome = await this.outcomeOf(tx, rotation, item);
      await tx.update(CredentialRotationItem, { id: itemId }, outcome);
      if (outcome.finishedAt !== undefined) await count(tx, rotation, outcome.successorId !== undefined);
    });
  }

  private async outcomeOf(
    tx: Tx,
    { overlapSeconds, deleteInactive }: CredentialRotation,
    { serviceId, credentialId }: CredentialRotationItem,
  ): Promise<{ dueAt?: number; finishedAt?: number; successorId?: string; rejectionCode?: string }> {
    const reject = (rejectionCode: string) => ({ finishedAt: tx.now, rejectionCode });
    // The data key of a deleted tenant is gone, and its services with it.
    if ((await tenantState(tx, tx.scope.tenantId)) === 'deleted') return reject('NOT_FOUND');
    if (!(await tx.lockIfPresent(Service, { id: serviceId, state: 'active' }))) return reject('NOT_FOUND');
    const step = rotationStep(await readSituation(tx, serviceId, credentialId), deleteInactive);
    if (step.kind === 'wait') return { dueAt: step.until };
    if (step.kind === 'reject') return reject(step.code);
    const request = { overlapSeconds, deleteInactive };
    const { credential } = await this.credentials.regenerateIn(tx, serviceId, credentialId, request);
    return { finishedAt: tx.now, successorId: credential.id };
  }

  private async select(view: View, filter: RotationSelection): Promise<readonly Credential[]> {
    if ((await tenantSettingsOf(view)).reveal === 'never') {
      throw credentialErrors.NOT_REVEALABLE('The tenant reveals no secrets, and the new ones could not be read');
    }
    const rows = await view.find(Credential, await rowsOf(view, { ...filter, state: 'active' }), {
      order: { id: 'ASC' },
      limit: CREDENTIALS_MAX + 1,
    });
    if (rows.length > CREDENTIALS_MAX) {
      throw credentialRotationErrors.ROTATION_LIMIT_REACHED(`A rotation has at most ${CREDENTIALS_MAX} credentials`);
    }
    const selected = rows.filter((credential) => isLastingActive(credential, view.now));
    if (selected.length === 0) throw credentialRotationErrors.NO_CREDENTIALS_SELECTED();
    return selected;
  }
}

const itemOf = (
  { id: rotationId, tenantId }: CredentialRotation,
  { id: credentialId, serviceId }: Credential,
  now: EpochMilliseconds,
): CredentialRotationItem => ({
  id: uuidv7(now),
  tenantId,
  rotationId,
  credentialId,
  serviceId,
  dueAt: now,
  finishedAt: null,
  successorId: null,
  rejectionCode: null,
});

/** The live credentials of the services of these, read in parts: a service has few, a tenant may have very many. */
async function liveByService(
  view: View,
  selected: readonly Credential[],
): Promise<ReadonlyMap<string, readonly Credential[]>> {
  const services = [...new Set(selected.map(({ serviceId }) => serviceId))];
  const found: Credential[] = [];
  for (let start = 0; start < services.length; start += SERVICES_AT_ONCE) {
    const serviceId = In(services.slice(start, start + SERVICES_AT_ONCE));
    found.push(...(await view.find(Credential, { serviceId, state: In([...credentialLifecycle.live]) })));
  }
  return Map.groupBy(found, ({ serviceId }) => serviceId);
}

/** A step: counts one item, and completes the rotation with the last one. */
async function count(tx: Tx, rotation: CredentialRotation, isRotated: boolean): Promise<void> {
  const rotated = rotation.rotated + (isRotated ? 1 : 0);
  const rejected = rotation.rejected + (isRotated ? 0 : 1);
  const counted = await tx.change(CredentialRotation, rotation, { rotated, rejected, updatedAt: tx.now });
  if (rotated + rejected < rotation.total) return;
  const content = { details: { rotated, rejected } };
  await tx.transition(CredentialRotation, counted, credentialRotationLifecycle.event.complete, { content });
}
