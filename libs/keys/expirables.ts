import { Injectable } from '@nestjs/common';

import { type TenantScope, platformScope, systemOrigin } from '#core';
import { Database, IsNull, LessThanOrEqual } from '#database';
import { DueItems, DueKind, type DueList, Expires } from '#scheduler';
import { raiseConfigVersion, tenantState } from '#tenants';

import { KeyDeletion } from './deletion.service.js';
import { Key, KeyVersion } from './entities.js';
import { destroyableSince } from './lifecycle.js';
import { KeyRotation } from './rotation.service.js';
import { applyDueSteps } from './due-steps.js';

const ORIGIN = systemOrigin('scheduler');
const SCOPE = platformScope(ORIGIN);
const scopeOf = ({ tenantId }: Key | KeyVersion): TenantScope => ({ ...ORIGIN, tenantId });

/** Stages the rotation of keys with a rotation schedule. */
@Expires({})
@Injectable()
export class DueRotations extends DueKind<Key> {
  constructor(
    private readonly database: Database,
    private readonly rotation: KeyRotation,
  ) {
    super(
      new DueItems(database, {
        kind: 'key rotation',
        scope: SCOPE,
        entity: Key,
        contactsOf: ({ id }) => [id],
        lists: [
          {
            where: (now) => ({ state: 'active', nextRotationAt: LessThanOrEqual(now) }),
            happens: 'is rotated',
            dueColumn: 'nextRotationAt',
          },
        ],
        handle: async (key) => {
          if (await this.isOfDeletedTenant(key)) await this.forget(key);
          else await this.rotation.rotateIfDue(scopeOf(key), key.id);
        },
      }),
    );
  }

  /** A deleted tenant has no data key to seal a new version with. */
  private async isOfDeletedTenant({ tenantId }: Key): Promise<boolean> {
    const state = await this.database.readPlatform(SCOPE, (view) => tenantState(view, tenantId));
    return state === 'deleted';
  }

  private async forget(key: Key): Promise<void> {
    await this.database.transaction(scopeOf(key), async (tx) => {
      tx.housekeeping('keys of a deleted tenant are rotated no more');
      await tx.note(Key, { id: key.id }, { nextRotationAt: null });
    });
  }
}

/** Applies due transitions of key versions: activates, retires, destroys. */
@Expires({})
@Injectable()
export class DueVersionSteps extends DueKind<KeyVersion> {
  constructor(database: Database) {
    super(
      new DueItems(database, {
        kind: 'key version',
        scope: SCOPE,
        entity: KeyVersion,
        lists: dueVersions,
        contactsOf: ({ keyId }) => [keyId],
        // Several steps of one key are one transaction.
        itemOf: ({ keyId }) => keyId,
        handle: (version) =>
          database.transaction(scopeOf(version), async (tx) => {
            await tx.lock(Key, { id: version.keyId });
            await applyDueSteps(tx, version.keyId);
            await raiseConfigVersion(tx);
            tx.housekeeping('another instance may have recorded it all');
          }),
      }),
    );
  }
}

const dueVersions: readonly DueList<KeyVersion>[] = [
  {
    where: (now) => ({ state: 'pending', activatesAt: LessThanOrEqual(now) }),
    happens: 'begins to sign',
    dueColumn: 'activatesAt',
  },
  {
    where: (now) => ({ state: 'active', retiresAt: LessThanOrEqual(now) }),
    happens: 'is retired',
    dueColumn: 'retiresAt',
  },
  {
    where: (now) => {
      const longAgo = LessThanOrEqual(destroyableSince(now));
      return [
        { state: 'retired', retiredAt: longAgo, lastTokenExpiresAt: IsNull() },
        { state: 'retired', retiredAt: longAgo, lastTokenExpiresAt: longAgo },
      ];
    },
    dueColumn: 'retiredAt',
  },
];

/** Erases deleted keys that can no longer be restored. */
@Expires({})
@Injectable()
export class DueKeyDestructions extends DueKind<Key> {
  constructor(database: Database, deletion: KeyDeletion) {
    super(
      new DueItems(database, {
        kind: 'deleted key',
        scope: SCOPE,
        entity: Key,
        contactsOf: ({ id }) => [id],
        lists: [
          {
            where: (now) => ({ state: 'deleted', destroysAt: LessThanOrEqual(now) }),
            happens: 'is destroyed',
            dueColumn: 'destroysAt',
          },
        ],
        handle: async (key) => void (await deletion.destroyIfDue(scopeOf(key), key.id)),
      }),
    );
  }
}
