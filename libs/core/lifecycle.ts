import { coreErrors } from './errors.js';

/** `event: [[states it may start from], the state it leads to]` */
export type LifecycleEvents<State extends string> = Record<string, readonly [readonly State[], State]>;

export interface LifecycleEvent<State extends string = string> {
  readonly name: string;
  readonly from: readonly State[];
  readonly to: State;
}

export interface Lifecycle<State extends string, Events extends LifecycleEvents<State>> {
  readonly noun: string;
  readonly states: readonly State[];
  readonly initial: readonly State[];
  readonly event: { readonly [Name in keyof Events & string]: LifecycleEvent<State> };
  /** The events that the table permits from `state`, in the table's order. */
  allowedFrom(state: State): (keyof Events & string)[];
  /** The state that `event` leads to; throws `WRONG_STATE` where the table has no such edge. */
  next(state: State, event: keyof Events & string): State;
}

/**
 * Turns a transition table into everything that needs it: the wire enum (`states`), the conditional UPDATE
 * (`tx.transition`), `allowedActions`, and the exhaustive test. A rule that is not in the table does not exist.
 */
export function defineLifecycle<
  const State extends string,
  const Events extends LifecycleEvents<NoInfer<State>>,
>(table: {
  noun: string;
  states: readonly State[];
  initial: readonly NoInfer<State>[];
  events: Events;
}): Lifecycle<State, Events> {
  const event = Object.fromEntries(
    Object.entries(table.events).map(([name, [from, to]]) => [name, { name, from, to }]),
  ) as Lifecycle<State, Events>['event'];
  const names = Object.keys(table.events) as (keyof Events & string)[];
  return {
    noun: table.noun,
    states: table.states,
    initial: table.initial,
    event,
    allowedFrom: (state) => names.filter((name) => event[name].from.includes(state)),
    next(state, name) {
      const edge = event[name];
      if (!edge.from.includes(state)) {
        throw coreErrors.WRONG_STATE(`A ${table.noun} that is ${state} cannot be ${pastTense(name)}`);
      }
      return edge.to;
    },
  };
}

function pastTense(verb: string): string {
  return verb.endsWith('e') ? `${verb}d` : `${verb}ed`;
}
