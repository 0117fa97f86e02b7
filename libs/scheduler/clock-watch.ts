import {
  BACKWARD_TOLERANCE,
  type ClockAlarm,
  type ClockRecord,
  type ClockState,
  type EpochMilliseconds,
  type GuardedClock,
  INSTALLATION_ID,
  MINUTE,
  OBSERVATION,
  type PlatformScope,
  SECOND,
  platformScope,
  systemOrigin,
  toRfc3339,
} from '#core';
import { type Database, IsNull, LessThan } from '#database';

import { InstallationClock } from './entities.js';
import { clockEvents } from './events.js';

/** Where the watch reports; a pino logger is one. */
interface ClockLog {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What an operator sees. */
export interface ClockStatus {
  /** Whether what cannot be undone is paused, on every instance, until the clock is confirmed. */
  readonly paused: boolean;
  readonly pausedAt: EpochMilliseconds | null;
  /** The last jump: what the clock should have shown, and what it showed. */
  readonly jumpedFrom: EpochMilliseconds | null;
  readonly jumpedTo: EpochMilliseconds | null;
  readonly confirmedAt: EpochMilliseconds | null;
  /** The clock of this process, compared with the time that must have passed. */
  readonly state: ClockState;
  /** Whether this process waits for an hour, because nothing tells for how long the installation was stopped. */
  readonly observed: boolean;
  /** What the clock of this host shows. */
  readonly shown: EpochMilliseconds;
  /** The latest instant of a clock that passed the comparison; `null` before the first. */
  readonly mark: EpochMilliseconds | null;
  /** What the clock of the database server shows; an embedded database has none. */
  readonly databaseNow: EpochMilliseconds | null;
}

const ROW = 'clock';
const SCOPE = platformScope(systemOrigin('clock'));
const MARK_WRITTEN_EVERY = 10 * SECOND;
/** From this difference on an operator hears that the clocks of two hosts differ. */
const HOSTS_DIFFER_BY = MINUTE;

/**
 * Keeps what the processes of an installation know about their clocks: a mark that only a clock raises that was compared
 * with one that cannot be set, and the pause of everything that cannot be undone, from a jump until its confirmation.
 */
export class ClockWatch {
  #paused = false;
  #confirmations: number | undefined;
  #unreported: ClockAlarm | undefined;
  #markWrittenAt = Number.NEGATIVE_INFINITY;
  #hostsDiffer = false;

  constructor(
    private readonly database: Database,
    private readonly clock: GuardedClock,
    private readonly log: ClockLog,
  ) {}

  /**
   * Whether nothing may be done now that cannot be undone: the installation is paused, or the clock of this process is
   * ahead. As of the last `beat`, but for this process's own clock.
   */
  get paused(): boolean {
    return this.#paused || this.clock.state === 'ahead';
  }

  /** Takes over what earlier processes remembered. Writes nothing, so that any command may begin with it. */
  async start(): Promise<void> {
    const row = await this.read();
    if (!row) return;
    const verdict = this.clock.resume(recordOf(row), await this.database.serverNow());
    this.follow(row);
    if (verdict !== 'unexplained') return;
    const fields = { mark: toRfc3339(row.mark), shown: toRfc3339(this.clock.shown) };
    this.log.warn(
      fields,
      `Nothing tells for how long the installation was stopped: what cannot be undone waits for ${OBSERVATION / MINUTE} minutes`,
    );
  }

  /** Compares this process's clock, follows what others have found, reports a jump and raises the mark. */
  async beat(): Promise<void> {
    this.clock.now();
    this.#unreported = this.clock.takeAlarm() ?? this.#unreported;
    this.follow((await this.read()) ?? (await this.create()));
    await this.report();
    await this.raiseMark();
  }

  async status(): Promise<ClockStatus> {
    const row = await this.read();
    const pausedAt = row?.pausedAt ?? null;
    return {
      paused: pausedAt !== null,
      pausedAt,
      jumpedFrom: row?.jumpedFrom ?? null,
      jumpedTo: row?.jumpedTo ?? null,
      confirmedAt: row?.confirmedAt ?? null,
      state: this.clock.state,
      observed: this.clock.isObserved,
      shown: this.clock.shown,
      mark: row?.mark ?? null,
      databaseNow: (await this.database.serverNow()) ?? null,
    };
  }

  /**
   * Confirms that the clocks show the right time: every process accepts its own as it is, and what was paused continues.
   * @returns whether there was anything to confirm
   */
  async confirm(scope: PlatformScope): Promise<boolean> {
    const here = this.clock.state;
    if (!(await this.read())) await this.create();
    const confirmations = await this.database.platform(scope, async (tx) => {
      tx.housekeeping('there is nothing to confirm');
      const row = await tx.lock(InstallationClock, { id: ROW });
      if (row.pausedAt === null && here === 'steady') return undefined;
      const { shown } = this.clock;
      const next = row.confirmations + 1;
      const { uptimeSeconds, bootId } = columnsOf(this.clock.record());
      const set = { mark: shown, uptimeSeconds, bootId, confirmations: next, pausedAt: null, confirmedAt: shown };
      await tx.update(InstallationClock, { id: ROW }, set);
      const details = { shown: toRfc3339(shown), mark: toRfc3339(row.mark), ...jumpOf(row) };
      tx.record(clockEvents.confirmed(INSTALLATION_ID, { details }));
      return next;
    });
    if (confirmations === undefined) return false;
    this.accept(confirmations);
    this.#paused = false;
    return true;
  }

