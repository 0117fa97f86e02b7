import type { EpochMilliseconds } from './clock.js';
import { type DomainError, coreErrors } from './errors.js';
import type { EventContent, EventFactory } from './events.js';

type Details = Readonly<Record<string, string | number | boolean | null>>;

/** What an event of the history is about: its target, and what every event of such a row says. */
export type EventSubject = Omit<EventContent, 'details'> & { readonly targetId: string; readonly details?: Details };

/** One row of the table: from which states to which one, and everything that follows from it. */
interface LifecycleRow<State extends string, Row, Timing> {
  readonly from: readonly State[];
  readonly to: State;
  /** The participle of the messages: `A credential that is deleted cannot be discarded`. */
  readonly done: string;
  /** The event that each transition records; `null` where the rows have no history. */
  readonly records: EventFactory | null;
  /** What a repetition, in the state `to`, answers: `unchanged` accepts it. Without this member it is rejected. */
  readonly repeated?: 'unchanged';
  /** For what the clock does by itself: the instant from which `to` is the state; `null` for never. */
  dueAt?(row: Timing): EpochMilliseconds | null;
  /** The clock's transition cannot be taken back: it is recorded only by a time that is confirmed. */
  readonly irreversible?: true;
  /**
   * The columns that change together with the state.
   * @param at when the transition took effect
   * @param now when it is recorded
   */
  sets?(row: Row, at: EpochMilliseconds, now: EpochMilliseconds): Partial<Row>;
  /** What the event says beside what all events of such a row say. */
  details?(row: Row): Details;
}

/** A row of the table under its name, with what it leaves out filled in. */
export interface LifecycleEvent<Row = object, State extends string = string> {
  readonly name: string;
  readonly from: readonly State[];
  readonly to: State;
  readonly records: EventFactory | null;
  readonly repeated: 'unchanged' | 'rejected';
  readonly irreversible: boolean;
  sets(row: Row, at: EpochMilliseconds, now: EpochMilliseconds): Partial<Row>;
  details(row: Row): Details | undefined;
}

/** A transition that the clock has decided, and when. */
interface DueTransition<Row> {
  readonly event: LifecycleEvent<Row>;
  readonly at: EpochMilliseconds;
}

export interface Lifecycle<State extends string = string, Name extends string = string, Row = object, Timing = object> {
  readonly noun: string;
  readonly states: readonly State[];
  /** A new row is in one of these. */
  readonly initial: readonly State[];
  /** What is in one of these is in use, or will be; what has left them is history. */
  readonly live: readonly State[];
  readonly event: { readonly [EventName in Name]: LifecycleEvent<Row, State> };
  /** The events that the table permits from `state`, in the table's order; without repetitions that change nothing. */
  allowedFrom(state: State): Name[];
  /** Whether the event is accepted in `state`: it leads on, or its repetition changes nothing. */
  accepts(state: State, name: Name): boolean;
  /** `WRONG_STATE` in words. */
  rejection(state: State, name: Name): DomainError;
  /** @throws WRONG_STATE unless the event is accepted in `state` */
  require(state: State, name: Name): void;
  /** The state that counts at `now`, which may not be recorded yet. */
  stateAt(row: Timing & { readonly state: State }, now: EpochMilliseconds): State;
  /** The transitions that the clock has decided by `now`, in their order. */
  due(row: Timing & { readonly state: State }, now: EpochMilliseconds): DueTransition<Row>[];
  /** The recorded states of rows that may be in `state` at some instant: it, and those from which the clock leads to it. */
  recordedAs(state: State): State[];
  /** What the events of a row are about; more than one where it has several histories. */
  subjects(row: Row): readonly EventSubject[];
}

/**
 * Turns a transition table into everything that needs it: the wire enum (`states`), the transaction's `transition`,
 * `transitionAll` and `applyDue`, `allowedActions`, and the exhaustive test. A rule that is not in the table does not
 * exist.
 * @param table.about what the history says of a row; without it the event's target is the row's id
 */
export function defineLifecycle<
  const State extends string,
  Name extends string,
  Row extends { readonly id: string },
  Timing extends object,
>(table: {
  noun: string;
  states: readonly State[];
  initial: readonly NoInfer<State>[];
  live: readonly NoInfer<State>[];
  about?: (row: Row) => EventSubject | readonly EventSubject[];
  events: { readonly [EventName in Name]: LifecycleRow<NoInfer<State>, NoInfer<Row>, Timing> };
}): Lifecycle<State, Name, Row, Timing> {
  const names = Object.keys(table.events) as Name[];
  const event = Object.fromEntries(names.map((name) => [name, eventOf(name, table.events[name])])) as Lifecycle<
    State,
    Name,
    Row,
    Timing
  >['event'];
  const clock = names.filter((name) => table.events[name].dueAt);
  const { about = ({ id }: Row) => ({ targetId: id }) } = table;

  const due: Lifecycle<State, Name, Row, Timing>['due'] = (row, now) => {
    const decided: { readonly event: LifecycleEvent<Row, State>; readonly at: EpochMilliseconds }[] = [];
    for (let state: State = row.state; ; state = decided.at(-1)!.event.to) {
      const next = clock
        .filter((name) => event[name].from.includes(state))
        .map((name) => ({ event: event[name], at: table.events[name].dueAt!(row) ?? Number.POSITIVE_INFINITY }))
        .find(({ at }) => at <= now);
      if (!next) return decided;
      decided.push(next);
    }
  };

  const accepts = (state: State, name: Name): boolean =>
    event[name].from.includes(state) || (event[name].repeated === 'unchanged' && event[name].to === state);
  const rejection = (state: State, name: Name): DomainError =>
    coreErrors.WRONG_STATE(`A ${table.noun} that is ${state} cannot be ${table.events[name].done}`);

  return {
    noun: table.noun,
    states: table.states,
    initial: table.initial,
    live: table.live,
    event,
    allowedFrom: (state) => names.filter((name) => event[name].from.includes(state)),
    accepts,
    rejection,
    require(state, name) {
      if (!accepts(state, name)) throw rejection(state, name);
    },
    stateAt: (row, now) => (due(row, now).at(-1)?.event.to as State | undefined) ?? row.state,
    due,
    recordedAs(state) {
      const found = new Set([state]);
      for (const reached of found) {
        for (const name of clock) if (event[name].to === reached) event[name].from.forEach((from) => found.add(from));
      }
      return [...found];
    },
    subjects: (row) => [about(row)].flat() as EventSubject[],
  };
}

const eventOf = <State extends string, Row, Timing>(
  name: string,
  row: LifecycleRow<State, Row, Timing>,
): LifecycleEvent<Row, State> => ({
  name,
  from: row.from,
  to: row.to,
  records: row.records,
  repeated: row.repeated ?? 'rejected',
  irreversible: row.irreversible ?? false,
  sets: (stored, at, now) => row.sets?.(stored, at, now) ?? {},
  details: (stored) => row.details?.(stored),
});
