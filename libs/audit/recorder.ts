import type { EpochMilliseconds, EventDraft, Origin } from '#core';
import { randomSalt, uuidv7 } from '#crypto';
import type { EventRecorder, Series } from '#database';

import { AuditEvent } from './audit-event.entity.js';
import { type SealedEvent, sealEvent } from './event.js';
import { HistorySize } from './log.entities.js';
import type { MonthKey } from './month-key.js';
import type { MonthKeys } from './month-keys.service.js';
import { monthOf } from './months.js';

const SALT_BYTES = 16;
/** Characters that the index column holds; the event itself has the whole name. */
const ACTOR_NAME_MAX = 254;

/** Each event has the next number of its history. */
const numbered: Series = { entity: AuditEvent, number: 'sequence', counter: HistorySize, count: 'size' };

interface Recorded {
  readonly origin: Origin;
  readonly draft: EventDraft;
  readonly tenantId: string;
  readonly sealed: SealedEvent;
}

/**
 * Writes the events of a transaction as its last statements, so that they commit with the change or not at all. Each gets
 * the next number of its history: the row with the history's size is locked until the commit, so that numbers have no gaps
 * and follow the order of commits.
 * @param keysOf what seals the personal fields; asked when there are some
 */
export const eventRecorder =
  (keysOf: () => Pick<MonthKeys, 'forRecording'>): EventRecorder =>
  async (tx, works) => {
    const occurredAt = tx.now;
    const month = monthOf(occurredAt);
    const recorded = works.flatMap(({ scope: origin, events }) =>
      events.map((draft): Recorded => {
        const tenantId = draft.tenantId ?? origin.tenantId;
        const salt = randomSalt(SALT_BYTES);
        const sealed = sealEvent(draft, { origin, tenantId, id: uuidv7(occurredAt), occurredAt, month, salt });
        return { origin, draft, tenantId, sealed };
      }),
    );
    const histories = Map.groupBy(recorded, ({ tenantId }) => tenantId);
    const withParts = [...histories].filter(([, own]) => own.some(({ sealed }) => sealed.part !== undefined));
    const tenantIds = new Set(withParts.map(([tenantId]) => tenantId));
    const keys = tenantIds.size === 0 ? undefined : await keysOf().forRecording(tx, tenantIds);
    const rows = [...histories].map(
      ([tenantId, own]) => [tenantId, rowsOf(own, occurredAt, keys?.get(tenantId))] as const,
    );
    await tx.appendNumbered(numbered, new Map(rows));
  };

/** Without a key, what it would seal is erased from the beginning: the history has the event all the same. */
function rowsOf(
  recorded: readonly Recorded[],
  occurredAt: EpochMilliseconds,
  key: MonthKey | undefined,
): Omit<AuditEvent, 'sequence'>[] {
  const parts = key && recorded.flatMap(({ sealed: { part } }) => (part === undefined ? [] : [part]));
  const sealedParts = key?.seal(parts!);
  let next = 0;
  return recorded.map(({ origin: { actor, requestId, sourceAddress }, draft, tenantId, sealed }) => {
    const { document, canonical, leafHash, part } = sealed;
    const isPersonal = document.actor.name === null;
    return {
      id: document.id,
      tenantId,
      occurredAt,
      actorType: actor.type,
      actorId: actor.id,
      actorName: isPersonal ? (key?.indexOf('actorName', actor.name) ?? null) : actor.name.slice(0, ACTOR_NAME_MAX),
      sourceAddress: sourceAddress === null ? null : (key?.indexOf('sourceAddress', sourceAddress) ?? null),
      action: draft.action,
      targetType: draft.targetType,
      targetId: draft.targetId,
      outcome: draft.outcome,
      requestId,
      tokenId: draft.tokenId ?? null,
      kid: draft.kid ?? null,
      credentialId: document.credentialId ?? null,
      canonical,
      personal: part === undefined ? null : (sealedParts?.[next++] ?? null),
      leafHash,
    };
  });
}
