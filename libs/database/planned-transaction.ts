import type { EpochMilliseconds } from '#core';

import { type CounterPlace, type NumberPlace, insertStatement, placesOf } from './dialects.js';
import { NotPlanned } from './errors.js';
import type { KnownChange } from './known-rows.js';
import type { EntityClass } from './ownership.js';
import {
  type Place,
  type RaisedInstant,
  type Series,
  counterPlace,
  knownChangeStatement,
  newRows,
  numberPlace,
  numbersStatement,
  placeOfColumn,
  raiseStatement,
} from './statements.js';
import type { FreshRows, KnownRowStatement, NumberedRows, Statement, TransactionPlan } from './transaction-plan.js';

/** Writes down what work wants of its transaction, which it takes for a `Tx`. Nothing is carried out. */
export class PlannedTransaction {
  readonly #assumptions: (Statement & { readonly numbers: ReadonlyMap<string, number> })[] = [];
  readonly #assumedIn: NumberPlace[] = [];
  readonly #fresh: FreshRows[] = [];
  readonly #changes: KnownRowStatement[] = [];
  readonly #numbered: NumberedRows[] = [];
  readonly #countedIn: CounterPlace[] = [];

  /** @param assumed the numbers that the transaction will read, by primary key */
  constructor(
    private readonly place: Place,
    readonly now: EpochMilliseconds,
    private readonly assumed: ReadonlyMap<string, number>,
  ) {}

  get plan(): TransactionPlan {
    const guardedCounter = this.#guardedCounter();
    return {
      assumptions: this.#assumptions,
      fresh: this.#fresh,
      changes: this.#changes,
      numbered: this.#numbered,
      ...(guardedCounter === undefined ? {} : { guardedCounter }),
    };
  }

  #guardedCounter(): Statement | undefined {
    const [[numbered, ...moreRows], [place, ...morePlaces]] = [this.#numbered, this.#assumedIn];
    const assumed = [...(this.#assumptions[0]?.numbers ?? [])];
    const isAlone = moreRows.length === 0 && morePlaces.length === 0 && this.#changes.length === 0;
    if (!isAlone || numbered === undefined || place === undefined || assumed.length !== 1) return undefined;
    const statement = this.place.dialect.guardedCounterStatement?.(this.#countedIn[0]!, place);
    return statement === undefined
      ? undefined
      : { statement, parameters: [...numbered.counter.parameters, ...assumed[0]!] };
  }

  /** The work needs rows, which a plan cannot have: it is carried out by a transaction instead. @throws NotPlanned */
  get rows(): never {
    throw new NotPlanned();
  }

  /** Likewise. @throws NotPlanned */
  get installation(): never {
    throw new NotPlanned();
  }

  /** What a plan is made by was committed before. @throws NotPlanned */
  onceCommitted(): never {
    throw new NotPlanned();
  }

  /** As `Tx.holdNumbers`: what is assumed. */
  async holdNumbers<Row extends object>(
    entity: EntityClass<Row>,
    keys: readonly string[],
    column: keyof Row & string,
  ): Promise<ReadonlyMap<string, number>> {
    const numbers = new Map(keys.map((key) => [key, this.assumed.get(key)!]));
    const lock = this.place.dialect.locks.shared;
    this.#assumptions.push({ ...numbersStatement(this.place, entity, { keys, column }, { lock }), numbers });
    this.#assumedIn.push(numberPlace(this.place, entity, column));
    return numbers;
  }

  /** As `Tx.raise`. */
  async raise(instant: RaisedInstant): Promise<void> {
    this.#changes.push(raiseStatement(this.place, instant, null));
  }

  /** As `Tx.changeKnown`: each row is taken to be as it was known. Where one is not, nothing is done. */
  async changeKnown(tenantId: string, changes: readonly KnownChange[]): Promise<boolean> {
    for (const change of changes) {
      this.#changes.push({ ...knownChangeStatement(this.place, change, tenantId), affects: 1 });
    }
    return true;
  }

  /** As `Tx.insertAbsent`: all of them are taken to be absent. Where one is not, nothing is done. */
  async insertAbsent(entity: EntityClass, rows: ReadonlyMap<string, object>): Promise<ReadonlySet<string>> {
    await this.insertNew(entity, [...rows.values()]);
    return new Set(rows.keys());
  }

  /** As `Tx.presentAmong`: likewise. */
  async presentAmong(): Promise<object[]> {
    return [];
  }

  /** As `Tx.insertNew`. */
  async insertNew(entity: EntityClass, rows: readonly object[]): Promise<void> {
    if (rows.length === 0) return;
    const added = newRows(this.place, entity, rows);
    this.#fresh.push({ insert: insertStatement(added, 1), places: placesOf(added), rows: added.rows });
  }

  /** As `Tx.appendNumbered`. */
  async appendNumbered(series: Series, rows: ReadonlyMap<string, readonly object[]>): Promise<void> {
    const { entity } = series;
    const numberAt = placeOfColumn(this.place, entity, series.number);
    const countedIn = counterPlace(this.place, series.counter, series.count);
    const statement = this.place.dialect.counterStatement(countedIn);
    for (const tenantId of [...rows.keys()].sort()) {
      const added = newRows(this.place, entity, rows.get(tenantId)!);
      const counter = { statement, parameters: [tenantId, added.rows.length] };
      const [insert, places] = [insertStatement(added, 1), placesOf(added)];
      this.#countedIn.push(countedIn);
      this.#numbered.push({ counter, insert, places, rows: added.rows, numberAt });
    }
  }
}
