import {
  type FindOptionsOrder,
  type FindOptionsWhere,
  In,
  type ObjectLiteral,
  type QueryDeepPartialEntity,
} from 'typeorm';

import {
  type DomainError,
  type EpochMilliseconds,
  type EventDraft,
  INSTALLATION_ID,
  type LifecycleEvent,
  coreErrors,
} from '#core';
import { isUniqueViolation, refusalOf } from './driver-errors.js';
import { TransactionMisuse } from './errors.js';
import { type Addition, type Changes, transitionEvents } from './known-rows.js';
import { writeLockSlot } from './lock-slots.js';
import { lifecycleOf, requireNoState } from './lifecycle-of.js';
import { type EntityClass, ownershipOf } from './ownership.js';
import { RowsTogether } from './rows-together.js';
import { LOCKS, type LockMode, type Where, requireCondition } from './view.js';

type Stateful = { id: string; state: string };

const ROWS_AT_ONCE = 500;

/**
 * Reading and writing inside one transaction. Every statement is confined to the scope's tenant, `now` is one instant,
 * and what is written must be recorded: `record(event)`, or `housekeeping(reason)` for what is no part of the history.
 */
export class Tx extends RowsTogether {
  override get installation(): Tx {
    const reach = { tenantId: null, installationOnly: true };
    return new Tx(this.manager, this.dialect, this.scope, this.instants, reach, this.ledger);
  }

  /** This transaction, for what needs rows: where only a plan is made there are none yet. */
  get rows(): Tx {
    return this;
  }

  /** This transaction of many tenants, confined to the work of one of them. */
  ofTenant(tenantId: string): Tx {
    if ((this.reach.tenantId ?? tenantId) !== tenantId || tenantId === INSTALLATION_ID) {
      throw new TransactionMisuse('A transaction of one tenant does no work of another');
    }
    const reach = { tenantId, installationOnly: false };
    return new Tx(this.manager, this.dialect, { ...this.scope, tenantId }, this.instants, reach, this.ledger);
  }

  /** Adds an event to the history, in this very transaction. Only platform work may name another tenant's history. */
  record(event: EventDraft): void {
    const { tenantId } = this.scope;
    if ((event.tenantId ?? tenantId) !== tenantId && tenantId !== INSTALLATION_ID) {
      throw new TransactionMisuse('Only platform work may write into the history of a tenant that it names');
    }
    this.ledger.events.push(event);
  }

  override onceCommitted(effect: () => void): void {
    this.ledger.afterCommit.push(effect);
  }

  /** Says why what is written here needs no event: counters, leases, purges of what has expired. */
  housekeeping(reason: string): void {
    this.ledger.housekeeping = reason;
  }

  /**
   * Reads one row and keeps others from changing it until this transaction ends (on SQLite the whole transaction
   * already excludes every other writer). Lock the parent first, then read and decide.
   * @throws NOT_FOUND
   */
  async lock<Row extends object>(entity: EntityClass<Row>, where: Where<Row>): Promise<Row> {
    const row = await this.lockIfPresent(entity, where);
    if (!row) throw coreErrors.NOT_FOUND();
    return row;
  }

  /** Like `lock`; `null` where nothing matches. */
  async lockIfPresent<Row extends object>(entity: EntityClass<Row>, where: Where<Row>): Promise<Row | null> {
    return this.hold(entity, where, 'exclusive');
  }

  override async hold<Row extends object>(
    entity: EntityClass<Row>,
    where: Where<Row>,
    mode: LockMode,
  ): Promise<Row | null> {
    const row = await this.oneRow(entity, where, mode);
    // A shared lock decides by the row itself: its change on another server conflicts with it.
    if (row && mode === 'exclusive' && this.dialect.locksAreLocal) await writeLockSlot(this.manager, entity, row);
    return row;
  }

  override async holdNumbers<Row extends object>(
    entity: EntityClass<Row>,
    keys: readonly string[],
    column: keyof Row & string,
  ): Promise<ReadonlyMap<string, number>> {
    return this.numbersOf(entity, keys, column, this.dialect.locks.shared);
  }

  /**
   * Inserts rows; the scope's tenant is filled in.
   * @param options.duplicate the error to throw where a unique key exists already
   */
  async insert<Row extends object>(
    entity: EntityClass<Row>,
    rows: Row | Row[],
    options: { duplicate?: () => DomainError } = {},
  ): Promise<void> {
    this.ledger.wrote = true;
    const values = (Array.isArray(rows) ? rows : [rows]).map((row) => this.own(entity, row));
    try {
      await this.manager.insert(entity, values as QueryDeepPartialEntity<Row>[]);
    } catch (error) {
      throw refusalOf(error, options.duplicate);
    }
  }

