import { Column } from 'typeorm';

import type { Lifecycle, LifecycleEvent } from '#core';

import { TransactionMisuse } from './errors.js';
import type { EntityClass } from './ownership.js';

const lifecycles = new WeakMap<object, Lifecycle>();

/**
 * The state of a row. It begins in one of the lifecycle's initial states and changes by `tx.transition`,
 * `tx.transitionAll` and `tx.applyDue` only.
 */
export const StateColumn =
  <State extends string, Name extends string, Row, Timing>(lifecycle: Lifecycle<State, Name, Row, Timing>) =>
  (target: { state: NoInfer<State> }, property: 'state'): void => {
    lifecycles.set(target.constructor, lifecycle as unknown as Lifecycle);
    Column({ type: 'varchar', length: 16 })(target, property);
  };

/** @throws TransactionMisuse where the rows have no lifecycle, or the event is another one's */
export function lifecycleOf(entity: EntityClass, event?: LifecycleEvent): Lifecycle {
  const lifecycle = lifecycles.get(entity);
  if (!lifecycle) throw new TransactionMisuse(`${entity.name} has no @StateColumn`);
  if (event && lifecycle.event[event.name] !== event) {
    throw new TransactionMisuse(`${event.name} is no event of the lifecycle of a ${lifecycle.noun}`);
  }
  return lifecycle;
}

/** @throws TransactionMisuse for a new row in a state that its lifecycle does not begin with */
export function requireInitialState(entity: EntityClass, row: object): void {
  const lifecycle = lifecycles.get(entity);
  if (!lifecycle) return;
  const { state } = row as { readonly state: string };
  if (!lifecycle.initial.includes(state)) {
    throw new TransactionMisuse(`A new ${lifecycle.noun} cannot be ${state}: ${lifecycle.initial.join(' or ')}`);
  }
}

/** @throws TransactionMisuse for a change of the state beside the lifecycle */
export function requireNoState(entity: EntityClass, values: object): void {
  if (lifecycles.has(entity) && Object.hasOwn(values, 'state')) {
    throw new TransactionMisuse(`The state of a row of ${entity.name} changes by its lifecycle only`);
  }
}
