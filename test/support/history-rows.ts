import { DAY } from '#core';

import type { Row } from './due-rows.js';

type RowOf = (key: string) => Row;
/** How rows of a table are made, see `due-samples.ts`. */
type Insert = (table: string, row: RowOf) => () => Promise<string>;

/** What is erased of histories: by the noun of its kind. @param keepLess sets how long a tenant keeps its months */
export const historyKinds = (insert: Insert, keepLess: () => Promise<unknown>, historyMonth: RowOf) => ({
  'history month': {
    table: 'history_months',
    statement: 'UPDATE' as const,
    make: () => keepLess().then(insert('history_months', historyMonth)),
    due: (at: number): Row => ({ endsAt: at - 30 * DAY }),
    unhandled: { erasedAt: null },
  },
  history: {
    table: 'history_borders',
    statement: 'UPDATE' as const,
    // Of a tenant that is gone: everything stays.
    make: insert('history_borders', (id) => ({ id, tenantId: id, erasedBefore: 0 })),
    due: (at: number): Row => ({ eraseDueAt: at, beginsAt: 1 }),
    unhandled: { beginsAt: 1 },
  },
});
