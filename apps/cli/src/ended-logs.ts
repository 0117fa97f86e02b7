import type { EntryOfExport } from './erased-months.js';

/** The event that says that a log ended by a restoration, and that its history continues as another one. */
const ENDED = 'history.log_ended';

/** What an event of the history says of a log that ended. */
export interface EndOfLog {
  /** The number of the event. */
  readonly sequence: number;
  /** How many events the backup had: they are the beginning of both logs. */
  readonly restored: number;
  /** How many events the last checkpoint had that the operator kept of it. */
  readonly size: number;
}

/** The logs that ended by restorations, as the events of an export say. */
export class EndedLogs {
  readonly #ends = new Map<unknown, EndOfLog>();

  /** The first event counts: no later one makes a log longer. */
  read({ action, tenantId, target, actor, outcome, details }: EntryOfExport, sequence: number): void {
    const isOwn = target?.id === tenantId && actor?.type === 'system' && outcome === 'success';
    if (action !== ENDED || !isOwn || this.#ends.has(details?.log)) return;
    // More than there were before the event itself cannot have been restored.
    const restored = Math.min(Number(details?.restored) || 0, sequence);
    this.#ends.set(details?.log, { sequence, restored, size: Number(details?.size) });
  }

  /** @param origin the name of the log */
  endOf(origin: string): EndOfLog | undefined {
    return this.#ends.get(origin);
  }
}
