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

/** Stages the rotation of keys that are rotated by the calendar. */
@Expires({})
@Injectable()
export class DueRotations extends DueKind<Key> {
  readonly kind = 'key rotation';
  protected readonly due: DueItems<Key>;

  constructor(
    private readonly database: Database,
    private readonly rotation: KeyRotation,
  ) {
    super();
    this.due = new DueItems(database, {
      kind: this.kind,
      scope: SCOPE,
      entity: Key,
      lists: [
        {
          where: (now) => ({ state: 'active', nextRotationAt: LessThanOrEqual(now) }),
          happens: 'is rotated',
          order: [
            ['nextRotationAt', 'ASC'],
            ['id', 'ASC'],
          ],
        },
      ],
      itemOf: ({ id }) => id,
      handle: async (key) => {
        if (await this.isOfDeletedTenant(key)) await this.forget(key);
        else await this.rotation.rotateIfDue(scopeOf(key), key.id);
      },
    });
  }

  /** A deleted tenant has no data key that anything could be sealed with. */
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

/** Writes down what the clock has decided about versions: activated, retired, destroyed. */
@Expires({})
@Injectable()
export class DueVersionSteps extends DueKind<KeyVersion> {
  readonly kind = 'key version';
  protected readonly due: DueItems<KeyVersion>;

  constructor(database: Database) {
    super();
    this.due = new DueItems(database, {
      kind: this.kind,
      scope: SCOPE,
      entity: KeyVersion,
      lists: dueVersions,
      // Several steps of one key are one transaction.
      itemOf: ({ keyId }) => keyId,
      handle: (version) =>
        database.transaction(scopeOf(version), async (tx) => {
          await tx.lock(Key, { id: version.keyId });
          await applyDueSteps(tx, version.keyId);
          await raiseConfigVersion(tx);
          tx.housekeeping('another instance may have recorded it all');
        }),
    });
  }
}

const dueVersions: readonly DueList<KeyVersion>[] = [
  {
    where: (now) => ({ state: 'pending', activatesAt: LessThanOrEqual(now) }),
    happens: 'begins to sign',
    order: [
      ['activatesAt', 'ASC'],
      ['id', 'ASC'],
    ],
  },
  {
    where: (now) => ({ state: 'active', retiresAt: LessThanOrEqual(now) }),
    happens: 'is retired',
    order: [
      ['retiresAt', 'ASC'],
      ['id', 'ASC'],
    ],
  },
  {
    where: (now) => {
      const longAgo = LessThanOrEqual(destroyableSince(now));
      return [
        { state: 'retired', retiredAt: longAgo, lastTokenExpiresAt: IsNull() },
        { state: 'retired', retiredAt: longAgo, lastTokenExpiresAt: longAgo },
      ];
    },
    order: [
      ['retiredAt', 'ASC'],
      ['id', 'ASC'],
    ],
  },
];

/** Erases deleted keys that can no longer be restored. */
@Expires({})
@Injectable()
export class DueKeyDestructions extends DueKind<Key> {
  readonly kind = 'deleted key';
  protected readonly due: DueItems<Key>;

  constructor(database: Database, deletion: KeyDeletion) {
    super();
    this.due = new DueItems(database, {
      kind: this.kind,
      scope: SCOPE,
      entity: Key,
      lists: [
        {
          where: (now) => ({ state: 'deleted', destroysAt: LessThanOrEqual(now) }),
          happens: 'is destroyed',
          order: [
            ['destroysAt', 'ASC'],
            ['id', 'ASC'],
          ],
        },
      ],
      itemOf: ({ id }) => id,
      handle: async (key) => void (await deletion.destroyIfDue(scopeOf(key), key.id)),
    });
  }
}
