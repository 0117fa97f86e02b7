import { Entity } from 'typeorm';

import { InstallationOwned, InstantColumn, IntegerColumn, KeyColumn, VarcharColumn } from '#database';

/** What all processes of the installation know about its clocks. There is one row. */
@Entity('clocks')
@InstallationOwned()
export class InstallationClock {
  @KeyColumn(16) id: string;
  /** The latest instant of a clock that passed the comparison with a clock that cannot be set. */
  @InstantColumn() mark: number;
  /** For how long the host of that clock had been running, and which run of the host that was. */
  @IntegerColumn() uptimeSeconds: number;
  @VarcharColumn(64, { nullable: true }) bootId: string | null;
  /** How often the clock has been confirmed: a process that sees it change accepts its own clock as it is. */
  @IntegerColumn() confirmations: number;
  /** Since when what cannot be undone is paused; `null` while it is not. */
  @InstantColumn({ nullable: true }) pausedAt: number | null;
  /** The last jump: what the clock should have shown, and what it showed. */
  @InstantColumn({ nullable: true }) jumpedFrom: number | null;
  @InstantColumn({ nullable: true }) jumpedTo: number | null;
  @InstantColumn({ nullable: true }) confirmedAt: number | null;
}
