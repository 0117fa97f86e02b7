/** A statement with the values of its parameters. */
export interface Statement {
  readonly statement: string;
  readonly parameters: readonly unknown[];
}

/** Rows of one tenant that take the next numbers of its series. */
export interface NumberedRows {
  /** Raises the counter by the number of rows; answers `raised`. */
  readonly counter: Statement;
  /** Inserts one row. */
  readonly insert: string;
  readonly rows: readonly unknown[][];
  /** Where in a row its number is written. */
  readonly numberAt: number;
}

/**
 * A transaction that is known as a whole before it begins, so that the thread that carries it out is asked once. It depends on
 * numbers that were assumed, and changes nothing where one of them is another.
 */
export interface TransactionPlan {
  /** Each statement answers rows of `key` and `number`. */
  readonly assumptions: readonly (Statement & { readonly numbers: ReadonlyMap<string, number> })[];
  readonly changes: readonly Statement[];
  readonly numbered: readonly NumberedRows[];
}
