import { DAY, type EpochMilliseconds } from '#core';

/** The values of the label `within`, each with its time. Cumulative, as the buckets of a histogram are. */
const STEPS: readonly (readonly [within: string, milliseconds: number])[] = [
  ['1d', DAY],
  ['7d', 7 * DAY],
  ['30d', 30 * DAY],
  ['90d', 90 * DAY],
];

/**
 * How many things expire within each step, as samples of a metric with the label `within`.
 * @param count how many of them are good now and expire before an instant
 */
export async function countByExpiry(
  now: EpochMilliseconds,
  count: (before: EpochMilliseconds) => Promise<number>,
): Promise<{ value: number; labels: string[] }[]> {
  const samples: { value: number; labels: string[] }[] = [];
  for (const [within, milliseconds] of STEPS) {
    samples.push({ value: await count(now + milliseconds), labels: [within] });
  }
  return samples;
}
