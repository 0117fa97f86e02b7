import type { ClockState, Rfc3339 } from '#core';
import type { ClockStatus, KindCounters } from '#scheduler';

import { Choice, Flag, Instant, Items, Nested, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';

const CLOCK_STATES: readonly ClockState[] = ['steady', 'ahead', 'behind'];

class KindOfWork {
  @Text({ description: 'Kind of due items', example: 'credential' }) kind: string;
  @WholeNumber({ description: 'Items handled since this process started', example: 120 }) handled: number;
  @WholeNumber({ description: 'Attempts that failed since this process started', example: 0 }) failed: number;
}

export class SchedulerState {
  @Flag({
    example: false,
    description: 'Whether irreversible actions are paused on all instances until the clock is confirmed',
  })
  paused: boolean;

  @Instant({ nullable: true, description: 'Since when it is paused' }) pausedAt: Rfc3339 | null;
  @Instant({ nullable: true, description: 'Expected time at the last jump' })
  jumpedFrom: Rfc3339 | null;
  @Instant({ nullable: true, description: 'Time of the clock after the jump' }) jumpedTo: Rfc3339 | null;
  @Instant({ nullable: true, description: 'When the clock was last confirmed' }) confirmedAt: Rfc3339 | null;

  @Choice(CLOCK_STATES, { description: "This process's clock, compared with the uptime of its host and the mark" })
  clock: ClockState;

  @Instant({ description: "Time of this host's clock" }) shown: Rfc3339;
  @Instant({ nullable: true, description: 'The latest time of a clock that passed the comparison' })
  mark: Rfc3339 | null;
  @Instant({ nullable: true, description: "The database server's clock; `null` for an embedded database" })
  databaseServer: Rfc3339 | null;

  @Items(Nested(() => KindOfWork), {
    maxItems: 100,
    description: 'Items by kind, of this process; empty if it does not run the scheduler',
  })
  work: KindOfWork[];

  static of(status: ClockStatus, counters: ReadonlyMap<string, KindCounters>): SchedulerState {
    return present(SchedulerState, {
      ...status,
      clock: status.state,
      databaseServer: status.databaseNow,
      work: [...counters].map(([kind, { handled, failed }]) => ({ kind, handled, failed })),
    });
  }
}
