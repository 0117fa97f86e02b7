import { randomBytes } from 'node:crypto';

import { EventReader, History, HistoryStates, MonthKeys, eventRecorder } from '#audit';
import { Secret } from '#core';
import type { Database, RecordingTransaction, View } from '#database';

import { MonthKey } from '../../libs/audit/month-key.js';
import { monthOf } from '../../libs/audit/months.js';

const SECRET = new Secret(randomBytes(32));
const keyOf = (month: string): MonthKey => new MonthKey(month, SECRET);

/** The same keys for every history, in memory: for databases without a vault. */
class KeysInMemory extends MonthKeys {
  constructor() {
    super(undefined as never);
  }

  override async forRecording({ now }: RecordingTransaction, tenantIds: ReadonlySet<string>) {
    return new Map([...tenantIds].map((tenantId) => [tenantId, keyOf(monthOf(now))]));
  }

  override async forReading(_: View, __: string, months: ReadonlySet<string>) {
    return new Map([...months].map((month) => [month, keyOf(month)]));
  }

  override async all(view: View): Promise<MonthKey[]> {
    return [keyOf(monthOf(view.now))];
  }
}

const keys = new KeysInMemory();
export const recordEvents = eventRecorder(() => keys);
/** What reads events that `recordEvents` recorded. */
export const eventReader = new EventReader(keys);

/** What followed from erased events, under the same keys. */
export const historyStates = new HistoryStates(keys);

/** The history of a database whose events `recordEvents` recorded. */
export const historyOf = (database: Database): History => new History(database, eventReader, keys);
