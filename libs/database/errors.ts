import { defineErrors } from '#core';

export const databaseErrors = defineErrors('database', {
  AUDIT_UNAVAILABLE: {
    kind: 'unavailable',
    title: 'The change and its audit event could not be made durable, so nothing was changed and nothing is returned',
  },
  DATABASE_UNAVAILABLE: { kind: 'unavailable', title: 'The database does not answer' },
});

/** A mistake of ours, never of the caller: shown as INTERNAL_ERROR, and a test should have found it. */
export class TransactionMisuse extends Error {
  override readonly name = 'TransactionMisuse';
}
