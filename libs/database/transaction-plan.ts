/** A statement with the values of its parameters. */
export interface Statement {
  readonly statement: string;
  readonly parameters: readonly unknown[];
}

/** Rows that are assumed to be as they were read; the statement holds them until the transaction ends. */
export interface AssumedRows extends Statement {
  /** By the `key` of each row: the other columns of the answer, as `textOf` writes them. None where no row is to be there. */
  readonly assumed: ReadonlyMap<string, string>;
}

/** A change. */
export interface ChangeStatement extends Statement {
  /** How many rows it affects, where they must be as they were known; where it is another number, nothing at all is done. */
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

/** Rows whose keys must be free, or which replace those that are there. */
export interface WrittenRows {
  /** Inserts one row. */
  readonly insert: string;
  /** The places of the values of a further row, which `insert` can be followed by. */
  readonly places: string;
  /** What follows the last row where those that are there are replaced. */
  readonly ending: string;
  readonly rows: readonly unknown[][];
}

/** What a plan does one by one. */
export type PlannedStep = AssumedRows | WrittenRows | ChangeStatement;

/**
 * A transaction that is known as a whole before it begins, so that the thread that carries it out is asked once. It depends on
 * numbers and rows that were assumed, on rows that were known, and on keys that were taken to be free, and changes nothing where one of them is another or is there.
 */
export interface TransactionPlan {
  /** The numbers of configurations. */
  readonly assumptions: readonly AssumedRows[];
  /** In the order in which a transaction that is not planned locks the rows: before the numbers that everyone takes. */
  readonly steps: readonly PlannedStep[];
  readonly numbered: readonly NumberedRows[];
  /**
   * Where all of it is one number that is assumed and rows of one tenant: the counter, raised only while the number is as assumed,
   * which is held until the end. It affects no row otherwise.
   */
  readonly guardedCounter?: Statement;
}
