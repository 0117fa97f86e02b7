import type { Clock, EpochMilliseconds, TimeSource } from './clock.js';
import { DAY, HOUR, MINUTE, SECOND } from './duration.js';

/** A clock that is further ahead of the time that has passed since it was last right has jumped. */
const FORWARD_TOLERANCE = 10 * MINUTE;
/** A clock that is further behind the latest instant that was returned has been set back. */
export const BACKWARD_TOLERANCE = 5 * SECOND;

/**
 * Whether something holds at an instant that ends `lifetime` after its beginning at the latest. An end that is further away was
 * written while the clock was ahead: what lasts until then would last for too long.
 */
export const isWithinLifetime = (
  endsAt: EpochMilliseconds,
  lifetime: EpochMilliseconds,
  now: EpochMilliseconds,
): boolean => endsAt > now && endsAt <= now + lifetime + BACKWARD_TOLERANCE;

/** For how long a clock must run steadily before it is accepted after a stop that nothing else explains. */
export const OBSERVATION = HOUR;
/** The longest such stop; after a longer one the clock must be confirmed. */
export const LONGEST_UNEXPLAINED_STOP = 30 * DAY;

/** Steps of a clock below the tolerance may not add up to more than the tolerance in this time. */
const ANCHORED_FOR = DAY;
/** How far the clock may advance until it is compared again. */
const COMPARED_EVERY = SECOND;

/** How a system clock compares with the time that must have passed. */
export type ClockState = 'steady' | 'ahead' | 'behind';

/**
 * The state of a clock that shows `shown`.
 * @param expected the instant it was last right plus what has passed since, by a clock that cannot be set
 * @param mark the latest instant that was returned
 */
export function clockStateOf(
  shown: EpochMilliseconds,
  expected: EpochMilliseconds,
  mark: EpochMilliseconds,
): ClockState {
  if (shown > expected + FORWARD_TOLERANCE) return 'ahead';
  return shown < mark - BACKWARD_TOLERANCE ? 'behind' : 'steady';
}

/** What an installation remembers about its clocks between processes. */
export interface ClockRecord {
  /** The latest instant that a clock showed that passed the comparison. */
  readonly mark: EpochMilliseconds;
  /** The host of that clock, and its uptime at that instant. */
  readonly uptime: number;
  readonly bootId: string | null;
}

/** The evidence for and against a clock that a new process finds ahead of the mark. */
export interface StartEvidence {
  readonly shown: EpochMilliseconds;
  readonly uptime: number;
  readonly bootId: string | undefined;
  /** What the database server's own clock shows; an embedded database has none. */
  readonly databaseNow: EpochMilliseconds | undefined;
}

/**
 * - `right`: close to the mark, or nothing ran meanwhile and a second clock says so
 * - `unexplained`: nothing ran meanwhile, and no second clock can tell for how long
 * - `jumped`: a second clock contradicts it, or the stop would be too long to be accepted without one
 */
type StartVerdict = 'right' | 'unexplained' | 'jumped';

/**
 * Assesses the clock of a process that starts. There is no clock of its own yet that it could be compared with: a host that
 * was off for three days looks like one whose clock was set three days ahead.
 */
export function assessStart(record: ClockRecord, evidence: StartEvidence): StartVerdict {
  const { shown, databaseNow } = evidence;
  const gap = shown - record.mark;
  if (gap <= FORWARD_TOLERANCE) return 'right';
  const stopped = stoppedFor(record, evidence);
  if (stopped !== undefined) return gap - stopped <= FORWARD_TOLERANCE ? 'right' : 'jumped';
  if (databaseNow !== undefined) return shown - databaseNow <= FORWARD_TOLERANCE ? 'right' : 'jumped';
  return gap <= LONGEST_UNEXPLAINED_STOP ? 'unexplained' : 'jumped';
}

/** How long nothing ran, by the uptime of the host; `undefined` where another host, or an earlier boot, wrote the record. */
function stoppedFor(record: ClockRecord, { uptime, bootId }: Omit<StartEvidence, 'shown'>): number | undefined {
  const isSameBoot = bootId !== undefined && bootId === record.bootId && uptime >= record.uptime;
  return isSameBoot ? uptime - record.uptime : undefined;
}

/** An instant that a clock showed, and the uptime of the host at that moment. */
interface Reading {
  readonly shown: EpochMilliseconds;
  readonly uptime: number;
}

/** What a clock that shows a reading must show later. */
const later = ({ shown, uptime }: Reading, now: number): EpochMilliseconds => shown + (now - uptime);

/** That a clock is not right, and by how much. */
export interface ClockAlarm {
  readonly state: Exclude<ClockState, 'steady'>;
  readonly shown: EpochMilliseconds;
  /** What it should have shown. */
  readonly expected: EpochMilliseconds;
}

/**
 * The system's clock, compared with a clock that cannot be set.
 *
 * - Ahead: `now` follows the clock, so that what has expired by it is refused; `confirmed` continues from the last instant
 *   that was right, so that nothing is recorded, purged or destroyed by a time that is not confirmed.
 * - Behind: both continue from the latest instant that was returned, so that no time is returned twice; after a small step
 *   at half the speed, until the clock has caught up, after a large one at full speed.
 */
