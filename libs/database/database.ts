import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';

import {
  type Clock,
  DomainError,
  type EpochMilliseconds,
  type EventDraft,
  INSTALLATION_ID,
  type PlatformScope,
  type TenantScope,
} from '#core';
import { completionOf } from './completion.js';
import { type Dialect, isLostRace, withoutStatement } from './dialects.js';
import { TransactionMisuse, databaseErrors } from './errors.js';
import type { Gateway } from './gateway.js';
import { openMysql } from './mysql.js';
import { type EntityClass, ownershipOf } from './ownership.js';
import { openSqlite } from './sqlite.js';
import { Tx } from './tx.js';
import { type Instants, View } from './view.js';

/** Writes the events of a transaction into the history; the audit library provides it. */
export type EventRecorder = (tx: Tx, events: readonly EventDraft[]) => Promise<void>;

/**
 * Decides, before anything else in a piece of work, whether its caller may do it at this moment; the composition of the
 * application provides it. In a transaction (`Tx`) it holds the rows that it decides by, so that a right that is withdrawn
 * is withdrawn for every transaction that ends later.
 * @returns the scope as it is now: with the caller's present role or grants
 * @throws the error that the request is answered with
 */
export type AuthorityCheck = (view: View) => Promise<TenantScope | PlatformScope>;

export interface DatabaseOptions {
  /** `sqlite:<path>` or `mysql://user:password@host:port/database` (MariaDB too). */
  readonly url: string;
  readonly entities: readonly EntityClass[];
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  /** Without it nothing is checked: for tests of what lies below the application. */
  readonly authority?: AuthorityCheck | undefined;
  readonly allowUnsafe?: boolean;
  readonly warn?: (message: string) => void;
  /** MySQL and MariaDB; 10 s by default. */
  readonly statementTimeoutMilliseconds?: number;
}

const ATTEMPTS = 4;
const RETRY_DELAY_MILLISECONDS = 20;

/** The door to all data: there is no other way to a row than through a scope. */
export class Database {
  readonly #open = new AsyncLocalStorage<true>();
  #closed = false;

  private constructor(
    private readonly gateway: Gateway,
    private readonly clock: Clock,
    private readonly recorder: EventRecorder,
    private readonly authority: AuthorityCheck,
  ) {}

  static async open(options: DatabaseOptions): Promise<Database> {
    for (const entity of options.entities) ownershipOf(entity);
    const { allowUnsafe = false, warn = () => undefined, statementTimeoutMilliseconds } = options;
    const gateway = options.url.startsWith('sqlite:')
      ? await openSqlite(options.url.slice('sqlite:'.length), options.entities)
      : await openMysql(options.url, options.entities, { allowUnsafe, warn, statementTimeoutMilliseconds });
    const { clock, recorder, authority = async ({ scope }) => scope } = options;
    return new Database(gateway, clock, recorder, authority);
  }

  get dialect(): Dialect {
    return this.gateway.dialect;
  }

  /**
   * One transaction inside one tenant: all or nothing, together with the events that `work` recorded. It begins with the
   * authority check, in each attempt anew.
   * The closure runs again as a whole where the database chose it as the loser of a race, so it must have no effect
   * outside of `tx`. A scope with a completion (see `completing`) has it written in the same transaction.
   * @param rows how many rows it writes, roughly, where that is not a few: a batch waits for as many turns
   * @throws AUDIT_UNAVAILABLE where nothing could be made durable, BUSY; whatever `work` throws otherwise
   */
  async transaction<T>(scope: TenantScope, work: (tx: Tx) => Promise<T>, rows = 1): Promise<T> {
    if (scope.tenantId === INSTALLATION_ID) throw new TransactionMisuse('This work has no tenant: use db.platform');
    return this.run(scope, scope.tenantId, work, rows);
  }

