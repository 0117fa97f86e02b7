import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { EntityManager } from 'typeorm';

import {
  type Clock,
  DomainError,
  type EpochMilliseconds,
  type ErrorFactory,
  type FairQueue,
  INSTALLATION_ID,
  type PlatformScope,
  type TenantScope,
  coreErrors,
  platformScope,
  selfDeciding,
  systemOrigin,
} from '#core';
import { inSpan } from '#tracing';

import type { Basis } from './basis.js';
import type { AuthorityCheck, ConfigurationCheck, EventRecorder } from './checks.js';
import type { ClusterKind } from './cluster.js';
import { Commits } from './commits.js';
import { type Committed, type WithoutCompletion, committed, completionOf } from './completion.js';
import type { Dialect } from './dialects.js';
import { isLostRace, meaningOf, withoutStatement } from './driver-errors.js';
import { DryRunEnd, NotPlanned, TransactionMisuse, databaseErrors } from './errors.js';
import type { Gateway } from './gateway.js';
import { Kept, type Known, type Load } from './kept.js';
import { newLedger } from './ledger.js';
import { DatabaseMeasures } from './measures.js';
import { openGateway } from './open-gateway.js';
import type { EntityClass } from './ownership.js';
import { PlannedTransaction } from './planned-transaction.js';
import type { PreparedWork } from './prepared-work.js';
import type { DatabaseTls } from './tls.js';
import { type Snapshot, snapshotOf } from './snapshot.js';
import { type ReadOfKeys, SharedReads } from './shared-reads.js';
import type { TransactionPlan } from './transaction-plan.js';
import { Tx } from './tx.js';
import { type Instants, View } from './view.js';

export interface DatabaseSettings {
  /** `sqlite:<path>` or `mysql://user:password@host:port/database` (MariaDB too). */
  readonly url: string;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  /** Without it nothing is checked: for tests below the application. */
  readonly authority?: AuthorityCheck | undefined;
  /** Needed for `commit` and `keep`. */
  readonly configurations?: ConfigurationCheck | undefined;
  /** TLS options of connections to a server; none by default. */
  readonly tls?: DatabaseTls;
  /** Whether the server is part of a cluster; if absent, the server is asked. */
  readonly cluster?: ClusterKind | 'off' | undefined;
  readonly allowUnsafe?: boolean;
  readonly warn?: (message: string) => void;
  /** MySQL and MariaDB; 10 s by default. */
  readonly statementTimeoutMilliseconds?: number;
}

export interface DatabaseOptions extends DatabaseSettings {
  readonly entities: readonly EntityClass[];
}

const ATTEMPTS = 4;
/** In a cluster, concurrent transactions of different servers that record in one history always conflict. */
const CLUSTER_ATTEMPTS = 12;
const GROUP = platformScope(systemOrigin('group-commit'));
const RETRY_DELAY_MILLISECONDS = 20;
const RETRY_DELAYS_MAX = 4;
/** A table to test whether a full database accepts rows again. */
const STORAGE_PROBE = 'storage_probe';
/** More than one page of either database. */
const STORAGE_PROBE_BYTES = 32 * 1024;

/** Reading what is kept of a configuration is work of the server itself. */
const configurationScope = (tenantId: string): TenantScope =>
  selfDeciding({ ...systemOrigin('configuration'), tenantId });

const noConfigurations: ConfigurationCheck = async () => {
  throw new TransactionMisuse('This database was opened without the check of configurations');
};

/** The only access to data: every statement runs in a scope. */
export class Database {
  /** In a transaction; with its connection where what is read meanwhile is read by it. */
  readonly #open = new AsyncLocalStorage<{ readonly connection?: EntityManager }>();
  #closed = false;
  #writable = true;
  #trial: Promise<boolean> | undefined;
  readonly #commits: Commits;
  /** Counts for metrics. */
  readonly measures = new DatabaseMeasures();

