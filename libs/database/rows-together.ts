import { type EntityManager, type FindOptionsOrder, In, type ObjectLiteral } from 'typeorm';

import type { PlatformScope, TenantScope } from '#core';

import { type Dialect, type NewRows, insertStatement } from './dialects.js';
import { isUniqueViolation } from './driver-errors.js';
import { KeyTaken, TransactionMisuse } from './errors.js';
import type { KnownChange } from './known-rows.js';
import { type Ledger, newLedger } from './ledger.js';
import { writeLockSlot } from './lock-slots.js';
import { inStatements } from './mysql-statements.js';
import { type EntityClass, ownershipOf } from './ownership.js';
import {
  type RaisedInstant,
  type Series,
  counterPlace,
  knownChangeStatements,
  newRows,
  raiseStatement,
} from './statements.js';
import { type Instants, LOCKS, type Reach, View, type Where } from './view.js';

const ROWS_AT_ONCE = 500;

/** The part of a transaction that writes many rows by few statements, without what TypeORM does for each of them. */
export abstract class RowsTogether extends View {
  constructor(
    manager: EntityManager,
    dialect: Dialect,
    scope: TenantScope | PlatformScope,
    instants: Instants,
    reach: Reach,
    protected readonly ledger: Ledger = newLedger(),
  ) {
    super(manager, dialect, scope, instants, reach);
  }

  /**
   * The rows with these primary keys, each held as `lock` does, in one order and by one statement.
   * @returns those that are there, by their key
   */
  async lockAll<Row extends object>(entity: EntityClass<Row>, keys: readonly string[]): Promise<Map<string, Row>> {
    const [key] = this.manager.connection.getMetadata(entity).primaryColumns;
    const held = new Map<string, Row>();
    for (let start = 0; start < keys.length; start += ROWS_AT_ONCE) {
      const where = { [key!.propertyName]: In(keys.slice(start, start + ROWS_AT_ONCE)) } as Where<Row>;
      const rows = await this.manager.find(entity, {
        where: this.confine(entity, where),
        order: { [key!.propertyName]: 'ASC' } as FindOptionsOrder<Row>,
        ...(this.dialect.rowLocks ? { lock: { mode: LOCKS.exclusive } } : {}),
      });
      for (const row of rows) {
        if (this.dialect.locksAreLocal) await writeLockSlot(this.manager, entity, row);
        held.set(String(key!.getEntityValue(row)), row);
      }
    }
    return held;
  }

  /** Writes every column of rows that are there and held, by few statements; their `version` is as they say. */
  async rewrite<Row extends object>(entity: EntityClass<Row>, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    this.ledger.wrote = true;
    const [key] = this.manager.connection.getMetadata(entity).primaryColumns;
    const wanted = this.newRows(entity, rows);
    const replacing = this.dialect.replacing(this.dialect.quote(key!.databaseName), wanted.columns);
    for (const part of inStatements(wanted.rows, (row) => row)) {
      await this.manager.query(`${insertStatement(wanted, part.length)} ${replacing}`, part.flat());
    }
  }

  /**
   * Inserts the rows whose key is not there yet, in few statements; of racers for a key one inserts it. Every column of the
   * entity must be there.
   * @param rows by their primary key, or by another column that is unique
   * @param by that column
   * @returns the keys of the rows that were inserted
   */
  async insertAbsent(
    entity: EntityClass,
    rows: ReadonlyMap<string, object>,
    by?: string,
  ): Promise<ReadonlySet<string>> {
    const inserted = new Set<string>();
    for (const part of inStatements([...rows], ([, row]) => Object.values(row))) {
      let absent = new Map(part);
      while (absent.size > 0 && !(await this.appendUnlessPresent(entity, [...absent.values()]))) {
        const left = await this.withoutPresent(entity, absent, by);
        if (left.size === absent.size) throw new Error(`A row of ${entity.name} is there and cannot be found`);
        absent = left;
      }
      for (const key of absent.keys()) inserted.add(key);
    }
    return inserted;
  }

  /** Of rows that are named by their unique keys, those that are there. */
  async presentAmong(entity: EntityClass, keys: readonly Readonly<Record<string, string>>[]): Promise<object[]> {
    const present: object[] = [];
    for (const part of inStatements(keys, (key) => Object.values(key))) {
      const where = part as Where<object>;
      present.push(...(await this.manager.find<ObjectLiteral>(entity, { where: this.confine(entity, where) })));
    }
    return present;
  }

  /**
   * Inserts rows whose keys were free when they were looked for. Every column of the entity must be there.
   * @throws KeyTaken where another transaction has inserted one meanwhile
   */
  async insertNew(entity: EntityClass, rows: readonly object[]): Promise<void> {
    for (const part of inStatements(rows, (row) => Object.values(row))) {
      if (!(await this.appendUnlessPresent(entity, part))) throw new KeyTaken();
    }
  }

