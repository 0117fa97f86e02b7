import { Injectable } from '@nestjs/common';

import { platformScope, systemOrigin } from '#core';
import { Database, In, IsNull, LessThanOrEqual, Not } from '#database';
import { DueItems, DueKind, Expires } from '#scheduler';

import { IdempotencyRecord } from './entities.js';

const SYSTEM = platformScope(systemOrigin('ended-answers'));

/** Erases stored answers whose tokens have expired; their keys stay known until they are 24 hours old. */
@Expires({})
@Injectable()
export class EndedAnswers extends DueKind<IdempotencyRecord> {
  constructor(database: Database) {
    const erase = (rows: readonly IdempotencyRecord[]): Promise<void> =>
      database.platform(SYSTEM, async (tx) => {
        tx.housekeeping('idempotency records');
        await tx.update(IdempotencyRecord, { id: In(rows.map(({ id }) => id)) }, { sealedAnswer: null });
      });
    super(
      new DueItems(database, {
        kind: 'idempotent answer',
        scope: SYSTEM,
        entity: IdempotencyRecord,
        lists: [
          {
            where: (now) => ({ answerUntil: LessThanOrEqual(now), sealedAnswer: Not(IsNull()) }),
            dueColumn: 'answerUntil',
          },
        ],
        handle: (row) => erase([row]),
        handleTogether: erase,
      }),
    );
  }
}
