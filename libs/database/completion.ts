import type { PlatformScope, TenantScope } from '#core';
import type { EntityClass } from './ownership.js';
import type { Tx } from './tx.js';
import type { View } from './view.js';

type Scope = TenantScope | PlatformScope;

/** Creates a row, whose values may be sealed. */
export type Sealing = Pick<View, 'now' | 'installation' | 'onceCommitted'>;

/** The row of a stored response: of all requests with its key, only one is carried out. */
export interface AnswerRow {
  readonly entity: EntityClass;
  /** The columns of its unique key. */
  readonly key: Readonly<Record<string, string>>;
  /**
   * Can run several times for one request: the last result is the one that is committed.
   * @returns the whole row; `undefined` if the result must not be stored
   */
  row(tx: Sealing, result: unknown): Promise<object | undefined>;
}

/** The last write of the transaction of a scope, after its result is known and before the commit. */
export interface Completion {
  /** Runs as the last write of the transaction; an error rolls the work back. */
  complete(tx: Tx, result: unknown): Promise<void>;
  /** Completes prepared work in a shared transaction; absent if the work needs its own transaction. */
  readonly shared?: AnswerRow | undefined;
}

const completions = new WeakMap<Scope, Completion>();

declare class CommitMark {
  private readonly isCommitted: true;
}

/**
 * What a transaction of a scope returned, as it returned it: the completion of the scope was written from this very value.
 * A value that was made from it afterwards, also by a spread, is none, and neither is one of a transaction beside the work.
 */
export type Committed<Result> = Result extends null | undefined | void ? Result : Result & CommitMark;

/** Marks the result of a transaction: for what opens transactions, and for tests without a database. */
export const committed = <Result>(result: Promise<Result>): Promise<Committed<Result>> =>
  result as Promise<Committed<Result>>;

declare const beside: unique symbol;

/** A scope whose transactions are not the work itself: their results are not responses. */
export type WithoutCompletion<S extends Scope> = S & { readonly [beside]: true };

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

/** The completion of a scope, if any. */
export const completionOf = (scope: Scope): Completion | undefined => completions.get(scope);

/**
 * The same scope for a transaction that is not the work itself: an intent that is committed before it, or a record that
 * it failed. Its result is not the answer.
 */
export const withoutCompletion = <S extends Scope>(scope: S): WithoutCompletion<S> =>
  ({ ...scope }) as WithoutCompletion<S>;
