import type { Json } from './canonical-json.js';

export type EventOutcome = 'success' | 'denied' | 'failed';

/** What a use-case says about itself; the transaction adds who, when and from where. Never holds a secret. */
export interface EventDraft {
  readonly action: string;
  readonly targetType: string;
  readonly targetId: string;
  readonly outcome: EventOutcome;
  /** The tenant whose history this belongs to; only platform work may name one, all else stays in its own scope. */
  readonly tenantId?: string | undefined;
  readonly kid?: string | undefined;
  readonly tokenId?: string | undefined;
  readonly credentialId?: string | undefined;
  /** The values that a change replaced and what it put there, restricted to the members that changed. */
  readonly before?: Json | undefined;
  readonly after?: Json | undefined;
  readonly details?: Json | undefined;
}

export type EventContent = Partial<Omit<EventDraft, 'action' | 'targetType' | 'targetId'>>;
export type EventFactory = ((targetId: string, content?: EventContent) => EventDraft) & { readonly action: string };

export interface EventTable {
  readonly noun: string;
  readonly descriptions: Readonly<Record<string, string>>;
}

/**
 * Declares the audit events of one noun: `const keyEvents = defineEvents('key', { generated: 'A key was made' })`, then
 * `tx.record(keyEvents.generated(key.id, { after }))` writes the action `key.generated`. `docs/audit-events.md` is
 * generated from these tables.
 */
export function defineEvents<const T extends Record<string, string>>(
  noun: string,
  descriptions: T,
): { readonly [Name in keyof T]: EventFactory } & { readonly table: EventTable } {
  const factories: Record<string, unknown> = { table: { noun, descriptions } };
  for (const name of Object.keys(descriptions)) {
    const action = `${noun}.${name}`;
    const make = (targetId: string, content: EventContent = {}): EventDraft => ({
      outcome: 'success',
      ...content,
      action,
      targetType: noun,
      targetId,
    });
    factories[name] = Object.defineProperty(make, 'action', { value: action });
  }
  return factories as never;
}
