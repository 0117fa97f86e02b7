import type { EpochMilliseconds, EventContent, EventDraft, LifecycleEvent } from '#core';

import { detailsOf } from './ledger.js';
import { lifecycleOf, requireNoState } from './lifecycle-of.js';
import type { EntityClass } from './ownership.js';

// Changes of rows that were read or written before their transaction: prepared work reads no rows in it.

/** New values of columns, except the state, which only its lifecycle changes. */
export type Changes<Row> = { [Column in Exclude<keyof Row, 'state'>]?: Row[Column] } & { state?: never };

/** What a use case adds to the transition of the table. */
export interface Addition<Row> {
  readonly set?: Changes<Row>;
  readonly content?: EventContent;
}

declare class KnownChangeMark {
  private readonly isChecked: true;
}

/** A change of one row that is applied only if the row still has the known version. `knownChange` and `knownTransition` make it. */
export type KnownChange = {
  readonly entity: EntityClass;
  readonly id: string;
  readonly version: number;
  readonly set: Readonly<Record<string, unknown>>;
} & KnownChangeMark;

type Known = { readonly id: string; readonly version: number };

/** A change of columns of a known row. */
export function knownChange<Row extends Known>(
  entity: EntityClass<Row>,
  { id, version }: Row,
  set: Changes<Row>,
): KnownChange {
  requireNoState(entity, set);
  return { entity, id, version, set } as unknown as KnownChange;
}

/**
 * The transition of a known row by an event of its lifecycle.
 * @returns the change, the row after it, and its audit event
 * @throws WRONG_STATE by the effective state at `now`
 */
export function knownTransition<Row extends Known & { readonly state: string }>(
  entity: EntityClass<Row>,
  row: Row,
  event: LifecycleEvent<NoInfer<Row>>,
  now: EpochMilliseconds,
  { set, content }: Addition<Row> = {},
): { readonly change: KnownChange; readonly row: Row; readonly events: readonly EventDraft[] } {
  const lifecycle = lifecycleOf(entity, event as LifecycleEvent);
  const state = lifecycle.stateAt(row, now);
  if (!event.from.includes(state)) throw lifecycle.rejection(state, event.name);
  const updatedAt = 'updatedAt' in row ? { updatedAt: now } : {};
  const values = { ...updatedAt, ...event.sets(row, now, now), ...set, state: event.to };
  const { id, version } = row;
  const moved = { ...row, ...values, version: version + 1 };
  return {
    change: { entity, id, version, set: values } as unknown as KnownChange,
    row: moved,
    events: transitionEvents(entity, moved, event, content),
  };
}

/** The audit event of a transition. @param row after it */
export function transitionEvents<Row extends { readonly state: string }>(
  entity: EntityClass<Row>,
  row: Row,
  event: LifecycleEvent<NoInfer<Row>>,
  content: EventContent = {},
): EventDraft[] {
  const { records } = event;
  if (records === null) return [];
  return lifecycleOf(entity)
    .subjects(row)
    .map(({ targetId, ...subject }) => {
      const details = detailsOf(subject, { details: event.details(row) }, content);
      return records(targetId, { ...subject, ...content, ...details });
    });
}