  private async read(): Promise<InstallationClock | null> {
    return this.database.readPlatform(SCOPE, (view) => view.findOne(InstallationClock, { id: ROW }));
  }

  private async create(): Promise<InstallationClock> {
    const none = { confirmations: 0, pausedAt: null, jumpedFrom: null, jumpedTo: null, confirmedAt: null };
    return this.database.platform(SCOPE, async (tx) => {
      tx.housekeeping('the mark of the clocks');
      await tx.insertIfAbsent(InstallationClock, { id: ROW, ...columnsOf(this.clock.record()), ...none });
      return tx.get(InstallationClock, { id: ROW });
    });
  }

  private follow(row: InstallationClock): void {
    this.#confirmations ??= row.confirmations;
    if (row.confirmations !== this.#confirmations) this.accept(row.confirmations);
    else this.clock.raise(row.mark);
    const paused = row.pausedAt !== null;
    if (paused && !this.#paused) {
      this.log.warn(
        jumpOf(row),
        'What cannot be undone is paused until the clock is confirmed: chancery scheduler confirm',
      );
    }
    this.#paused = paused;
  }

  private accept(confirmations: number): void {
    this.clock.accept();
    this.#confirmations = confirmations;
    this.#unreported = undefined;
  }

  /** Writes a jump down; until that succeeds it is tried again, and this process pauses by itself. */
  private async report(): Promise<void> {
    this.#unreported = this.clock.takeAlarm() ?? this.#unreported;
    const alarm = this.#unreported;
    if (!alarm) return;
    // After a stop that nothing explains the clock is observed: that alone is no reason to ask for a confirmation.
    if (alarm.state === 'ahead' && !this.clock.isObserved) await this.pause(alarm);
    else if (alarm.state === 'behind') await this.reportSetBack(alarm);
    this.#unreported = undefined;
  }

  private async pause(alarm: ClockAlarm): Promise<void> {
    const { shown, expected } = alarm;
    this.#paused = true;
    this.log.error(
      describe(alarm),
      'The clock jumped forward: what cannot be undone is paused until the clock is confirmed: chancery scheduler confirm',
    );
    await this.database.platform(SCOPE, async (tx) => {
      tx.housekeeping('another process has paused it');
      const set = { pausedAt: tx.confirmed, jumpedFrom: Math.round(expected), jumpedTo: shown };
      const changed = await tx.update(InstallationClock, { id: ROW, pausedAt: IsNull() }, set);
      if (changed === 1) {
        tx.record(clockEvents.jumped(INSTALLATION_ID, { outcome: 'failed', details: describe(alarm) }));
      }
    });
  }

  private async reportSetBack(alarm: ClockAlarm): Promise<void> {
    this.log.error(describe(alarm), 'The clock was set back: the latest instant before that is used instead');
    await this.database.platform(SCOPE, async (tx) => {
      tx.record(clockEvents.set_back(INSTALLATION_ID, { outcome: 'failed', details: describe(alarm) }));
    });
  }

  /**
   * Raises the mark by a clock that passed the comparison. Where the database is a server, its clock is a second opinion:
   * the mark is not raised beyond it, so that one host with a wrong clock cannot mislead all others.
   */
  private async raiseMark(): Promise<void> {
    const record = this.clock.record();
    if (this.clock.isObserved || record.uptime - this.#markWrittenAt < MARK_WRITTEN_EVERY) return;
    const databaseNow = await this.database.serverNow();
    this.compareHosts(databaseNow);
    const mark = Math.min(record.mark, databaseNow === undefined ? record.mark : databaseNow + BACKWARD_TOLERANCE);
    await this.database.platform(SCOPE, async (tx) => {
      tx.housekeeping('the mark of the clocks');
      const where = { id: ROW, mark: LessThan(mark), confirmations: this.#confirmations! };
      await tx.update(InstallationClock, where, { ...columnsOf(record), mark });
    });
    this.#markWrittenAt = record.uptime;
  }

  private compareHosts(databaseNow: EpochMilliseconds | undefined): void {
    const differ = databaseNow !== undefined && Math.abs(this.clock.shown - databaseNow) > HOSTS_DIFFER_BY;
    if (differ && !this.#hostsDiffer) {
      const fields = { shown: toRfc3339(this.clock.shown), databaseServer: toRfc3339(databaseNow) };
      this.log.warn(fields, 'The clocks of this host and of the database server differ: synchronise both');
    }
    this.#hostsDiffer = differ;
  }
}

const recordOf = ({ mark, uptimeSeconds, bootId }: InstallationClock): ClockRecord => ({
  mark,
  uptime: uptimeSeconds * SECOND,
  bootId,
});

const columnsOf = ({
  mark,
  uptime,
  bootId,
}: ClockRecord): Pick<InstallationClock, 'mark' | 'uptimeSeconds' | 'bootId'> => ({
  mark,
  uptimeSeconds: Math.floor(uptime / SECOND),
  bootId,
});

const jumpOf = ({ jumpedFrom, jumpedTo }: InstallationClock): Record<string, string> => ({
  ...(jumpedFrom === null ? {} : { jumpedFrom: toRfc3339(jumpedFrom) }),
  ...(jumpedTo === null ? {} : { jumpedTo: toRfc3339(jumpedTo) }),
});

const describe = ({ shown, expected }: ClockAlarm): { shown: string; expected: string } => ({
  shown: toRfc3339(shown),
  expected: toRfc3339(Math.round(expected)),
});
