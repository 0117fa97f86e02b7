import { createHash } from 'node:crypto';

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import {
  type EpochMilliseconds,
  INSTALLATION_ID,
  type Json,
  MINUTE,
  type PlatformScope,
  platformScope,
  selfDeciding,
  systemOrigin,
} from '#core';
import { Database, LessThanOrEqual, MoreThan, type Tx } from '#database';
import { DueItems, DueKind, Expires } from '#scheduler';

import { EventWindow, type RepeatedEvent } from './event-window.entity.js';

const WINDOW = MINUTE;
const ADDRESSES_MAX = 10;
/** Bounds what a server that stops still writes. */
const WINDOWS_AT_ONCE = 500;
const SYSTEM = platformScope(systemOrigin('repeated-events'));

/**
 * Records the first of several equal events at that moment, and then once a minute how many there were. The window is a
 * row, so any number of instances together record no more than that, and what was counted outlives a process.
 */
@Expires({})
@Injectable()
export class RepeatedEvents extends DueKind<EventWindow> implements OnApplicationShutdown {
  constructor(private readonly database: Database) {
    super(
      new DueItems<EventWindow>(database, {
        kind: 'repeated event',
        scope: SYSTEM,
        entity: EventWindow,
        lists: [
          {
            where: (now) => ({ endsAt: LessThanOrEqual(now) }),
            dueColumn: 'endsAt',
          },
        ],
        handle: (row) => this.close(row),
      }),
    );
  }

  /** After the libraries above have handed over what they counted: it is in the history before the process is gone. */
  async onApplicationShutdown(): Promise<void> {
    await this.recordAll().catch(() => undefined);
  }

  /**
   * Records the event, or counts it where it was recorded less than a minute ago.
   * @param count how many there were since the last call
   * @param also what is written in the same transaction
   */
  async record(repeated: RepeatedEvent, count = 1, also: (tx: Tx) => Promise<void> = async () => undefined) {
    await this.database.platform(scopeOf(repeated), async (tx) => {
      tx.housekeeping('counts of repeated events');
      const window = await openWindow(tx, repeated);
      await also(tx);
      const latest = withAddressesOf(repeated, window.latest);
      const unreported = window.unreported + count;
      if (isOpen(window, tx.now)) await tx.update(EventWindow, { id: window.id }, { unreported, latest });
      else await report(tx, { ...window, unreported, latest });
    });
  }

  /** Records what was only counted, also in windows that have not ended: for a server that stops. */
  async recordAll(): Promise<void> {
    const counted = await this.database.readPlatform(SYSTEM, (view) =>
      view.installation.find(EventWindow, { unreported: MoreThan(0) }, { limit: WINDOWS_AT_ONCE }),
    );
    for (const { id, latest } of counted) {
      await this.database.platform(scopeOf(latest), async (tx) => {
        tx.housekeeping('counts of repeated events');
        const window = await tx.lockIfPresent(EventWindow, { id });
        if (window && window.unreported > 0) await report(tx, window);
      });
    }
  }

  private async close({ id, latest }: EventWindow): Promise<void> {
    await this.database.platform(scopeOf(latest), async (tx) => {
      tx.housekeeping('counts of repeated events');
      const window = await tx.lockIfPresent(EventWindow, { id });
      if (!window || window.endsAt > tx.now) return;
      if (window.unreported > 0) await report(tx, window);
      else await tx.delete(EventWindow, { id });
    });
  }
}

const scopeOf = ({ origin }: RepeatedEvent): PlatformScope => platformScope(selfDeciding(origin));

/** A window that ends later than one that begins now was made while the clock was ahead. */
const isOpen = ({ endsAt }: EventWindow, now: EpochMilliseconds): boolean => now < endsAt && endsAt <= now + WINDOW;

/** The window of the subject, locked; one that has ended where there is none. */
async function openWindow(tx: Tx, latest: RepeatedEvent): Promise<EventWindow> {
  const id = createHash('sha256').update(latest.subject).digest('hex');
  const ended: EventWindow = { id, endsAt: 0, unreported: 0, latest };
  if (!(await tx.exists(EventWindow, { id }))) await tx.insertIfAbsent(EventWindow, ended);
  // Removed between the two statements: the next attempt of the transaction creates it again.
  return tx.lock(EventWindow, { id });
}

/** Records what was counted, with the number, and begins the next window. */
async function report(tx: Tx, { id, unreported, latest }: EventWindow): Promise<void> {
  const { event, histories, sourceAddresses } = latest;
  const details = {
    ...(event.details as { readonly [member: string]: Json } | undefined),
    count: unreported,
    ...(sourceAddresses.length > 1 ? { sourceAddresses } : {}),
  };
  for (const tenantId of histories) {
    tx.record({ ...event, details, ...(tenantId === INSTALLATION_ID ? {} : { tenantId }) });
  }
  const next = { endsAt: tx.now + WINDOW, unreported: 0, latest: { ...latest, sourceAddresses: [] } };
  await tx.update(EventWindow, { id }, next);
}

const withAddressesOf = (repeated: RepeatedEvent, { sourceAddresses }: RepeatedEvent): RepeatedEvent => ({
  ...repeated,
  sourceAddresses: [...new Set([...sourceAddresses, ...repeated.sourceAddresses])].slice(0, ADDRESSES_MAX),
});
