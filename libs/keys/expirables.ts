import { Injectable } from '@nestjs/common';

import { type Expirable, type TenantScope, platformScope, systemOrigin } from '#core';
import { Database, IsNull, LessThanOrEqual, type View } from '#database';
import { raiseConfigVersion, tenantState } from '#tenants';

import { KeyDeletion } from './deletion.service.js';
import { Key, KeyVersion } from './entities.js';
import { destroyableSince } from './rotation.js';
import { KeyRotation } from './rotation.service.js';
import { settleVersions } from './settling.js';

/** A key that something is due for. */
interface DueKey {
  readonly tenantId: string;
  readonly keyId: string;
}

const ORIGIN = systemOrigin('scheduler');
const scopeOf = ({ tenantId }: DueKey): TenantScope => ({ ...ORIGIN, tenantId });

/**
 * Handles each of `due` in a transaction of its own. One that fails keeps none of the others from being handled.
 * @returns how many were handled by us rather than by somebody faster
 */
async function handleEach(due: readonly DueKey[], handle: (key: DueKey) => Promise<boolean>): Promise<number> {
  const failures: unknown[] = [];
  let handled = 0;
  for (const key of due) {
    try {
      if (await handle(key)) handled += 1;
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of ${due.length} keys failed`);
  return handled;
}

/** Stages the rotation of keys that are rotated by the calendar. */
@Injectable()
export class DueRotations implements Expirable {
  readonly kind = 'key rotation';

  constructor(
    private readonly database: Database,
    private readonly rotation: KeyRotation,
  ) {}

  async recordDue(limit: number): Promise<number> {
    const due = await this.database.readPlatform(platformScope(ORIGIN), async (view) =>
      (
        await view.find(
          Key,
          { state: 'active', nextRotationAt: LessThanOrEqual(view.now) },
          { order: { nextRotationAt: 'ASC' }, limit },
        )
      ).map(({ id: keyId, tenantId }) => ({ keyId, tenantId })),
    );
    return handleEach(due, async (key) =>
      (await this.isOfDeletedTenant(key)) ? this.forget(key) : this.rotation.rotateIfDue(scopeOf(key), key.keyId),
    );
  }

  /** A deleted tenant has no data key that anything could be sealed with. */
  private async isOfDeletedTenant({ tenantId }: DueKey): Promise<boolean> {
    const state = await this.database.readPlatform(platformScope(ORIGIN), (view) => tenantState(view, tenantId));
    return state === 'deleted';
  }

  private async forget(key: DueKey): Promise<boolean> {
    return this.database.transaction(scopeOf(key), async (tx) => {
      tx.housekeeping('keys of a deleted tenant are rotated no more');
      return (await tx.note(Key, { id: key.keyId }, { nextRotationAt: null })) > 0;
    });
  }
}

/** Writes down what the clock has decided about versions: activated, retired, destroyed. */
@Injectable()
export class DueVersionSteps implements Expirable {
  readonly kind = 'key version';

  constructor(private readonly database: Database) {}

  async recordDue(limit: number): Promise<number> {
    const due = await this.database.readPlatform(platformScope(ORIGIN), (view) => dueVersions(view, limit));
    const keys = new Map(due.map(({ keyId, tenantId }) => [keyId, { keyId, tenantId }]));
    await handleEach([...keys.values()], (key) =>
      this.database.transaction(scopeOf(key), async (tx) => {
        await tx.lock(Key, { id: key.keyId });
        await settleVersions(tx, key.keyId);
        await raiseConfigVersion(tx);
        tx.housekeeping('somebody faster may have recorded it all');
        return true;
      }),
    );
    // Several steps of one key are one transaction: what counts towards a full batch are the rows.
    return due.length;
  }
}

async function dueVersions(view: View, limit: number): Promise<readonly KeyVersion[]> {
  const reached = LessThanOrEqual(view.now);
  const longAgo = LessThanOrEqual(destroyableSince(view.now));
  return view.find(
    KeyVersion,
    [
      { state: 'pending', activatesAt: reached },
      { state: 'active', retiresAt: reached },
      { state: 'retired', retiredAt: longAgo, lastTokenExpiresAt: IsNull() },
      { state: 'retired', retiredAt: longAgo, lastTokenExpiresAt: longAgo },
    ],
    { order: { id: 'ASC' }, limit },
  );
}

/** Erases deleted keys that can no longer be restored. */
@Injectable()
export class DueKeyDestructions implements Expirable {
  readonly kind = 'deleted key';

  constructor(
    private readonly database: Database,
    private readonly deletion: KeyDeletion,
  ) {}

  async recordDue(limit: number): Promise<number> {
    const due = await this.database.readPlatform(platformScope(ORIGIN), async (view) =>
      (
        await view.find(
          Key,
          { state: 'deleted', destroysAt: LessThanOrEqual(view.now) },
          { order: { destroysAt: 'ASC' }, limit },
        )
      ).map(({ id: keyId, tenantId }) => ({ keyId, tenantId })),
    );
    return handleEach(due, (key) => this.deletion.destroyIfDue(scopeOf(key), key.keyId));
  }
}