  /**
   * Takes the next numbers of a series of one tenant, and keeps everyone else from taking any until this transaction
   * ends: the numbers have no gaps, and their order is that of the commits. Take them last: the others wait.
   * @param counter the column of the entity that holds how many were taken; its row is created with the first
   * @returns the first of them; a series begins with 0
   */
  async takeNumbers<Row extends object>(
    entity: EntityClass<Row>,
    tenantId: string,
    counter: keyof Row & string,
    count: number,
  ): Promise<number> {
    const ownership = ownershipOf(entity);
    if (ownership.owner !== 'tenant' || (this.reach.tenantId ?? tenantId) !== tenantId) {
      throw new TransactionMisuse(`The numbers of ${entity.name} are taken by the tenant whose they are`);
    }
    this.confine(entity, {});
    this.ledger.wrote = true;
    const statement = this.dialect.counterStatement(counterPlace(this.place, entity, counter));
    return this.dialect.raisedIn(await this.manager.query(statement, [tenantId, count])) - count;
  }

  /**
   * Inserts rows that are numbered in the series of their tenants, see `takeNumbers`. One transaction takes several series in the
   * order of their tenants, or two of them could wait for each other.
   * @param rows by their tenant, in the order of their numbers
   */
  async appendNumbered(series: Series, rows: ReadonlyMap<string, readonly object[]>): Promise<void> {
    const numbered: object[] = [];
    for (const tenantId of [...rows.keys()].sort()) {
      const own = rows.get(tenantId)!;
      const first = await this.takeNumbers<Record<string, unknown>>(
        series.counter as EntityClass<Record<string, unknown>>,
        tenantId,
        series.count,
        own.length,
      );
      numbered.push(...own.map((row, index) => ({ ...row, [series.number]: first + index })));
    }
    await this.append(series.entity, numbered);
  }

  /** Raises an instant of a row unless it is as late already; its `version` stays. */
  async raise(instant: RaisedInstant): Promise<void> {
    this.confine(instant.entity, {});
    this.ledger.wrote = true;
    const { statement, parameters } = raiseStatement(this.place, instant, this.reach.tenantId);
    await this.manager.query(statement, [...parameters]);
  }

  /**
   * Changes rows of a tenant that were known before, each only while it is as it was known.
   * @returns whether all of them were; otherwise some may be changed, so that the transaction has to end
   */
  async changeKnown(tenantId: string, changes: readonly KnownChange[]): Promise<boolean> {
    for (const { entity } of changes) this.confine(entity, {});
    for (const { statement, parameters, affects } of knownChangeStatements(this.place, changes, tenantId)) {
      this.ledger.wrote = true;
      const { affected } = await this.manager.queryRunner!.query(statement, [...parameters], true);
      if (affected !== affects) return false;
    }
    return true;
  }

  /**
   * Inserts many rows without what TypeORM does for each of them: for rows that every transaction writes. Every column of
   * the entity must be there.
   */
  async append<Row extends object>(entity: EntityClass<Row>, rows: readonly Row[]): Promise<void> {
    this.ledger.wrote = true;
    await this.dialect.insertRows(this.manager.queryRunner!, this.newRows(entity, rows));
  }

  /** Inserts all of the rows by one statement, or none of them where a key exists already. */
  private async appendUnlessPresent(entity: EntityClass, rows: readonly object[]): Promise<boolean> {
    this.ledger.wrote = true;
    const wanted = this.newRows(entity, rows);
    try {
      await this.manager.query(insertStatement(wanted, rows.length), wanted.rows.flat());
      return true;
    } catch (error) {
      // The statement has waited for the transaction that was inserting the same key.
      if (isUniqueViolation(error)) return false;
      throw error;
    }
  }

  private newRows<Row extends object>(entity: EntityClass<Row>, rows: readonly Row[]): NewRows {
    return newRows(
      this.place,
      entity,
      rows.map((row) => this.own(entity, row)),
    );
  }

  private async withoutPresent(
    entity: EntityClass,
    rows: ReadonlyMap<string, object>,
    by: string | undefined,
  ): Promise<Map<string, object>> {
    const { primaryColumns } = this.manager.connection.getMetadata(entity);
    const name = by ?? primaryColumns[0]!.propertyName;
    const where = { [name]: In([...rows.keys()]) } as Where<object>;
    const present = await this.manager.find<ObjectLiteral>(entity, { where: this.confine(entity, where) });
    const left = new Map(rows);
    for (const row of present) left.delete(String(row[name]));
    return left;
  }
}
