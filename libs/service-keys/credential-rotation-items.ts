import { Injectable } from '@nestjs/common';

import { DAY, platformScope, systemOrigin } from '#core';
import { Database, In, IsNull, LessThanOrEqual } from '#database';
import { DueItems, DueKind, Expires, purge } from '#scheduler';
import { tenantState } from '#tenants';

import { CredentialRotations } from './credential-rotations.service.js';
import { CredentialRotation, CredentialRotationItem } from './entities.js';

const SCOPE = platformScope(systemOrigin('credential-rotation'));

/** Takes the next step about the credentials of rotations that run. */
@Expires({})
@Injectable()
export class CredentialRotationItems extends DueKind<CredentialRotationItem> {
  constructor(database: Database, rotations: CredentialRotations) {
    super(
      new DueItems(database, {
        kind: 'credential rotation item',
        scope: SCOPE,
        entity: CredentialRotationItem,
        lists: [{ where: (now) => ({ finishedAt: IsNull(), dueAt: LessThanOrEqual(now) }), dueColumn: 'dueAt' }],
        handle: async ({ id, tenantId }) => {
          const state = await database.readPlatform(SCOPE, (view) => tenantState(view, tenantId));
          // A suspended tenant may come back.
          if (state === 'suspended') return false;
          await rotations.advance({ ...SCOPE, tenantId }, id);
          return true;
        },
      }),
    );
  }
}

/** How long a rotation that has ended is listed, with its report. */
const KEPT_FOR = 90 * DAY;

/** Removes the items of rotations that ended long ago; the history keeps what became of each credential. */
@Expires({})
@Injectable()
export class FinishedRotationItems extends DueKind<CredentialRotationItem> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'finished credential rotation item',
        scope: SCOPE,
        entity: CredentialRotationItem,
        where: (now) => ({ finishedAt: LessThanOrEqual(now - KEPT_FOR) }),
        dueColumn: 'finishedAt',
        reason: 'items of rotations that ended long ago',
      }),
    );
  }
}

/** Removes rotations that ended long ago. */
@Expires({})
@Injectable()
export class EndedCredentialRotations extends DueKind<CredentialRotation> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'ended credential rotation',
        scope: SCOPE,
        entity: CredentialRotation,
        where: (now) => ({ state: In(['completed', 'cancelled']), endedAt: LessThanOrEqual(now - KEPT_FOR) }),
        dueColumn: 'endedAt',
        reason: 'rotations that ended long ago',
      }),
    );
  }
}
