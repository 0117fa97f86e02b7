import type { Variant } from './load.ts';

const ADDRESSES = 20_000;

/** What is public is limited by source address: the load comes from many, as a reverse proxy would forward it. */
export const fromManyAddresses: readonly Variant[] = Array.from({ length: ADDRESSES }, (_, number) => {
  const address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
  return { headers: { 'X-Forwarded-For': address } };
});
