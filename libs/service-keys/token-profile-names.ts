import type { Tx } from '#database';

/** Which token profiles a tenant has. A library above declares them; it answers here. */
export abstract class TokenProfileNames {
  /** A step: those of `names` that exist; none of them can be deleted until this transaction ends. */
  abstract lock(tx: Tx, names: readonly string[]): Promise<readonly string[]>;
}
