import type { Json } from './canonical-json.js';
import { type EpochMilliseconds, fromRfc3339 } from './clock.js';
import type { Lifecycle, LifecycleEvent } from './lifecycle.js';

type Values = Readonly<Record<string, Json | undefined>>;

/**
 * Why an event has not all values: those of a very large one gave way to their hash; the personal ones were erased; or somebody
 * changed the database.
 */
export const missingValues = ['too_large', 'erased', 'altered'] as const;
export type MissingValues = (typeof missingValues)[number];

/** An event of the history, as far as it says what became of its target. */
export interface RecordedEvent {
  /** Id of the event. */
  readonly id: string;
  readonly action: string;
  readonly at: EpochMilliseconds;
  readonly targetId: string;
  readonly kid: string | undefined;
  /** The values of a creation or a change, instants in RFC 3339; empty where the event names none. */
  readonly after: Values;
  readonly details: Values;
  /** Why it has not all values; empty where it has. */
  readonly missing: readonly MissingValues[];
}

type Change<Row> = (row: Row, event: RecordedEvent) => Row | undefined;

/** How a thing of one kind follows from the events about it. Pure: an auditor who has the events can check the result. */
export interface Projection<Row extends object> {
  /** Actions with which one begins, and what it is then. */
  readonly begins: Readonly<Record<string, (event: RecordedEvent) => Row>>;
  /** Actions that change one; `undefined` where it ends. */
  readonly changes: Readonly<Record<string, Change<Row>>>;
  /** The row as it counts at an instant, which the clock may have moved on; `undefined` where it has ended. */
  at(row: Row, instant: EpochMilliseconds): Row | undefined;
  /** The row without parts of it that have ended permanently: what of it is kept when its events are not. */
  readonly lasting?: (row: Row) => Row;
}

export interface Rebuilt<Row> {
  readonly row: Row;
  /** Id of the event with which it began. */
  readonly begunBy: string;
  /** Why events about it have not all values; empty where they have. */
  readonly missing: readonly MissingValues[];
}

/** A thing after some of its events, before the clock is looked at: the state that later events continue from. */
export interface Begun<Row> extends Rebuilt<Row> {
  /** When it began. */
  readonly begunAt: EpochMilliseconds;
}

/** All actions that a projection reads. */
export const actionsOf = <Row extends object>({ begins, changes }: Projection<Row>): string[] => [
  ...new Set([...Object.keys(begins), ...Object.keys(changes)]),
];

/**
 * A thing after further events.
 * @param before what it was before them; `undefined` where it had not begun, or had ended
 * @param events all about one target, in the order of their numbers; those of other actions are ignored
 * @returns `undefined` where it had not begun, or has ended
 */
export function goOn<Row extends object>(
  { begins, changes }: Projection<Row>,
  before: Begun<Row> | undefined,
  events: readonly RecordedEvent[],
): Begun<Row> | undefined {
  let state = before;
  for (const event of events) {
    const begin = Object.hasOwn(begins, event.action) ? begins[event.action] : undefined;
    const change = Object.hasOwn(changes, event.action) ? changes[event.action] : undefined;
    if (begin) state = { row: begin(event), begunBy: event.id, begunAt: event.at, missing: event.missing };
    else if (state && change) {
      const row = change(state.row, event);
      state = row && { ...state, row, missing: [...new Set([...state.missing, ...event.missing])] };
    }
  }
  return state;
}

/**
 * A thing as it was at an instant.
 * @param events all about one target until then, in the order of their numbers; those of other actions are ignored
 * @param before what it was before them; absent where they are all that there are
 * @returns `undefined` where it had not begun, or had ended
 */
export function rebuild<Row extends object>(
  projection: Projection<Row>,
  events: readonly RecordedEvent[],
  instant: EpochMilliseconds,
  before?: Begun<Row>,
): Rebuilt<Row> | undefined {
  const state = goOn(projection, before, events);
  const row = state && projection.at(state.row, instant);
  return row && { row, begunBy: state.begunBy, missing: state.missing };
}

/**
 * The changes that the table of a lifecycle implies: the state that each event leads to, and the columns that change with it,
 * as far as the row has them. What the clock had decided took effect then, and not when it was recorded.
 */
export function transitions<Row extends { readonly state: string }>(
  lifecycle: Pick<Lifecycle, 'event' | 'due'>,
): Record<string, (row: Row, event: RecordedEvent) => Row> {
  const recorded = Object.values(lifecycle.event).flatMap(({ records, ...event }) =>
    records === null ? [] : [[records.action, { records, ...event }] as const],
  );
  return Object.fromEntries(
    recorded.map(([action, event]) => [action, (row: Row, { at }: RecordedEvent) => moved(lifecycle, row, event, at)]),
  );
}

function moved<Row extends { readonly state: string }>(
  lifecycle: Pick<Lifecycle, 'due'>,
  row: Row,
  { name, to, sets }: LifecycleEvent,
  recordedAt: EpochMilliseconds,
): Row {
  const due = lifecycle.due(row, recordedAt).find(({ event }) => event.name === name);
  const columns = Object.entries(sets(row, due?.at ?? recordedAt, recordedAt)).filter(([column]) => column in row);
  return { ...row, ...Object.fromEntries(columns), state: to };
}

/** An instant of an event; `null` where the event names none. */
export const instantOf = (value: Json | undefined): EpochMilliseconds | null =>
  typeof value === 'string' ? (fromRfc3339(value) ?? null) : null;

/** Text of an event; `null` where the event names none. */
export const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);
