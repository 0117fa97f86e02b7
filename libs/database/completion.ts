import type { PlatformScope, TenantScope } from '#core';
import type { Tx } from './tx.js';

type Scope = TenantScope | PlatformScope;

/** What is written in the transaction that does the work of a scope, once its result is known and before the commit. */
export interface Completion {
  /** Runs as the last write of the transaction; what it throws rolls the work back. */
  complete(tx: Tx, result: unknown): Promise<void>;
}

const completions = new WeakMap<Scope, Completion>();

/**
 * A scope whose transaction completes: its work and what `completion` writes are committed together, or neither is.
 * It is bound to the returned object: a scope that is derived from it (`platformScope(scope)`, `{ ...scope }`) does
 * not complete.
 */
export function completing<S extends Scope>(scope: S, completion: Completion): S {
  const bound = { ...scope };
  completions.set(bound, completion);
  return bound;
}

/** The completion of a scope, if it has one. */
export const completionOf = (scope: Scope): Completion | undefined => completions.get(scope);

/**
 * The same scope for a transaction that is not the work itself: an intent that is committed before it, or a record that
 * it failed. Its result is not the answer.
 */
export const withoutCompletion = <S extends Scope>(scope: S): S => ({ ...scope });
