import { Entity } from 'typeorm';

import { InstallationOwned, InstantColumn, IntegerColumn, JsonColumn, KeyColumn } from '#database';

import type { RepeatedEvent } from './repeated-events.service.js';

/** The minute in which repetitions of an event are counted instead of recorded. */
@Entity('event_windows')
@InstallationOwned()
export class EventWindow {
  /** SHA-256 of the subject. */
  @KeyColumn(64) id: string;
  @InstantColumn() endsAt: number;
  /** How many there were since the event was last recorded. */
  @IntegerColumn() unreported: number;
  /** The latest of them, with the addresses of all. */
  @JsonColumn() latest: RepeatedEvent;
}
