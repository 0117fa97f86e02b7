import { type EpochMilliseconds, toDate, toRfc3339 } from '#core';

// Calendar months in UTC, as `YYYY-MM`. Pure.

const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;

export const isMonth = (text: string): boolean => MONTH.test(text);

/** The calendar month in UTC, as `YYYY-MM`. */
export const monthOf = (instant: EpochMilliseconds): string => toRfc3339(instant).slice(0, 7);

/** Its first instant, and the first one after it. */
export function boundsOf(month: string): { readonly from: EpochMilliseconds; readonly to: EpochMilliseconds } {
  const [, year, number] = MONTH.exec(month)!.map(Number) as [number, number, number];
  return { from: Date.UTC(year, number - 1), to: Date.UTC(year, number) };
}

/** The first instant so many months after one of the beginnings of a month. */
export const monthsAfter = (begin: EpochMilliseconds, months: number): EpochMilliseconds => {
  const date = toDate(begin);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months);
};
