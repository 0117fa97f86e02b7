import type { EpochMilliseconds, EventDraft, Origin } from '#core';
import { randomSalt, uuidv7 } from '#crypto';
import type { EventRecorder, Series } from '#database';

import { AuditEvent } from './audit-event.entity.js';
import { sealEvent } from './event.js';
import { HistorySize } from './log.entities.js';

const SALT_BYTES = 16;
/** Characters that the index column holds; the event itself has the whole name. */
const ACTOR_NAME_MAX = 254;

/** Each event has the next number of its history. */
const histories: Series = { entity: AuditEvent, number: 'sequence', counter: HistorySize, count: 'size' };

/**
 * Writes the events of a transaction as its last statements, so that they commit with the change or not at all. Each gets
 * the next number of its history: the row with the history's size is locked until the commit, so that numbers have no gaps
 * and follow the order of commits.
 */
export const recordEvents: EventRecorder = async (tx, works) => {
  const rows = works.flatMap(({ scope, events }) =>
    events.map((draft) => rowOf(tx.now, scope, draft, draft.tenantId ?? scope.tenantId)),
  );
  await tx.appendNumbered(
    histories,
    Map.groupBy(rows, ({ tenantId }) => tenantId),
  );
};

function rowOf(
  now: EpochMilliseconds,
  origin: Origin,
  draft: EventDraft,
  tenantId: string,
): Omit<AuditEvent, 'sequence'> {
  const id = uuidv7(now);
  const salt = randomSalt(SALT_BYTES);
  const sealed = sealEvent(draft, { origin, tenantId, id, occurredAt: now, salt });
  const { actor, requestId, sourceAddress } = origin;
  return {
    id,
    tenantId,
    occurredAt: now,
    actorType: actor.type,
    actorId: actor.id,
    actorName: actor.name.slice(0, ACTOR_NAME_MAX),
    sourceAddress,
    action: draft.action,
    targetType: draft.targetType,
    targetId: draft.targetId,
    outcome: draft.outcome,
    requestId,
    tokenId: draft.tokenId ?? null,
    kid: draft.kid ?? null,
    credentialId: sealed.document.credentialId ?? null,
    canonical: sealed.canonical,
    leafHash: sealed.leafHash,
  };
}