  private constructor(
    private readonly gateway: Gateway,
    private readonly clock: Clock,
    private readonly recorder: EventRecorder,
    private readonly authority: AuthorityCheck,
    configurations: ConfigurationCheck,
  ) {
    this.#commits = new Commits({
      configurations,
      measures: this.measures,
      recorder,
      now: () => clock.now(),
      alone: (scope, work, rows) => this.transaction(scope, work, rows),
      holding: (scope, decide, work, rows) => this.run(scope, scope.tenantId, work, rows, decide),
      scopeOf: configurationScope,
      isHolding: () => this.isHolding,
      together: (work) => this.attempting(GROUP, null, 1, (begin) => work(() => begin(GROUP))),
      planned: (assumed, isTimely, work) => this.planned(assumed, isTimely, work),
      read: (tenantId, work) => this.view(configurationScope(tenantId), tenantId, work),
      readTogether: (read) => this.readTogether(read),
    });
  }

  /** Opens a database, for tests and tools; applications use `DatabaseModule`. */
  static async open(options: DatabaseOptions): Promise<Database> {
    return Database.on(await openGateway(options), options);
  }

  /** Wraps an open database. */
  static on(gateway: Gateway, options: DatabaseSettings): Database {
    const { clock, recorder, authority = async ({ scope }) => scope, configurations = noConfigurations } = options;
    return new Database(gateway, clock, recorder, authority, configurations);
  }

  /** The classes of all tables. */
  get entities(): readonly EntityClass[] {
    return this.gateway.dataSource.entityMetadatas.map(({ target }) => target as EntityClass);
  }

  get dialect(): Dialect {
    return this.gateway.dialect;
  }

  /** The line for its connections. */
  get connections(): Pick<FairQueue, 'concurrency' | 'running' | 'waiting'> {
    return this.gateway.queue;
  }

  /** The kind of the cluster; `undefined` for a single server and an embedded database. */
  get cluster(): ClusterKind | undefined {
    return this.gateway.cluster;
  }

  /** The TLS cipher suite of the connections to the server; `undefined` if they are not encrypted. */
  get cipher(): string | undefined {
    return this.gateway.cipher;
  }

  /**
   * One transaction inside one tenant: all or nothing, together with the events that `work` recorded. It begins with the
   * authority check, in each attempt again.
   * The closure runs again as a whole where the database chose it as the loser of a race, so it must have no effect
   * outside of `tx`. A scope with a completion (see `completing`) has it written in the same transaction. The work of a dry run
   * is rolled back, and thrown is a `DryRunEnd` with what it recorded.
   * @param rows how many rows it writes, roughly, where that is not a few: a batch waits for as many turns
   * @throws DATABASE_UNAVAILABLE where it could not begin, AUDIT_UNAVAILABLE where nothing could be made durable, BUSY;
   *   INTERNAL_ERROR for a wrong statement; whatever `work` throws otherwise
   */
  transaction<T>(scope: WithoutCompletion<TenantScope>, work: (tx: Tx) => Promise<T>, rows?: number): Promise<T>;
  transaction<T>(scope: TenantScope, work: (tx: Tx) => Promise<T>, rows?: number): Promise<Committed<T>>;
  async transaction<T>(scope: TenantScope, work: (tx: Tx) => Promise<T>, rows = 1): Promise<Committed<T>> {
    if (scope.tenantId === INSTALLATION_ID) throw new TransactionMisuse('This work has no tenant: use db.platform');
    return committed(this.run(scope, scope.tenantId, work, rows));
  }

  /** One transaction across tenants: the only one. For the platform's own work, never on behalf of a tenant's user. */
  async platform<T>(scope: PlatformScope, work: (tx: Tx) => Promise<T>): Promise<Committed<T>> {
    return committed(this.run(scope, null, work));
  }

  /**
   * Makes durable what was decided and computed in memory, together with the work of other requests, and answers once it is.
   * Where the configuration that it was decided by changed meanwhile, in this process or in another, it is decided again; so
   * is a rejection that followed from what was only remembered.
   * @param prepare checks the caller as well, and has no effect: it can run several times
   * @throws whatever `prepare` throws; BUSY, AUDIT_UNAVAILABLE
   */
  async commit<Result>(scope: TenantScope, prepare: () => Promise<PreparedWork<Result>>): Promise<Committed<Result>> {
    this.requireNoTransaction('commit of prepared work');
    if (scope.dryRun) throw new TransactionMisuse('Prepared work has no dry run');
    return committed(inSpan('commit', () => this.#commits.commit(scope, prepare)));
  }

  /**
   * A decision by what is kept in memory. A rejection is the answer only where nothing was changed since; otherwise it is
   * decided again.
   * @param decide has no effect: it can run several times
   */
  async deciding<Result>(tenantId: string, decide: () => Promise<Result>): Promise<Result> {
    return this.#commits.deciding(tenantId, decide);
  }

  /** Likewise, where nothing is committed afterwards: an acceptance is confirmed, too. */
  async confirming<Result>(tenantId: string, decide: () => Promise<Result>): Promise<Result> {
    return this.#commits.confirming(tenantId, decide);
  }

  /** Reads what its owner keeps by itself, with the basis on which it holds. @throws whatever `load` throws */
  async known<Value>(tenantId: string, load: Load<Value>): Promise<Known<Value>> {
    return this.#commits.load(tenantId, load);
  }

  /**
   * Whether what was read under this basis is still right: by the number as it is committed now, also by another process.
   * @throws DATABASE_UNAVAILABLE, BUSY
   */
  async stillHolds(tenantId: string, basis: Basis): Promise<boolean> {
    return this.#commits.stillHolds(tenantId, basis);
  }

  /**
   * Values of the tenants' configurations that are kept in memory.
   * @param name what they are, for metrics
   * @param max how many
   */
  keep<Value>(name: string, max: number): Kept<Value> {
    return new Kept<Value>(this.#commits, name, max);
  }

  /** This instant: it decides what may be used. */
  now(): EpochMilliseconds {
    return this.clock.now();
  }

  /** Committed data of one tenant, without a transaction. @throws DATABASE_UNAVAILABLE */
  async read<T>(scope: TenantScope, work: (view: View) => Promise<T>): Promise<T> {
    if (scope.tenantId === INSTALLATION_ID) throw new TransactionMisuse('This work has no tenant: use db.readPlatform');
    return this.view(scope, scope.tenantId, work);
  }

  /** Committed data across tenants. */
  async readPlatform<T>(scope: PlatformScope, work: (view: View) => Promise<T>): Promise<T> {
    return this.view(scope, null, work);
  }

  /**
   * Committed data across tenants that the server itself looks for under keys, once for all requests that ask meanwhile. A decision that holds
   * its rows reads by its own transaction.
   * @param read by few statements, however many keys there are
   * @returns reads one key; `undefined` where nothing is found. @throws DATABASE_UNAVAILABLE, BUSY; TransactionMisuse inside a transaction
   */
  readTogether<Value>(read: ReadOfKeys<Value>): (key: string) => Promise<Value | undefined> {
    const across = (keys: readonly string[]): Promise<ReadonlyMap<string, Value>> =>
      this.view(GROUP, null, (view) => read(view, keys));
    const together = new SharedReads<Value>(across);
    return async (key) => {
      if (this.isHolding) return (await across([key])).get(key);
      this.requireNoTransaction('read of what is committed');
      return together.of(key);
    };
  }

  private get isHolding(): boolean {
    return this.#open.getStore()?.connection !== undefined;
  }

  /**
   * Several reads of committed data that agree with each other: all that `work` reads, it reads as it is at one moment, whatever
   * is written meanwhile. Nothing can be written in it.
   * @throws DATABASE_UNAVAILABLE, BUSY
   */
  async moment<T>({ tenantId: owner }: TenantScope | PlatformScope, work: () => Promise<T>): Promise<T> {
    this.requireNoTransaction('view of one moment');
    try {
      return await this.gateway.readMoment({ owner, rows: 1 }, (connection) => this.#open.run({ connection }, work));
    } catch (error) {
      throw this.toDomainError(error, databaseErrors.DATABASE_UNAVAILABLE);
    }
  }

  /**
   * What takes long and needs no row is done before or after a transaction: on SQLite everybody who writes would wait
   * for it, elsewhere everybody who needs the rows that are locked. A decision that holds what it reads is the exception:
   * it was outdated each time that it was made beforehand.
   * @throws TransactionMisuse inside a transaction
   */
  requireNoTransaction(what: string): void {
    const open = this.#open.getStore();
    if (open && !open.connection) throw new TransactionMisuse(`Inside a transaction there must be no ${what}`);
  }

  /** Whether the table of an entity exists; before the first migration it does not. */
  async hasTable(entity: EntityClass): Promise<boolean> {
    const { dataSource } = this.gateway;
    const runner = dataSource.createQueryRunner();
    try {
      return await runner.hasTable(dataSource.getMetadata(entity).tableName);
    } finally {
      await runner.release();
    }
  }

  /** Whether the database is open and answers, for readiness. */
  async answers(): Promise<boolean> {
    return !this.#closed && (await this.gateway.answers());
  }

  /**
   * Whether the database takes writes: not after one failed because the disk is full or the database read-only, until
   * a write succeeds. Where one has failed, this tries it.
   */
  async isWritable(): Promise<boolean> {
    if (this.#writable) return true;
    this.#trial ??= this.tryToWrite().finally(() => (this.#trial = undefined));
    this.#writable = await this.#trial;
    return this.#writable;
  }

  /** The time of the database server; `undefined` for an embedded database, or if the server does not answer. */
  async serverNow(): Promise<EpochMilliseconds | undefined> {
    const { clockQuery } = this.gateway.dialect;
    if (clockQuery === undefined) return undefined;
    try {
      const [row] = await this.gateway.dataSource.query<{ now: number | string }[]>(clockQuery);
      return row === undefined ? undefined : Number(row.now);
    } catch {
      return undefined;
    }
  }

  /** A snapshot of all rows at one moment, for backups. */
  async snapshot<T>(work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    return this.gateway.snapshot(async (query) => work(await snapshotOf(query, this.dialect)));
  }

  async migrate(): Promise<void> {
    await this.gateway.migrate();
  }

  /**
   * The statements that would make the schema what the entities say; empty unless a migration is missing. Indexes are
   * declared in migrations only, so that the entities, which name none, do not ask for their removal.
   */
  async drift(): Promise<string[]> {
    const statements = await this.gateway.dataSource.driver.createSchemaBuilder().log();
    return statements.upQueries.map(({ query }) => query).filter((query) => !query.startsWith('DROP INDEX'));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.gateway.close();
  }

  /** @param decide comes before the work, and reads by the same connection what it reads */
  private async run<T, Decision = undefined>(
    scope: TenantScope | PlatformScope,
    tenantId: string | null,
    work: (tx: Tx, decision: Decision) => Promise<T>,
    rows = 1,
    decide: (tx: Tx) => Promise<Decision> = async () => undefined as Decision,
  ): Promise<T> {
    const transaction = () =>
      this.attempting(scope, tenantId, rows, async (begin, connection) => {
        const checked = await this.authority(begin(scope));
        const decision = await this.#open.run({ connection }, () => decide(begin(checked)));
        // The check can wait for a lock: the instant of the work is the one after it.
        const tx = begin(checked);
        const result = await work(tx, decision);
        const events = tx.finish();
        if (scope.dryRun) throw new DryRunEnd(events);
        await completionOf(scope)?.complete(tx, result);
        if (events.length > 0) await this.recorder(tx, [{ scope: tx.scope, events }]);
        return result;
      });
    return inSpan('transaction', transaction);
  }

  /** One transaction; again as a whole where the database chose it as the loser of a race. */
  private async attempting<T>(
    { tenantId: owner }: TenantScope | PlatformScope,
    tenantId: string | null,
    rows: number,
    work: (begin: (scope: TenantScope | PlatformScope) => Tx, connection: EntityManager) => Promise<T>,
  ): Promise<T> {
    if (this.#open.getStore()) throw new TransactionMisuse('A transaction was opened inside another one');
    const attempts = this.cluster === undefined ? ATTEMPTS : CLUSTER_ATTEMPTS;
    let begun = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const afterCommit: (() => void)[] = [];
        const result = await this.gateway.write({ owner, rows }, (manager) =>
          this.#open.run({}, () => {
            begun = true;
            const { dialect } = this.gateway;
            const reach = { tenantId, installationOnly: false };
            const begin = (scope: TenantScope | PlatformScope): Tx =>
              new Tx(manager, dialect, scope, this.instants(), reach, newLedger(afterCommit));
            return work(begin, manager);
          }),
        );
        this.#writable = true;
        for (const effect of afterCommit) effect();
        return result;
      } catch (error) {
        if (isLostRace(error) && attempt < attempts) {
          // Jitter keeps two losers from meeting again.
          await delay(Math.min(attempt, RETRY_DELAYS_MAX) * RETRY_DELAY_MILLISECONDS * (0.5 + Math.random()));
          continue;
        }
        throw this.toDomainError(error, begun ? databaseErrors.AUDIT_UNAVAILABLE : databaseErrors.DATABASE_UNAVAILABLE);
      }
    }
  }

  /** A transaction of many that is known as a whole before it begins. */
  private async planned<T>(
    assumed: ReadonlyMap<string, number>,
    isTimely: (now: EpochMilliseconds) => boolean,
    work: (tx: PlannedTransaction) => Promise<T>,
  ): Promise<{ readonly result: T } | undefined> {
    const { dialect, dataSource: source } = this.gateway;
    let result: { readonly value: T } | undefined;
    try {
      const plan = async (reading: () => Promise<EntityManager>): Promise<TransactionPlan> => {
        const scopeOf = (tenantId: string): TenantScope => ({ ...GROUP, tenantId });
        const place = { source, dialect };
        const tx = new PlannedTransaction({ place, instants: this.instants(), assumed, reading, scopeOf });
        result = { value: await work(tx) };
        return tx.plan;
      };
      const share = { owner: GROUP.tenantId, rows: 1 };
      const isCommitted = await this.gateway.writePlanned?.(share, plan, () => isTimely(this.clock.now()));
      if (!isCommitted) return undefined;
      this.#writable = true;
      return { result: result!.value };
    } catch (error) {
      if (error instanceof NotPlanned) return undefined;
      throw this.toDomainError(error, databaseErrors.AUDIT_UNAVAILABLE);
    }
  }

  private async view<T>(
    scope: TenantScope | PlatformScope,
    tenantId: string | null,
    work: (view: View) => Promise<T>,
  ): Promise<T> {
    const open = this.#open.getStore();
    if (open && !open.connection) {
      // It would wait for a second connection while it holds one, and would not see what the transaction wrote.
      throw new TransactionMisuse('Inside a transaction, read through it');
    }
    const reading = async (manager: EntityManager): Promise<T> => {
      const begin = (as: TenantScope | PlatformScope): View =>
        new View(manager, this.gateway.dialect, as, this.instants(), { tenantId, installationOnly: false });
      return work(begin(await this.authority(begin(scope))));
    };
    // The transaction decides what the failure means: if it lost a race, it is repeated.
    if (open?.connection) return reading(open.connection);
    try {
      return await this.gateway.read({ owner: scope.tenantId, rows: 1 }, reading);
    } catch (error) {
      throw this.toDomainError(error, databaseErrors.DATABASE_UNAVAILABLE);
    }
  }

  private instants(): Instants {
    const now = this.clock.now();
    return { now, confirmed: Math.min(now, this.clock.confirmed()) };
  }

  /**
   * What a caller is told. A statement of ours that is wrong is an internal error, which raises the alarm in the log:
   * to try again would not help. What does not come from the database is left as it is.
   */
  private toDomainError(error: unknown, unavailable: ErrorFactory): unknown {
    if (!(error instanceof Error) || error instanceof DomainError) return error;
    // A closed database gives many different errors.
    const meaning = this.#closed ? 'unavailable' : meaningOf(error);
    if (meaning === undefined) return error;
    if (meaning === 'not-writable') this.#writable = false;
    const cause = withoutStatement(error);
    if (meaning === 'fault' || meaning === 'duplicate') return coreErrors.INTERNAL_ERROR({ cause });
    return unavailable({ cause, retryAfterSeconds: 1 });
  }

  /** Writes and removes a row that needs space of its own. */
  private async tryToWrite(): Promise<boolean> {
    const share = { owner: INSTALLATION_ID, rows: 1 };
    try {
      const row = [randomUUID(), Buffer.alloc(STORAGE_PROBE_BYTES)];
      await this.gateway.write(share, (manager) => manager.query(`INSERT INTO ${STORAGE_PROBE} VALUES (?, ?)`, row));
      await this.gateway.write(share, (manager) => manager.query(`DELETE FROM ${STORAGE_PROBE}`));
      return true;
    } catch {
      return false;
    }
  }
}
