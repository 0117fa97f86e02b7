import { DomainError, type EpochMilliseconds, type Evidence, SECOND, type TenantScope, coreErrors } from '#core';

import type { Counter } from '#metrics';

import type { ConfigurationCheck, EventRecorder } from './checks.js';
import { completionOf, withoutCompletion } from './completion.js';
import { TransactionMisuse, databaseErrors } from './errors.js';
import { type Basis, bothOf, holds } from './basis.js';
import { GroupCommit, type Outcome } from './group-commit.js';
import { ConfigurationNumbers, type Known, type Load, type Loader } from './kept.js';
import {
  type Finished,
  Outdated,
  type PreparedWork,
  type PreparedWriting,
  PresentRows,
  RaisedInstants,
  type Share,
  StepPlans,
  isCurrent,
  writePrepared,
} from './prepared-work.js';
import type { DatabaseMeasures } from './measures.js';
import type { PlannedTransaction } from './planned-transaction.js';
import type { RaisedInstant } from './statements.js';
import type { Tx } from './tx.js';
import type { ReadOfKeys } from './shared-reads.js';
import type { View } from './view.js';

/** What `Commits` needs of the database. */
interface Doors {
  readonly configurations: ConfigurationCheck;
  readonly measures: DatabaseMeasures;
  readonly recorder: EventRecorder;
  now(): EpochMilliseconds;
  /** A transaction of one tenant, which begins with the authority check. */
  alone<T>(scope: TenantScope, work: (tx: Tx) => Promise<T>, rows?: number): Promise<T>;
  /**
   * Likewise, in which `decide` comes first: whatever it reads, it reads in this transaction, and no other can change the
   * configuration of the tenant until this one ends.
   */
  holding<Decision, T>(
    scope: TenantScope,
    decide: (tx: Tx) => Promise<Decision>,
    work: (tx: Tx, decision: Decision) => Promise<T>,
    rows?: number,
  ): Promise<T>;
  /** Where a decision of the server itself reads a tenant's configuration. */
  scopeOf(tenantId: string): TenantScope;
  /** Whether the caller is such a decision. */
  isHolding(): boolean;
  /** A transaction of many. `begin` gives the same transaction at a later instant. */
  together<T>(work: (begin: () => Tx) => Promise<T>): Promise<T>;
  /**
   * Likewise, where the database is asked once for all of it: by numbers that are assumed.
   * @param isTimely whether the work is right at an instant that is later than that of the plan
   * @returns `undefined` where nothing was done: a number is another, or the database is in use or cannot do that
   */
  planned<T>(
    assumed: ReadonlyMap<string, number>,
    isTimely: (now: EpochMilliseconds) => boolean,
    work: (tx: PlannedTransaction) => Promise<T>,
  ): Promise<{ readonly result: T } | undefined>;
  /** Committed data of one tenant. */
  read<T>(tenantId: string, work: (view: View) => Promise<T>): Promise<T>;
  /** As `Database.readTogether`. */
  readTogether<Value>(read: ReadOfKeys<Value>): (key: string) => Promise<Value | undefined>;
}

/** What a transaction of many came to. */
interface Written {
  readonly raised: readonly RaisedInstant[];
  readonly outcomes: readonly Outcome[];
}

/** How often work is prepared because the configuration changed meanwhile. */
const ATTEMPTS = 5;
/**
 * How often it is prepared before its transaction. Where others change the configuration again and again, each attempt would be
 * outdated when its turn comes: the next one holds it.
 */
const ATTEMPTS_BEFOREHAND = 2;
/** What says nothing about the request: it is no rejection that could be outdated. */
const UNCONFIRMED: readonly string[] = ['internal', 'unavailable'];
/** What a transaction fails by where the database does. */
const OF_THE_DATABASE: readonly string[] = [
  databaseErrors.DATABASE_UNAVAILABLE.code,
  databaseErrors.AUDIT_UNAVAILABLE.code,
];
/** Callers whose rights are in rows that no number of a configuration covers: a session, its user, an account. */
const DECIDED_BY_ROWS: ReadonlySet<Evidence['kind'] | undefined> = new Set(['session', 'api-token', 'acme-account']);

/** Whether its work may share a transaction with that of others, which begins without the authority check. */
const isShareable = (scope: TenantScope): boolean => {
  const completion = completionOf(scope);
  return !DECIDED_BY_ROWS.has(scope.evidence?.kind) && (completion === undefined || completion.shared !== undefined);
};

/** How long after it was planned a transaction with steps may take the numbers of its events. */
const STEPS_TIMELY_FOR = SECOND;

/** Below every number of a configuration. */
const NO_TENANT = 0;

