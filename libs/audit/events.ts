import { defineEvents } from '#core';

export const historyEvents = defineEvents('history', {
  bodies_erased:
    'The events before a sequence number were erased at the end of the retention period; their hashes and the state that followed from them remain',
  erasure_planned:
    "A change of the tenant's settings causes earlier erasure of events: it takes effect 30 days later, unless the setting is changed back",
  exported: 'The history or a part of it was exported',
  key_rotated: 'A new key signs the checkpoints of all histories; the previous key also signs for a year',
  key_compromised:
    'A checkpoint key was marked as compromised and ended immediately; all checkpoints were signed again without it',
  log_ended:
    'After a restore the history continues as a different log with a new name: more events of the earlier log were signed than the backup contains, or different ones',
  read: 'A user read the history; recorded immediately the first time, then once a minute with the number of reads',
  month_erased:
    "A month's key for personal fields was destroyed: the e-mail addresses, names and source addresses in its events are erased",
});
