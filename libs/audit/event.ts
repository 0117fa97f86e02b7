import { hash } from 'node:crypto';

import {
  type EventDraft,
  type EventOutcome,
  type Json,
  type Origin,
  canonicalJson,
  toRfc3339,
  withMembers,
} from '#core';

/** An event as it is hashed, stored and shown. */
export interface EventDocument {
  readonly id: string;
  readonly tenantId: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly occurredAt: string;
  readonly actor: {
    readonly type: string;
    readonly id: string;
    readonly name: string;
    readonly role?: string;
  };
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
  // What is done to a credential is part of its history, by any actor and with any outcome.
  const credentialId =
    draft.credentialId ?? (draft.targetType === 'credential' ? draft.targetId : undefined) ?? actor.credentialId;
  // In the order of RFC 8785 already, which takes a third of the time of sorting them.
  const document: EventDocument = {
    action: draft.action,
    actor: {
      id: actor.id,
      name: actor.name,
      ...(actor.role === undefined ? {} : { role: actor.role }),
      type: actor.type,
    },
    ...(draft.after === undefined ? {} : { after: withRfc3339Times(draft.after) }),
    ...(draft.before === undefined ? {} : { before: withRfc3339Times(draft.before) }),
    ...(credentialId === undefined ? {} : { credentialId }),
    ...(draft.details === undefined ? {} : { details: withRfc3339Times(draft.details) }),
    id: context.id,
    ...(draft.kid === undefined ? {} : { kid: draft.kid }),
    occurredAt: toRfc3339(context.occurredAt),
    outcome: draft.outcome,
    requestId,
    salt: context.salt,
    sourceAddress,
    target: { id: draft.targetId, type: draft.targetType },
    tenantId: context.tenantId,
    ...(draft.tokenId === undefined ? {} : { tokenId: draft.tokenId }),
  };
  const canonical = canonicalJson(document as unknown as Json);
  return { document, canonical, leafHash: leafHash(canonical) };
}

/** Members that are instants, by the names that the whole product gives to instants. */
const INSTANT_MEMBER = /^(notBefore|notAfter|thisUpdate|nextUpdate|from|until)$|[a-z](At|Before|After|Until|Since)$/;

/** Smaller numbers are durations or counts: 100,000,000,000 ms after the epoch is in 1973. */
const EARLIEST_INSTANT = 100_000_000_000;

/** What an event says about a thing, with its instants as everywhere in the API: RFC 3339, not epoch milliseconds. */
export function withRfc3339Times(value: Json): Json {
  if (Array.isArray(value)) return value.map(withRfc3339Times);
  if (value === null || typeof value !== 'object') return value;
  const record = value as { readonly [name: string]: Json | undefined };
  const change = (member: Json | undefined, name: string): Json | undefined => {
    if (member === undefined) return undefined;
    const isInstant = typeof member === 'number' && member >= EARLIEST_INSTANT && INSTANT_MEMBER.test(name);
    return isInstant ? toRfc3339(member) : withRfc3339Times(member);
  };
  // In the order of RFC 8785, see `seal`.
  return withMembers(record, change, Object.keys(record).sort());
}

/** SHA-256(0x00 || canonical), hexadecimal: the leaf of RFC 6962 §2.1 (RFC 9162 §2.1.1). */
export function leafHash(canonical: string): string {
  // One call instead of an object with four: twice as fast for the length of an event.
  return hash('sha256', `\0${canonical}`, 'hex');
}

const sha256 = (text: string): string => hash('sha256', text, 'hex');
