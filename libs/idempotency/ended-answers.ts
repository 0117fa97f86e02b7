import { Injectable } from '@nestjs/common';

import { type Expirable, platformScope, systemOrigin } from '#core';
import { Database, In, IsNull, LessThanOrEqual, Not } from '#database';
import { DueItems, Expires } from '#scheduler';

import { IdempotencyRecord } from './entities.js';

const SYSTEM = platformScope(systemOrigin('ended-answers'));

/** Erases stored answers whose tokens have expired; their keys stay known until they are 24 hours old. */
@Expires({})
@Injectable()
export class EndedAnswers implements Expirable {
  readonly kind = 'idempotent answer';
  readonly #ended: DueItems<IdempotencyRecord>;

  constructor(database: Database) {
    const erase = (rows: readonly IdempotencyRecord[]): Promise<void> =>
      database.platform(SYSTEM, async (tx) => {
        tx.housekeeping('idempotency records');
        await tx.update(IdempotencyRecord, { id: In(rows.map(({ id }) => id)) }, { sealedAnswer: null });
      });
    this.#ended = new DueItems(database, {
      kind: this.kind,
      scope: SYSTEM,
      entity: IdempotencyRecord,
      lists: [
        {
          where: (now) => ({ answerUntil: LessThanOrEqual(now), sealedAnswer: Not(IsNull()) }),
          order: [
            ['answerUntil', 'ASC'],
            ['id', 'ASC'],
          ],
        },
      ],
      itemOf: ({ id }) => id,
      handle: (row) => erase([row]),
      handleTogether: erase,
    });
  }

  recordDue(limit: number): Promise<number> {
    return this.#ended.recordDue(limit);
  }
}
