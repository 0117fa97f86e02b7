import { randomBytes } from 'node:crypto';

import { uuidv7 } from '#crypto';
import type { EventRecorder } from '#database';

import { AuditEvent } from './audit-event.entity.js';
import { sealEvent } from './event.js';

const SALT_BYTES = 16;
/** Characters that the index column holds; the event itself has the whole name. */
const ACTOR_NAME_MAX = 254;

/** Writes the events of a transaction as its last statement, so that they commit with the change or not at all. */
export const recordEvents: EventRecorder = async (tx, drafts) => {
  const rows = drafts.map((draft): AuditEvent => {
    const id = uuidv7(tx.now);
    const tenantId = draft.tenantId ?? tx.scope.tenantId;
    const salt = randomBytes(SALT_BYTES).toString('hex');
    const sealed = sealEvent(draft, { origin: tx.scope, tenantId, id, occurredAt: tx.now, salt });
    const { actor, requestId, sourceAddress } = tx.scope;
    return {
      id,
      tenantId,
      sequence: null,
      occurredAt: tx.now,
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
  });
  await tx.insert(AuditEvent, rows);
};
