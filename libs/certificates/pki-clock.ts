import type { Clock, EpochMilliseconds } from '#core';

/** The clock of the installation, for what must be judged while the database does not answer. */
export abstract class PkiClock implements Clock {
  abstract now(): EpochMilliseconds;
  abstract confirmed(): EpochMilliseconds;
}