/** Makes durable what was decided from memory, and finds out where the memory is outdated. See `Database.commit`. */
export class Commits implements Loader {
  readonly numbers = new ConfigurationNumbers();
  readonly #raised = new RaisedInstants();
  readonly #rowsThere = new PresentRows();
  readonly #stepPlans = new StepPlans();
  readonly #present: (tenantId: string) => Promise<number | undefined>;
  readonly #group: GroupCommit;
  readonly lookups: Counter;

  constructor(private readonly doors: Doors) {
    this.lookups = doors.measures.lookups;
    this.#present = doors.readTogether((view, tenantIds) => this.#readNumbers(view, tenantIds));
    this.#group = new GroupCommit((shares) => this.#write(shares), doors.measures);
  }

  async commit<Result>(scope: TenantScope, prepare: () => Promise<PreparedWork<Result>>): Promise<Result> {
    // It would wait for what the decision holds.
    if (this.isHolding) throw new TransactionMisuse('Inside a decision that holds its rows there must be no commit');
    let rows: number | undefined;
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (attempt > ATTEMPTS_BEFOREHAND) return await this.#writeHolding(scope, prepare, rows);
        const work = await this.deciding(scope.tenantId, prepare);
        ({ rows } = work);
        return await (isShareable(scope) ? this.#group.add(scope, work) : this.#writeAlone(scope, work));
      } catch (error) {
        if (!(error instanceof Outdated)) throw error;
        if (attempt === ATTEMPTS) throw coreErrors.BUSY({ retryAfterSeconds: 1 });
      }
    }
  }

  async deciding<Result>(tenantId: string, decide: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      const before = this.numbers.newest(tenantId);
      try {
        return await decide();
      } catch (error) {
        if (!(error instanceof DomainError) || UNCONFIRMED.includes(error.kind)) throw error;
        if ((await this.#present(tenantId)) === before || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async confirming<Result>(tenantId: string, decide: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      if (attempt > ATTEMPTS_BEFOREHAND) return this.#decideHolding(tenantId, decide);
      const before = this.numbers.newest(tenantId);
      const result = await this.deciding(tenantId, decide);
      if ((await this.#present(tenantId)) === before) return result;
    }
  }

  async stillHolds(tenantId: string, basis: Basis): Promise<boolean> {
    const configVersion = await this.#present(tenantId);
    return holds(basis, { configVersion, now: this.doors.now() });
  }

  now(): EpochMilliseconds {
    return this.doors.now();
  }

  get isHolding(): boolean {
    return this.doors.isHolding();
  }

  async load<Value>(tenantId: string, load: Load<Value>): Promise<Known<Value>> {
    return this.doors.read(tenantId, async (view) => {
      // The number first: what changes after it was read is noticed.
      const configVersion = (await this.#readNumbers(view, [tenantId])).get(tenantId) ?? NO_TENANT;
      const { value, from, until } = await load(view);
      return { value, basis: { configVersion, from, until } };
    });
  }

  async #readNumbers(view: View, tenantIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const numbers = await this.doors.configurations(view, tenantIds);
    this.#note(numbers);
    return numbers;
  }

  #note(numbers: ReadonlyMap<string, number>): void {
    for (const [tenantId, number] of numbers) this.numbers.note(tenantId, number);
  }

  /** One transaction for all of them; one for each where something is wrong with one of them. */
  async #write(shares: readonly Share[]): Promise<readonly Outcome[]> {
    try {
      return await this.#writeTogether(shares);
    } catch (error) {
      // Where the database is away, it is so for each of them; whether all was committed may be unknown then. What else a step lacks,
      // such as the keys of a tenant whose secrets do not open, concerns its own work alone.
      const isOfAll = error instanceof DomainError && OF_THE_DATABASE.includes(error.code);
      if (isOfAll || shares.length === 1) return shares.map(() => ({ error }));
      const outcomes: Outcome[] = [];
      for (const share of shares) outcomes.push(...(await this.#write([share])));
      return outcomes;
    }
  }

  async #writeTogether(shares: readonly Share[]): Promise<readonly Outcome[]> {
    const tenantIds = [...new Set(shares.map(({ scope }) => scope.tenantId))];
    const { raised, outcomes } =
      (await this.#writePlanned(shares, tenantIds)) ??
      (await this.doors.together(async (begin) => {
        const numbers = await this.doors.configurations(begin(), tenantIds);
        // The check can wait for a lock: the instant of the work is the one after it.
        return this.#writeShares(begin(), shares, numbers);
      }));
    this.#raised.note(raised);
    return outcomes;
  }

  /** By the numbers that were read last, which the transaction reads again; `undefined` where that is not possible. */
  async #writePlanned(shares: readonly Share[], tenantIds: readonly string[]): Promise<Written | undefined> {
    const assumed = new Map<string, number>();
    for (const tenantId of tenantIds) {
      const newest = this.numbers.newest(tenantId);
      if (newest !== undefined) assumed.set(tenantId, newest);
    }
    // A row that is there already decides about events: a plan by which it is absent would come to nothing.
    const needsRows = shares.some(
      ({ work: { once, shared } }) =>
        this.#rowsThere.has(once) || (shared !== undefined && !shared.step.plans?.(shared.item)),
    );
    const hasSteps = shares.some(({ work }) => work.shared !== undefined);
    if (assumed.size < tenantIds.length || needsRows || (hasSteps && !this.#stepPlans.isWorthwhile())) return undefined;
    const { from, until } = shares.map(({ work }) => work.basis).reduce(bothOf);
    // Steps have decided by the instant of the plan.
    let stepsUntil = Infinity;
    const isTimely = (now: EpochMilliseconds): boolean => from <= now && now < Math.min(until, stepsUntil);
    const written = await this.doors.planned(assumed, isTimely, async (tx) => {
      if (hasSteps) stepsUntil = tx.now + STEPS_TIMELY_FOR;
      return this.#writeShares(tx, shares, await this.doors.configurations(tx, tenantIds));
    });
    if (hasSteps) this.#stepPlans.note(written !== undefined);
    return written?.result;
  }

  async #writeShares(
    tx: PreparedWriting & Pick<Tx, 'appendNumbered'>,
    shares: readonly Share[],
    numbers: ReadonlyMap<string, number>,
  ): Promise<Written> {
    this.#note(numbers);
    const { finished, raised, present } = await writePrepared(tx, shares, numbers, this.#raised);
    for (const row of present) this.#rowsThere.note(row);
    const works = shares.flatMap(({ scope }, index) => {
      const { events = [] } = finished[index] as Partial<Finished<unknown>>;
      return events.length === 0 ? [] : [{ scope, events }];
    });
    if (works.length > 0) await this.doors.recorder(tx, works);
    const outcomes = finished.map((one): Outcome => (one instanceof Error ? { error: one } : { result: one.result }));
    return { raised, outcomes };
  }

  /** In a transaction of its own, which begins with the authority check. */
  async #writeAlone<Result>(scope: TenantScope, work: PreparedWork<Result>): Promise<Result> {
    return this.#noting((note) => this.doors.alone(scope, (tx) => this.#writeOne(tx, scope, work, note), work.rows));
  }

  /** Decided in a transaction that writes nothing. */
  async #decideHolding<Result>(tenantId: string, decide: () => Promise<Result>): Promise<Result> {
    const holdAndDecide = async (tx: Tx): Promise<Result> => {
      await this.#readNumbers(tx, [tenantId]);
      return decide();
    };
    return this.doors.holding(this.doors.scopeOf(tenantId), holdAndDecide, async (_, result) => result);
  }

  /** Decided and written in one transaction. Its rejection is the answer: nothing can have changed since it was read. */
  async #writeHolding<Result>(
    scope: TenantScope,
    prepare: () => Promise<PreparedWork<Result>>,
    rows: number | undefined,
  ): Promise<Result> {
    const decide = async (tx: Tx): Promise<PreparedWork<Result>> => {
      await this.#readNumbers(tx, [scope.tenantId]);
      return prepare();
    };
    return this.#noting((note) =>
      this.doors.holding(scope, decide, (tx, work) => this.#writeOne(tx, scope, work, note), rows),
    );
  }

  /** Notes what the transaction raised once it is committed. Its own result goes to the completion of the scope. */
  async #noting<Result>(write: (note: (raised: readonly RaisedInstant[]) => void) => Promise<Result>): Promise<Result> {
    let raised: readonly RaisedInstant[] = [];
    const result = await write((one) => (raised = one));
    this.#raised.note(raised);
    return result;
  }

  /** The result itself: where the work completes, that is what its answer is made of. */
  async #writeOne<Result>(
    tx: Tx,
    scope: TenantScope,
    work: PreparedWork<Result>,
    note: (raised: readonly RaisedInstant[]) => void,
  ): Promise<Result> {
    const numbers = await this.#readNumbers(tx, [scope.tenantId]);
    // Its completion is written by the transaction itself.
    const share = { scope: withoutCompletion(scope), work };
    if (!isCurrent(share, numbers, tx.now)) throw new Outdated();
    const written = await writePrepared(tx, [share], numbers, this.#raised);
    const [one] = written.finished as [Finished<Result> | Error];
    if (one instanceof Error) throw one;
    for (const event of one.events) tx.record(event);
    note(written.raised);
    return one.result;
  }
}
