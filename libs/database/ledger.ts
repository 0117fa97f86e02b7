import type { EventContent, EventDraft, EventSubject, Json } from '#core';

/** What one transaction has done; shared by its views. */
export interface Ledger {
  wrote: boolean;
  readonly events: EventDraft[];
  housekeeping: string | undefined;
  /** Actions in memory after the commit; shared by everything in the transaction. */
  readonly afterCommit: (() => void)[];
}

/** @param afterCommit of the transaction */
export const newLedger = (afterCommit: (() => void)[] = []): Ledger => ({
  wrote: false,
  events: [],
  housekeeping: undefined,
  afterCommit,
});

/** The details of several contents together, the later ones over the earlier. */
export function detailsOf(
  ...contents: readonly Pick<EventContent | EventSubject, 'details'>[]
): Pick<EventContent, 'details'> {
  const known = contents.flatMap(({ details }) => (details === undefined ? [] : [details]));
  return known.length === 0 ? {} : { details: Object.assign({}, ...(known as object[])) as Json };
}
