import { defineEvents } from '#core';

export const historyEvents = defineEvents('history', {
  bodies_erased:
    'The events before a number were erased, because the tenant keeps its history for so long only; their hashes remain, and what followed from them',
  erasure_planned:
    'A change of the settings of the tenant has events of the history erased earlier: it begins 30 days later, and not at all where the setting is changed back',
  exported: 'The history, or a part of it, was exported',
  key_rotated: 'A new key signs the checkpoints of all histories; the earlier one signs them as well for a year',
  key_compromised:
    'A key that signs the checkpoints of all histories was ended immediately, because somebody else may have it; all were signed anew without it',
  log_ended:
    'After a restoration the history goes on as another log, under another name: of the earlier log more was signed, or something else, than the backup has',
  read: 'An auditor read the history; recorded at the first time, then once a minute with the number of times',
  month_erased:
    'The key of the personal fields of a month was destroyed: e-mail addresses, names and source addresses of its events are erased',
});
