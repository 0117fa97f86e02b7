import type { EventDraft, PlatformScope, TenantScope } from '#core';

import type { Tx } from './tx.js';
import type { View } from './view.js';

// What the application brings along, because this library knows neither histories nor callers nor tenants.

/** What one piece of work records. */
interface WorkEvents {
  readonly scope: TenantScope | PlatformScope;
  readonly events: readonly EventDraft[];
}

/** What a recorder may do: append, and where it has to, read and write rows. */
export type RecordingTransaction = Pick<Tx, 'now' | 'appendNumbered' | 'rows'>;

/**
 * Writes the events of a transaction into the history as its last statements; the audit library provides it. Where several
 * pieces of work share a transaction, all are recorded by one call.
 */
export type EventRecorder = (tx: RecordingTransaction, works: readonly WorkEvents[]) => Promise<void>;

/**
 * Decides, before anything else in a piece of work, whether its caller may do it at this moment; the composition of the
 * application provides it. In a transaction (`Tx`) it holds the rows that it decides by, so that a right that is withdrawn
 * is withdrawn for every transaction that ends later.
 * @returns the scope as it is now: with the caller's present role or grants
 * @throws the error that the request is answered with
 */
export type AuthorityCheck = (view: View) => Promise<TenantScope | PlatformScope>;

/**
 * Reads the numbers of the tenants' configurations: each change that decides what is signed or who is accepted raises that of
 * its tenant, in its own transaction. In a transaction (`Tx`) it holds them until the end.
 */
export type ConfigurationCheck = (
  view: Pick<View, 'holdNumbers'>,
  tenantIds: readonly string[],
) => Promise<ReadonlyMap<string, number>>;
