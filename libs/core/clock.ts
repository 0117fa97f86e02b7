/** Milliseconds since 1970-01-01T00:00:00Z, UTC, without leap seconds. */
export type EpochMilliseconds = number;
/** Whole seconds since the epoch: the NumericDate of RFC 7519 §2. */
export type EpochSeconds = number;

/** The only source of time. Production uses `systemClock`; a test passes a clock that it moves by hand. */
export interface Clock {
  now(): EpochMilliseconds;
}

export const systemClock: Clock = { now: () => Date.now() };

/** A clock that stands still until it is told otherwise. */
export class ManualClock implements Clock {
  constructor(private instant: EpochMilliseconds = Date.UTC(2026, 0, 1)) {}

  now(): EpochMilliseconds {
    return this.instant;
  }

  set(instant: EpochMilliseconds): void {
    this.instant = instant;
  }

  advance(milliseconds: number): void {
    this.instant += milliseconds;
  }
}

export const toEpochSeconds = (instant: EpochMilliseconds): EpochSeconds => Math.floor(instant / 1000);

/** RFC 3339, UTC, milliseconds: `2026-01-01T00:00:00.000Z`. */
export const toRfc3339 = (instant: EpochMilliseconds): string => new Date(instant).toISOString();

const RFC3339 =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** An RFC 3339 date-time with its offset as epoch milliseconds; `undefined` for anything else (30 February too). */
export function fromRfc3339(text: string): EpochMilliseconds | undefined {
  if (!RFC3339.test(text)) return undefined;
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) return undefined;
  // Date.parse lets 30 February roll over into March: the day must survive the round trip.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().slice(0, 10);
  return day === text.slice(0, 10) ? instant : undefined;
}