  /** Inserts one row unless its key exists already; says whether it went in. */
  async insertIfAbsent<Row extends object>(entity: EntityClass<Row>, row: Row): Promise<boolean> {
    this.ledger.wrote = true;
    try {
      await this.manager.insert(entity, this.own(entity, row) as QueryDeepPartialEntity<Row>);
      return true;
    } catch (error) {
      if (isUniqueViolation(error)) return false;
      throw error;
    }
  }

  /** Changes every row that matches and raises its `version`; answers how many there were. */
  async update<Row extends object>(entity: EntityClass<Row>, where: Where<Row>, set: Changes<Row>): Promise<number> {
    requireNoState(entity, set);
    return this.set(entity, where, { ...set, ...this.raiseVersion(entity) });
  }

  /** Changes rows without raising their `version`: for what is observed about them and is no change of theirs. */
  async note<Row extends object>(entity: EntityClass<Row>, where: Where<Row>, set: Changes<Row>): Promise<number> {
    requireNoState(entity, set);
    return this.set(entity, where, set);
  }

  /** Raises a counter of every row that matches. The `version` stays: a counter is no part of what `ETag` names. */
  async increment<Row extends object>(
    entity: EntityClass<Row>,
    where: Where<Row>,
    column: keyof Row & string,
    by = 1,
  ): Promise<number> {
    if (!Number.isSafeInteger(by)) throw new TransactionMisuse('A counter is raised by a whole number');
    return this.set(entity, where, { [column]: () => `${this.dialect.quote(column)} + ${by}` });
  }

  /**
   * Changes one row that was read before, unless it has changed since (`If-Match`: RFC 9110 §13.1.1).
   * @param ifMatch the versions that the caller saw; `undefined` accepts any
   * @param options.duplicate the error to throw where another row has the unique key already
   * @throws PRECONDITION_FAILED, NOT_FOUND
   */
  async change<Row extends { id: string; version: number }>(
    entity: EntityClass<Row>,
    row: Row,
    set: Changes<Row>,
    ifMatch?: SeenVersions,
    options: { duplicate?: () => DomainError } = {},
  ): Promise<Row> {
    requireVersion(row, ifMatch);
    const where = { id: row.id, version: row.version } as unknown as FindOptionsWhere<Row>;
    try {
      if ((await this.update(entity, where, set)) !== 1) throw coreErrors.PRECONDITION_FAILED();
    } catch (error) {
      throw refusalOf(error, options.duplicate);
    }
    return { ...row, ...set, version: row.version + 1 };
  }

  /**
   * Moves one row, locked and read in this transaction, along an edge of its lifecycle and records the event of the
   * table. The UPDATE holds only from the states that the table names, so that of two racers one wins.
   * @returns the row as it is now; as it was, where the lifecycle accepts the repetition
   * @throws WRONG_STATE by the state that counts now, NOT_FOUND
   */
  async transition<Row extends Stateful>(
    entity: EntityClass<Row>,
    row: Row,
    event: LifecycleEvent<NoInfer<Row>>,
    addition: Addition<Row> = {},
  ): Promise<Row> {
    const lifecycle = lifecycleOf(entity, event as LifecycleEvent);
    const state = lifecycle.stateAt(row, this.now);
    lifecycle.require(state, event.name);
    if (!event.from.includes(state)) return row;
    const [moved] = await this.move(entity, [row], event, this.now, () => addition);
    return moved!;
  }

  /**
   * Moves every row that matches and is in a state from which the event leads, and records one event for each.
   * @returns how many rows there were
   */
  async transitionAll<Row extends Stateful>(
    entity: EntityClass<Row>,
    where: FindOptionsWhere<Row>,
    event: LifecycleEvent<NoInfer<Row>>,
    additionOf: (row: Row) => Addition<Row> = () => ({}),
  ): Promise<number> {
    lifecycleOf(entity, event as LifecycleEvent);
    if (event.from.includes(event.to)) throw new TransactionMisuse(`${event.name} would find the same rows again`);
    const from = { ...requireCondition(where), state: In([...event.from]) } as FindOptionsWhere<Row>;
    for (let count = 0; ;) {
      const rows = await this.manager.find(entity, {
        where: this.confine(entity, from),
        order: { id: 'ASC' } as FindOptionsOrder<Row>,
        take: ROWS_AT_ONCE,
        ...(this.dialect.rowLocks ? { lock: { mode: LOCKS.exclusive } } : {}),
      });
      await this.move(entity, rows, event, this.now, additionOf);
      count += rows.length;
      if (rows.length < ROWS_AT_ONCE) return count;
    }
  }

  /**
   * Records the transitions that the clock has decided about one row, locked and read in this transaction. What cannot
   * be taken back waits until the time is confirmed.
   * @returns the row as it is now; the same object where nothing was due
   */
  async applyDue<Row extends Stateful>(entity: EntityClass<Row>, row: Row): Promise<Row> {
    const due = lifecycleOf(entity).due(row, this.now);
    const unconfirmed = due.findIndex(({ event, at }) => event.irreversible && at > this.confirmed);
    let current = row;
    for (const { event, at } of unconfirmed < 0 ? due : due.slice(0, unconfirmed)) {
      [current] = (await this.move(entity, [current], event as LifecycleEvent<Row>, at, () => ({}))) as [Row];
    }
    return current;
  }

