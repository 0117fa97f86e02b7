/** A statement with the values of its parameters. */
export interface Statement {
  readonly statement: string;
  readonly parameters: readonly unknown[];
}

/** A change of rows that must be as they were known. */
export interface KnownRowStatement extends Statement {
  /** How many rows it affects; where it is another number, nothing at all is done. */
  readonly affects?: number;
}

/** Rows of one tenant that take the next numbers of its series. */
export interface NumberedRows {
  /** Raises the counter by the number of rows; answers `raised`. */
  readonly counter: Statement;
  /** Inserts one row. */
  readonly insert: string;
  /** The places of the values of a further row, which `insert` can be followed by. */
  readonly places: string;
  readonly rows: readonly unknown[][];
  /** Where in a row its number is written. */
  readonly numberAt: number;
}

/** Rows whose keys must be free. */
export interface FreshRows {
  /** Inserts one row. */
  readonly insert: string;
  /** The places of the values of a further row, which `insert` can be followed by. */
  readonly places: string;
  readonly rows: readonly unknown[][];
}

/**
 * A transaction that is known as a whole before it begins, so that the thread that carries it out is asked once. It depends on
 * numbers that were assumed, on rows that were known and on keys that were taken to be free, and changes nothing where one of them is
 * another or is there.
 */
export interface TransactionPlan {
  /** Each statement answers rows of `key` and `number`. */
  readonly assumptions: readonly (Statement & { readonly numbers: ReadonlyMap<string, number> })[];
  /** The first to be inserted, as in a transaction that is not planned: before the numbers that everyone takes. */
  readonly fresh: readonly FreshRows[];
  readonly changes: readonly KnownRowStatement[];
  readonly numbered: readonly NumberedRows[];
  /**
   * Where all of it is one number that is assumed and rows of one tenant: the counter, raised only while the number is as assumed,
   * which is held until the end. It affects no row otherwise.
   */
  readonly guardedCounter?: Statement;
}
