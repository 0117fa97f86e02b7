import type { EpochMilliseconds } from '#core';

/** What every library that has to do something after a restoration is told. */
interface RestoredDatabase {
  readonly takenAt: EpochMilliseconds;
  readonly restoredAt: EpochMilliseconds;
}

/**
 * A provider that does something when the database was restored from a backup, before anything else is done with it: what
 * was true when the backup was made need not be true now. It may be asked again where a process ended half-way.
 */
interface OnRestored {
  onRestored(restored: RestoredDatabase): Promise<void>;
}

export const hasOnRestored = (provider: unknown): provider is OnRestored =>
  typeof provider === 'object' && provider !== null && 'onRestored' in provider;
