import { createHash } from 'node:crypto';

import { type EventDraft, type EventOutcome, type Json, type Origin, canonicalJson, toRfc3339 } from '#core';

/** An event as it is hashed, stored and shown. */
export interface EventDocument {
  readonly id: string;
  readonly tenantId: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly occurredAt: string;
  readonly actor: { readonly type: string; readonly id: string; readonly name: string; readonly role?: string };
  readonly action: string;
  readonly target: { readonly type: string; readonly id: string };
  readonly outcome: EventOutcome;
  readonly requestId: string;
  readonly sourceAddress: string | null;
  readonly credentialId?: string;
  readonly kid?: string;
  readonly tokenId?: string;
  readonly before?: Json;
  readonly after?: Json;
  readonly details?: Json;
  /** 16 random bytes, hexadecimal: without them the hash of a short event could be guessed. */
  readonly salt: string;
}

/** What the text column holds safely, whatever bytes its characters take. */
const CANONICAL_BYTES_MAX = 60_000;

interface EventContext {
  readonly origin: Origin;
  readonly tenantId: string;
  readonly id: string;
  readonly occurredAt: number;
  readonly salt: string;
}

export interface SealedEvent {
  readonly document: EventDocument;
  readonly canonical: string;
  readonly leafHash: string;
}

/**
 * The document of one event in canonical bytes (RFC 8785), with its leaf hash.
 * A before/after/details that would not fit is replaced by its hash: the event itself is never lost.
 */
export function sealEvent(draft: EventDraft, context: EventContext): SealedEvent {
  const whole = seal(draft, context);
  if (Buffer.byteLength(whole.canonical) <= CANONICAL_BYTES_MAX) return whole;
  const { before, after, details, ...kept } = draft;
  const content = canonicalJson({ before, after, details });
  const omitted = { omittedBytes: Buffer.byteLength(content), omittedSha256: sha256(content) };
  return seal({ ...kept, details: omitted }, context);
}

function seal(draft: EventDraft, context: EventContext): SealedEvent {
  const { actor, requestId, sourceAddress } = context.origin;
  const credentialId = draft.credentialId ?? actor.credentialId;
  const document: EventDocument = {
    id: context.id,
    tenantId: context.tenantId,
    occurredAt: toRfc3339(context.occurredAt),
    actor: {
      type: actor.type,
      id: actor.id,
      name: actor.name,
      ...(actor.role === undefined ? {} : { role: actor.role }),
    },
    action: draft.action,
    target: { type: draft.targetType, id: draft.targetId },
    outcome: draft.outcome,
    requestId,
    sourceAddress,
    ...(credentialId === undefined ? {} : { credentialId }),
    ...(draft.kid === undefined ? {} : { kid: draft.kid }),
    ...(draft.tokenId === undefined ? {} : { tokenId: draft.tokenId }),
    ...(draft.before === undefined ? {} : { before: draft.before }),
    ...(draft.after === undefined ? {} : { after: draft.after }),
    ...(draft.details === undefined ? {} : { details: draft.details }),
    salt: context.salt,
  };
  const canonical = canonicalJson(document as unknown as Json);
  return { document, canonical, leafHash: leafHash(canonical) };
}

/** SHA-256(0x00 || canonical), hexadecimal: the leaf of RFC 6962 §2.1 (RFC 9162 §2.1.1). */
export function leafHash(canonical: string): string {
  return createHash('sha256').update(Uint8Array.of(0)).update(canonical, 'utf8').digest('hex');
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
