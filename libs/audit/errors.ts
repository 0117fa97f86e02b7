import { defineErrors } from '#core';

export const historyErrors = defineErrors('history', {
  CHECKPOINT_PENDING: {
    kind: 'unavailable',
    title: 'No checkpoint covers this yet; there is one within seconds',
  },
  HISTORY_INCONSISTENT: {
    kind: 'unavailable',
    title: 'The stored history does not continue the last signed checkpoint; no further checkpoint is signed',
  },
  TOO_MANY_HISTORY_KEYS: {
    kind: 'conflict',
    title: 'Four keys sign the checkpoints of the histories already: rotate again when the earliest of them has ended',
  },
  MONTH_KEY_UNREADABLE: {
    kind: 'internal',
    title:
      'The key of the personal fields of this month could not be decrypted; no event that has such fields is recorded',
  },
  MONTH_NOT_ERASABLE: { kind: 'conflict', title: 'The month has not ended for long enough to be erased' },
  NO_WITNESS: {
    kind: 'not-found',
    title: 'No witness is configured, and none has cosigned a checkpoint of this history',
  },
  NO_SUCH_HISTORY_KEY: { kind: 'not-found', title: 'No key of the histories has this number' },
  HISTORY_ERASED: {
    kind: 'gone',
    title:
      'The events are erased, because the tenant keeps its history for so long only; their hashes and proofs remain',
  },
  HISTORY_ON_HOLD: {
    kind: 'conflict',
    title: 'Nothing of the history is erased while the tenant has the setting `historyHold`',
  },
  OUT_OF_RANGE: { kind: 'invalid', title: 'The history has no such sequence number or size' },
});