  async delete<Row extends object>(entity: EntityClass<Row>, where: Where<Row>): Promise<number> {
    this.ledger.wrote = true;
    const confined = this.confine(entity, requireCondition(where));
    const result = await this.manager.delete(entity as EntityClass<ObjectLiteral>, confined as never);
    return result.affected ?? 0;
  }

  /** The events to write before the commit. @throws TransactionMisuse where something was written and nothing said */
  finish(): readonly EventDraft[] {
    const { wrote, events, housekeeping } = this.ledger;
    if (wrote && events.length === 0 && housekeeping === undefined) {
      throw new TransactionMisuse('A transaction wrote and recorded nothing');
    }
    return events;
  }

  /** The one place where a state changes. Rows whose columns change alike are one statement. */
  private async move<Row extends Stateful>(
    entity: EntityClass<Row>,
    rows: readonly Row[],
    event: LifecycleEvent<NoInfer<Row>>,
    at: EpochMilliseconds,
    additionOf: (row: Row) => Addition<Row>,
  ): Promise<Row[]> {
    const moves = rows.map((row) => {
      const { set, content } = additionOf(row);
      const updatedAt = this.columnOf(entity, 'updatedAt') ? { updatedAt: this.now } : {};
      return { row, content, set: { ...updatedAt, ...event.sets(row, at, this.now), ...set, state: event.to } };
    });
    for (const alike of Map.groupBy(moves, ({ set }) => JSON.stringify(set)).values()) {
      const where = { id: In(alike.map(({ row }) => row.id)), state: In([...event.from]) };
      const set = { ...alike[0]!.set, ...this.raiseVersion(entity) };
      const changed = await this.set(entity, where as unknown as FindOptionsWhere<Row>, set);
      if (changed !== alike.length) throw await this.overtaken(entity, alike[0]!.row.id, event);
    }
    return moves.map(({ row, set, content }) => {
      const version = 'version' in row ? { version: (row.version as number) + 1 } : {};
      const moved = { ...row, ...set, ...version };
      for (const recorded of transitionEvents(entity, moved, event, content)) this.record(recorded);
      return moved;
    });
  }

  /** Why a row was not changed: another transaction was faster, or what was due had not been applied. */
  private async overtaken<Row extends Stateful>(
    entity: EntityClass<Row>,
    id: string,
    event: LifecycleEvent<NoInfer<Row>>,
  ): Promise<Error> {
    const lifecycle = lifecycleOf(entity);
    const row = await this.get(entity, { id } as FindOptionsWhere<Row>);
    const state = lifecycle.stateAt(row, this.now);
    if (!event.from.includes(state)) return lifecycle.rejection(state, event.name);
    return new TransactionMisuse(`The row says ${row.state}: apply what is due before ${event.name}`);
  }

  private async set<Row extends object>(
    entity: EntityClass<Row>,
    where: Where<Row>,
    values: Readonly<Record<string, unknown>>,
  ): Promise<number> {
    this.refuseMove(entity, values);
    this.ledger.wrote = true;
    const result = await this.manager
      .createQueryBuilder()
      .update(entity as EntityClass<ObjectLiteral>)
      .set(values)
      .where(this.confine(entity, requireCondition(where)) as FindOptionsWhere<ObjectLiteral>)
      .execute();
    return result.affected ?? 0;
  }

  /** A row stays with its tenant: a tenant's work can neither give it away nor take another's. */
  private refuseMove(entity: EntityClass, values: Readonly<Record<string, unknown>>): void {
    const ownership = ownershipOf(entity);
    if (ownership.owner === 'installation' || this.reach.tenantId === null) return;
    if ((values[ownership.column] ?? this.reach.tenantId) !== this.reach.tenantId) {
      throw new TransactionMisuse(`A row of ${entity.name} cannot be moved to another tenant`);
    }
  }

  private raiseVersion(entity: EntityClass): Record<string, () => string> {
    const column = this.columnOf(entity, 'version');
    return column ? { version: () => `${this.dialect.quote(column.databaseName)} + 1` } : {};
  }

  private columnOf(entity: EntityClass, property: string) {
    return this.manager.connection.getMetadata(entity).findColumnWithPropertyName(property);
  }
}

/** The versions of a row for which the caller decided: `If-Match` may name several (RFC 9110 §13.1.1). */
export type SeenVersions = readonly number[];

/** @throws PRECONDITION_FAILED where the caller saw no version that the row has */
export function requireVersion(row: { version: number }, ifMatch: SeenVersions | undefined): void {
  if (ifMatch !== undefined && !ifMatch.includes(row.version)) throw coreErrors.PRECONDITION_FAILED();
}
