import type { EventDraft, PlatformScope, TenantScope } from '#core';

import type { Tx } from './tx.js';
import type { View } from './view.js';

// Implemented by the application, because this library knows neither histories nor callers nor tenants.

/** What one piece of work records. */
interface WorkEvents {
  readonly scope: TenantScope | PlatformScope;
  readonly events: readonly EventDraft[];
}

/** What a recorder may do: append and, if necessary, read and write rows. */
export type RecordingTransaction = Pick<Tx, 'now' | 'appendNumbered' | 'rows'>;

/**
 * Writes the events of a transaction into the history as its last statements; implemented by the audit library. If several
 * requests share a transaction, one call records all of their events.
 */
export type EventRecorder = (tx: RecordingTransaction, works: readonly WorkEvents[]) => Promise<void>;

/**
 * The authority check, the first step of a read or transaction: whether the caller may do this now. In a transaction (`Tx`) it
 * locks the rows that it decides by, so that a withdrawn right is effective for every transaction that ends later.
 * @returns the scope with the present role or grants of the caller
 * @throws the error of the response
 */
export type AuthorityCheck = (view: View) => Promise<TenantScope | PlatformScope>;

/**
 * Reads the configuration versions of tenants: each change that affects what is signed or who is accepted increments the
 * version of its tenant, in its own transaction. In a transaction (`Tx`) it locks them until the end.
 */
export type ConfigurationCheck = (
  view: Pick<View, 'holdNumbers'>,
  tenantIds: readonly string[],
) => Promise<ReadonlyMap<string, number>>;
