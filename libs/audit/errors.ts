import { defineErrors } from '#core';

export const historyErrors = defineErrors('history', {
  CHECKPOINT_PENDING: {
    kind: 'unavailable',
    title: 'No checkpoint covers this yet; try again in a few seconds',
  },
  HISTORY_INCONSISTENT: {
    kind: 'unavailable',
    title: 'The stored history does not continue the last signed checkpoint; no more checkpoints are signed',
  },
  TOO_MANY_HISTORY_KEYS: {
    kind: 'conflict',
    title: 'Four keys already sign checkpoints: rotate again when the oldest one has ended',
  },
  MONTH_KEY_UNREADABLE: {
    kind: 'internal',
    title: 'The month key for personal fields could not be decrypted; events with personal fields cannot be recorded',
  },
  MONTH_NOT_ERASABLE: { kind: 'conflict', title: 'The month ended too recently to be erased' },
  NO_WITNESS: {
    kind: 'not-found',
    title: 'No witness is configured, and no witness has cosigned a checkpoint of this history',
  },
  NO_SUCH_HISTORY_KEY: { kind: 'not-found', title: 'No checkpoint key has this number' },
  HISTORY_ERASED: {
    kind: 'gone',
    title: "The events were erased at the end of the tenant's retention period; their hashes and proofs remain",
  },
  HISTORY_ON_HOLD: {
    kind: 'conflict',
    title: 'The tenant setting `historyHold` prevents erasing the history',
  },
  OUT_OF_RANGE: { kind: 'invalid', title: 'The history has no such sequence number or size' },
});
