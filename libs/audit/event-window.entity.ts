import { Entity } from 'typeorm';

import type { EventDraft, Origin } from '#core';
import { InstallationOwned, InstantColumn, IntegerColumn, JsonColumn, KeyColumn } from '#database';

/** An event that callers can repeat without limit, so that repetitions are counted instead of recorded. */
export interface RepeatedEvent {
  /** Identifies repetitions: `credential:<id>:<reason>`. */
  readonly subject: string;
  /** The tenant of the history; `INSTALLATION_ID` for the installation's own. */
  readonly histories: readonly string[];
  readonly origin: Pick<Origin, 'actor' | 'requestId' | 'sourceAddress'>;
  readonly event: EventDraft;
  /** Source addresses of the repetitions, at most `ADDRESSES_MAX`. */
  readonly sourceAddresses: readonly string[];
}

/** The minute in which repetitions of an event are counted instead of recorded. */
@Entity('event_windows')
@InstallationOwned()
export class EventWindow {
  /** SHA-256 of the subject. */
  @KeyColumn(64) id: string;
  @InstantColumn() endsAt: number;
  /** Number of repetitions since the event was last recorded. */
  @IntegerColumn() unreported: number;
  /** The latest repetition, with the addresses of all. */
  @JsonColumn() latest: RepeatedEvent;
}
