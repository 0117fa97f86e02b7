/** Milliseconds since 1970-01-01T00:00:00Z, UTC, without leap seconds. */
export type EpochMilliseconds = number;
/** Whole seconds since the epoch: the NumericDate of RFC 7519 §2. */
export type EpochSeconds = number;

/** The only source of time. A class, so that it is what services ask the injector for. */
export abstract class Clock {
  abstract now(): EpochMilliseconds;
  /**
   * `now`, or earlier while a forward jump of the system's clock is not confirmed. What cannot be undone (a recorded
   * expiry, a purge, a destruction) is decided by this instant; whether something may be used, by `now`.
   */
  abstract confirmed(): EpochMilliseconds;
}

/** The clocks of a host: one that shows the time and can be set, and one that only runs. */
export interface TimeSource {
  /** What the system's clock shows, in epoch milliseconds. */
  now(): EpochMilliseconds;
  /** Milliseconds since the host started, sleep included; it cannot be set. */
  uptime(): number;
  /** Names one run of the host: only within one can uptimes be compared. `undefined` where the host does not tell. */
  readonly bootId: string | undefined;
}

/** The system's clock as it is. A server uses it through a `GuardedClock`. */
export const systemClock: Clock = { now: () => Date.now(), confirmed: () => Date.now() };

/** A clock for tests: it changes only when it is told to. */
export class ManualClock implements Clock, TimeSource {
  readonly bootId: string | undefined = 'manual';
  #uptime = 0;

  constructor(private instant: EpochMilliseconds = Date.UTC(2026, 0, 1)) {}

  now(): EpochMilliseconds {
    return this.instant;
  }

  confirmed(): EpochMilliseconds {
    return this.instant;
  }

  uptime(): number {
    return this.#uptime;
  }

  /** Lets time pass until an instant. */
  set(instant: EpochMilliseconds): void {
    this.advance(instant - this.instant);
  }

  /** Lets time pass. */
  advance(milliseconds: number): void {
    this.instant += milliseconds;
    this.#uptime += Math.max(0, milliseconds);
  }

  /** Sets the clock forward or back, while no time passes. */
  jump(milliseconds: number): void {
    this.instant += milliseconds;
  }
}

export const toEpochSeconds = (instant: EpochMilliseconds): EpochSeconds => Math.floor(instant / 1000);

/** As libraries of others take an instant. */
export const toDate = (instant: EpochMilliseconds): Date => new Date(instant);

declare const isRfc3339: unique symbol;
/** An instant as text: RFC 3339, UTC, milliseconds. Only `toRfc3339` makes one. */
export type Rfc3339 = string & { readonly [isRfc3339]: true };

/** Instants that were written last: those of a request are in its answer and in its event, and shared by many requests. */
const written = new Map<EpochMilliseconds, Rfc3339>();
const WRITTEN_MAX = 500;

/** RFC 3339, UTC, milliseconds: `2026-01-01T00:00:00.000Z`. */
export function toRfc3339(instant: EpochMilliseconds): Rfc3339 {
  const known = written.get(instant);
  if (known !== undefined) return known;
  const text = new Date(instant).toISOString() as Rfc3339;
  if (written.size >= WRITTEN_MAX) written.clear();
  written.set(instant, text);
  return text;
}

/** As HTTP headers write it, to the second (RFC 9110 §5.6.7): `Thu, 01 Jan 2026 12:00:00 GMT`. */
export const toHttpDate = (instant: EpochMilliseconds): string => new Date(instant).toUTCString();

/** `t` and `z` are also written small (RFC 3339 §5.6). */
const RFC3339 =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

/** A full-date of RFC 3339 §5.6 as the first instant of that day in UTC; `undefined` for anything else. */
export const fromRfc3339Date = (text: string): EpochMilliseconds | undefined =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) ? fromRfc3339(`${text}T00:00:00Z`) : undefined;

/** An RFC 3339 date-time with its offset as epoch milliseconds; `undefined` for anything else (30 February too). */
export function fromRfc3339(text: string): EpochMilliseconds | undefined {
  if (!RFC3339.test(text)) return undefined;
  const instant = Date.parse(text.toUpperCase());
  if (Number.isNaN(instant)) return undefined;
  // Date.parse lets 30 February roll over into March: the day must survive the round trip.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().slice(0, 10);
  return day === text.slice(0, 10) ? instant : undefined;
}
