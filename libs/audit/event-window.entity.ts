import { Entity } from 'typeorm';

import type { EventDraft, Origin } from '#core';
import { InstallationOwned, InstantColumn, IntegerColumn, JsonColumn, KeyColumn } from '#database';

/** Something that can be repeated as often as a caller likes, so that each repetition must not be an event of its own. */
export interface RepeatedEvent {
  /** What counts as the same: `credential:<id>:<reason>`. */
  readonly subject: string;
  /** Whose histories it belongs to; `INSTALLATION_ID` for the installation's own. */
  readonly histories: readonly string[];
  readonly origin: Pick<Origin, 'actor' | 'requestId' | 'sourceAddress'>;
  readonly event: EventDraft;
  /** Where the repetitions came from, at most `ADDRESSES_MAX`. */
  readonly sourceAddresses: readonly string[];
}

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