  /** One transaction across tenants: the only one. For the platform's own work, never on behalf of a tenant's user. */
  async platform<T>(scope: PlatformScope, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.run(scope, null, work);
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
   * What takes long and needs no row is done before or after a transaction: on SQLite everybody who writes would wait
   * for it, elsewhere everybody who needs the rows that are locked.
   * @throws TransactionMisuse inside a transaction
   */
  requireNoTransaction(what: string): void {
    if (this.#open.getStore()) throw new TransactionMisuse(`Inside a transaction there must be no ${what}`);
  }

  /** Whether the table of an entity exists yet: before the first migration none does. */
  async hasTable(entity: EntityClass): Promise<boolean> {
    const { dataSource } = this.gateway;
    const runner = dataSource.createQueryRunner();
    try {
      return await runner.hasTable(dataSource.getMetadata(entity).tableName);
    } finally {
      await runner.release();
    }
  }

  /** Whether the database answers at all: for readiness. */
  async answers(): Promise<boolean> {
    try {
      await this.gateway.dataSource.query('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  /** What the database server's own clock shows; `undefined` for an embedded database, or where it does not answer. */
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

  /** Takes the newest migration back: for the test that goes down and up again, and for operators in need. */
  async revertLastMigration(): Promise<void> {
    await this.gateway.revert();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.gateway.close();
  }

  private async run<T>(
    scope: TenantScope | PlatformScope,
    tenantId: string | null,
    work: (tx: Tx) => Promise<T>,
    rows = 1,
  ): Promise<T> {
    if (this.#open.getStore()) throw new TransactionMisuse('A transaction was opened inside another one');
    const share = { owner: scope.tenantId, rows };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.gateway.write(share, (manager) =>
          this.#open.run(true, async () => {
            const begin = (as: TenantScope | PlatformScope): Tx =>
              new Tx(manager, this.gateway.dialect, as, this.instants(), { tenantId, installationOnly: false });
            // The check can wait for a lock: the instant of the work is the one after it.
            const tx = begin(await this.authority(begin(scope)));
            const result = await work(tx);
            const events = tx.settle();
            await completionOf(scope)?.complete(tx, result);
            if (events.length > 0) await this.recorder(tx, events);
            return result;
          }),
        );
      } catch (error) {
        if (isLostRace(error) && attempt < ATTEMPTS) {
          // Jitter keeps two losers from meeting again.
          await delay(attempt * RETRY_DELAY_MILLISECONDS * (0.5 + Math.random()));
          continue;
        }
        if (!this.isOutage(error)) throw error;
        throw databaseErrors.AUDIT_UNAVAILABLE({ cause: withoutStatement(error), retryAfterSeconds: 1 });
      }
    }
  }

  private async view<T>(
    scope: TenantScope | PlatformScope,
    tenantId: string | null,
    work: (view: View) => Promise<T>,
  ): Promise<T> {
    if (this.#open.getStore()) {
      // It would wait for a second connection while it holds one, and would not see what the transaction wrote.
      throw new TransactionMisuse('Inside a transaction, read through it');
    }
    try {
      return await this.gateway.read({ owner: scope.tenantId, rows: 1 }, async (manager) => {
        const begin = (as: TenantScope | PlatformScope): View =>
          new View(manager, this.gateway.dialect, as, this.instants(), { tenantId, installationOnly: false });
        return work(begin(await this.authority(begin(scope))));
      });
    } catch (error) {
      if (!this.isOutage(error)) throw error;
      throw databaseErrors.DATABASE_UNAVAILABLE({ cause: withoutStatement(error), retryAfterSeconds: 1 });
    }
  }

  private instants(): Instants {
    const now = this.clock.now();
    return { now, confirmed: Math.min(now, this.clock.confirmed()) };
  }

  /** A closed database fails in many words; whatever comes out of it is an outage. */
  private isOutage(error: unknown): error is Error {
    if (!(error instanceof Error) || error instanceof DomainError) return false;
    return this.#closed || isDriverError(error);
  }
}

/** Whether the database or the way to it failed, rather than our own code. */
function isDriverError(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  return 'driverError' in error || 'errno' in error || /^(SQLITE_|PROTOCOL_|ER_)/.test(code);
}
