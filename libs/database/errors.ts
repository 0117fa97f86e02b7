import { type EventDraft, defineErrors } from '#core';

export const databaseErrors = defineErrors('database', {
  AUDIT_UNAVAILABLE: {
    kind: 'unavailable',
    title: 'The change could not be saved; nothing was changed',
  },
  CLOCK_NOT_CONFIRMED: {
    kind: 'unavailable',
    title: 'The clock jumped and is not confirmed yet: irreversible actions are paused',
  },
  DATABASE_UNAVAILABLE: { kind: 'unavailable', title: 'The database is unavailable' },
});

/** A mistake of ours, never of the caller: shown as INTERNAL_ERROR, and a test should have found it. */
export class TransactionMisuse extends Error {
  override readonly name = 'TransactionMisuse';
}

/** Planned work turned out to need rows. */
export class NotPlanned extends Error {
  override readonly name = 'NotPlanned';
}

/** The key of an answer is there already: nothing was done. */
export class KeyTaken extends Error {
  override readonly name = 'KeyTaken';
}

/** The work of a dry run was done and is undone. */
export class DryRunEnd extends Error {
  override readonly name = 'DryRunEnd';

  /** @param events what the work would have recorded */
  constructor(readonly events: readonly EventDraft[]) {
    super('The transaction of a dry run was rolled back');
  }
}