export class GuardedClock implements Clock {
  #state: ClockState = 'steady';
  /** Where the clock was last accepted. */
  #anchor: Reading;
  #mark: EpochMilliseconds;
  /** By how much `now` is ahead of `confirmed`. */
  #lead = 0;
  #compared: Reading;
  /** Since when a clock is observed that nothing explained at the start. */
  #observed: Reading | undefined;
  #alarm: ClockAlarm | undefined;

  constructor(private readonly source: TimeSource) {
    const here = { shown: source.now(), uptime: source.uptime() };
    this.#anchor = here;
    this.#compared = here;
    this.#mark = here.shown;
  }

  now(): EpochMilliseconds {
    const shown = this.source.now();
    const advanced = shown - this.#compared.shown;
    if (this.#state !== 'behind' && advanced >= 0 && advanced < COMPARED_EVERY) return shown;
    return this.compare(shown);
  }

  confirmed(): EpochMilliseconds {
    return this.now() - this.#lead;
  }

  get state(): ClockState {
    this.now();
    return this.#state;
  }

  /** What the system's clock shows, right or not. */
  get shown(): EpochMilliseconds {
    return this.source.now();
  }

  /** Whether the clock only has to be observed for a while after a stop that nothing explains. */
  get isObserved(): boolean {
    return this.state === 'ahead' && this.#observed !== undefined;
  }

  /** What to remember for the next process. */
  record(): ClockRecord {
    return { mark: this.confirmed(), uptime: this.source.uptime(), bootId: this.source.bootId ?? null };
  }

  /** Takes over what earlier processes remembered, once, at the start. */
  resume(record: ClockRecord, databaseNow: EpochMilliseconds | undefined): StartVerdict {
    const here = { shown: this.source.now(), uptime: this.source.uptime() };
    const evidence = { ...here, bootId: this.source.bootId, databaseNow };
    const verdict = assessStart(record, evidence);
    if (verdict !== 'right') {
      this.#mark = record.mark + (stoppedFor(record, evidence) ?? 0);
      this.#anchor = { shown: this.#mark, uptime: here.uptime };
      if (verdict === 'unexplained') this.#observed = here;
    }
    this.raise(record.mark);
    return verdict;
  }

  /** Another process has returned an instant that is later than ours. */
  raise(mark: EpochMilliseconds): void {
    this.#mark = Math.max(this.#mark, mark);
    this.compare(this.source.now());
  }

  /** Takes the clock as it is, because it was confirmed. */
  accept(): void {
    const here = { shown: this.source.now(), uptime: this.source.uptime() };
    this.#anchor = here;
    this.#compared = here;
    this.#mark = here.shown;
    this.#state = 'steady';
    this.#lead = 0;
    this.#observed = undefined;
    this.#alarm = undefined;
  }

  /** What is to be reported since the last call: a jump counts although the clock has come back meanwhile. */
  takeAlarm(): ClockAlarm | undefined {
    const alarm = this.#alarm;
    this.#alarm = undefined;
    return alarm;
  }

  private compare(shown: EpochMilliseconds): EpochMilliseconds {
    const uptime = this.source.uptime();
    const elapsed = Math.max(0, uptime - this.#compared.uptime);
    this.#compared = { shown, uptime };
    const jumpedAgain = this.observe(shown, uptime);
    const expected = later(this.#anchor, uptime);
    const before = this.#state;
    this.#state = this.nextState(shown, expected);
    if (this.#state !== 'steady' && (this.#state !== before || jumpedAgain)) {
      this.#alarm = { state: this.#state, shown, expected: this.#state === 'ahead' ? expected : this.#mark };
    }
    return this.advance(shown, expected, uptime, elapsed);
  }

  /** Ends the observation of a clock, in its favour or not. @returns whether it jumped while it was observed */
  private observe(shown: EpochMilliseconds, uptime: number): boolean {
    if (!this.#observed) return false;
    const jumped = shown > later(this.#observed, uptime) + FORWARD_TOLERANCE;
    if (jumped) this.#observed = undefined;
    else if (uptime - this.#observed.uptime >= OBSERVATION) this.accept();
    return jumped;
  }

  private nextState(shown: EpochMilliseconds, expected: EpochMilliseconds): ClockState {
    const state = clockStateOf(shown, expected, this.#mark);
    // Until it has caught up, a clock that was set back would return times again that were returned.
    return state === 'steady' && this.#state === 'behind' && shown < this.#mark ? 'behind' : state;
  }

  private advance(
    shown: EpochMilliseconds,
    expected: EpochMilliseconds,
    uptime: number,
    elapsed: number,
  ): EpochMilliseconds {
    this.#lead = 0;
    if (this.#state === 'behind') {
      const speed = this.#mark - shown <= FORWARD_TOLERANCE ? 0.5 : 1;
      this.#mark = Math.round(this.#mark + elapsed * speed);
      return this.#mark;
    }
    if (this.#state === 'ahead') {
      this.#mark = Math.max(this.#mark, Math.floor(expected));
      this.#lead = shown - this.#mark;
      return shown;
    }
    this.#mark = Math.max(this.#mark, shown);
    if (uptime - this.#anchor.uptime > ANCHORED_FOR) this.#anchor = { shown, uptime };
    return shown;
  }
}
