import type { EpochMilliseconds } from '#core';

import type { MonthKey } from './month-key.js';
import { boundsOf } from './months.js';

// How events are found by what is personal: under each month's key the same address has another index. Pure.

/** A stretch of time; under the key of its month, or without one where only events of the first format can be found. */
export interface Stretch {
  readonly from: EpochMilliseconds;
  /** Exclusive. */
  readonly to: EpochMilliseconds;
  readonly key: MonthKey | undefined;
}

/** The time between two instants, oldest first: each month that has a key by itself. @param keys oldest first */
export function stretchesOf(keys: readonly MonthKey[], from: EpochMilliseconds, to: EpochMilliseconds): Stretch[] {
  const stretches: Stretch[] = [];
  let begin = from;
  const add = (end: EpochMilliseconds, key?: MonthKey): void => {
    const stretch = { from: begin, to: Math.min(end, to), key };
    if (stretch.from < stretch.to) stretches.push(stretch);
    begin = Math.max(begin, end);
  };
  for (const key of keys) {
    const bounds = boundsOf(key.month);
    add(bounds.from);
    if (bounds.to > begin) add(bounds.to, key);
  }
  add(to);
  return stretches;
}

/**
 * The place in a list, newest first or oldest first, at which everything in a stretch has been read. No event has an empty id.
 */
export const endOf = ({ from, to }: Stretch, newestFirst: boolean): readonly [EpochMilliseconds, string] => [
  newestFirst ? from : to,
  '',
];

/** The stretches that have events after a place in a list. */
export function stretchesAfter(
  stretches: readonly Stretch[],
  [at, id]: readonly [EpochMilliseconds, string],
  newestFirst: boolean,
): Stretch[] {
  const isBegun = ({ from, to }: Stretch): boolean => (newestFirst ? from < at || (from === at && id !== '') : to > at);
  return stretches.filter(isBegun);
}

/** Values of the columns that hold personal data. */
export interface PersonalColumns {
  readonly actorName?: string;
  readonly sourceAddress?: string;
}

/** What the columns hold in a stretch: the values themselves in events of the first format, otherwise their index. */
export function columnsIn({ key }: Stretch, columns: PersonalColumns): readonly PersonalColumns[] {
  if (key === undefined) return [columns];
  const indexed = Object.entries(columns).map(([column, value]) => [column, key.indexOf(column, value as string)]);
  return [columns, Object.fromEntries(indexed) as PersonalColumns];
}
