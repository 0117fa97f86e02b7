import type { EntityManager, QueryRunner } from 'typeorm';

import { withManager } from './transaction-manager.js';

/** How many transactions share a commit, and for how long others may join: the first of them waits for the last. */
const WORKS_MAX = 64;
const JOIN_WITHIN_MILLISECONDS = 20;

/** The connection that writes, and whether it still does. */
export interface WritingConnection {
  readonly runner: QueryRunner;
  readonly isUsable: boolean;
}

interface Group {
  readonly connection: WritingConnection;
  readonly since: number;
  works: number;
  /** Settled by the commit. */
  readonly committed: PromiseWithResolvers<void>;
}

type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

/**
 * Lets transactions that follow one another on a single connection share a commit, which waits for the disk. Each of them runs
 * by itself, sees what those before it wrote, and is taken back by itself where it fails (a savepoint); none is answered before
 * the commit. What is called a turn below is the caller's to give: one at a time.
 */
export class SharedCommit {
  #group: Group | undefined;

  /**
   * @param begin begins a transaction
   * @param connect for work that joins it
   * @param isLast whether no other turn follows immediately: then nothing is gained by waiting
   */
  constructor(
    private readonly begin: () => Promise<WritingConnection>,
    private readonly connect: () => WritingConnection,
    private readonly isLast: () => boolean,
  ) {}

  /**
   * Runs work in its turn.
   * @returns what waits for the commit, after the turn, and gives the result of the work
   * @throws what beginning throws, and what the work throws where it shares its transaction with no other
   */
  async run<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<() => Promise<Result>> {
    if (this.#group && !this.#group.connection.isUsable) this.#lose(this.#group);
    const { group, outcome } = this.#group ? await this.#joining(this.#group, work) : await this.#first(work);
    const isFull = group.works >= WORKS_MAX || performance.now() - group.since > JOIN_WITHIN_MILLISECONDS;
    if (isFull || this.isLast()) await this.end();
    return async () => {
      // A rejection may follow from what another one wrote: it waits as well.
      await group.committed.promise;
      if ('error' in outcome) throw outcome.error;
      return outcome.result;
    };
  }

  /** Commits what is open, in a turn. Never throws: those who wait for the commit learn what became of it. */
  async end(): Promise<void> {
    const group = this.#group;
    if (!group) return;
    this.#group = undefined;
    const { runner } = group.connection;
    try {
      await runner.query('COMMIT');
      group.committed.resolve();
    } catch (error) {
      // SQLite may have rolled back already.
      await runner.query('ROLLBACK').catch(() => undefined);
      group.committed.reject(error);
    }
  }

  /** Needs no savepoint: where it fails, there is nothing else to keep. */
  async #first<Result>(
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<{ group: Group; outcome: Outcome<Result> }> {
    const connection = await this.begin();
    const { runner } = connection;
    try {
      const result = await withManager(runner, work);
      const group = { connection, since: performance.now(), works: 1, committed: Promise.withResolvers<void>() };
      // Each of its members waits for it; none of them is there yet.
      group.committed.promise.catch(() => undefined);
      this.#group = group;
      return { group, outcome: { result } };
    } catch (error) {
      await runner.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  async #joining<Result>(
    group: Group,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<{ group: Group; outcome: Outcome<Result> }> {
    const { runner } = this.connect();
    group.works += 1;
    try {
      await runner.query('SAVEPOINT work');
      const result = await withManager(runner, work);
      await runner.query('RELEASE work');
      return { group, outcome: { result } };
    } catch (error) {
      try {
        await runner.query('ROLLBACK TO work');
        await runner.query('RELEASE work');
        return { group, outcome: { error } };
      } catch {
        // Where the disk is full, SQLite takes the whole transaction back.
        await runner.query('ROLLBACK').catch(() => undefined);
        this.#lose(group);
        throw error;
      }
    }
  }

  /** The others have done nothing wrong: they run again, as the losers of a race do. */
  #lose(group: Group): void {
    this.#group = undefined;
    group.committed.reject(Object.assign(new Error('Another transaction took this one back'), { code: 'SQLITE_BUSY' }));
  }
}
