import type { EntityManager } from 'typeorm';

import type { EpochMilliseconds, TenantScope } from '#core';

import { type CounterPlace, type NumberPlace, insertStatement, placesOf } from './dialects.js';
import { NotPlanned } from './errors.js';
import type { KnownChange } from './known-rows.js';
import type { EntityClass } from './ownership.js';
import { PlannedRows, PlannedSteps } from './planned-rows.js';
import {
  type Place,
  type RaisedInstant,
  type Series,
  counterPlace,
  knownChangeStatements,
  newRows,
  numberPlace,
  numbersStatement,
  placeOfColumn,
  raiseStatement,
  textOf,
} from './statements.js';
import type { AssumedRows, NumberedRows, Statement, TransactionPlan } from './transaction-plan.js';
import type { Instants } from './view.js';

/** What a plan is made by. */
interface Planner {
  readonly place: Place;
  readonly instants: Instants;
  /** The numbers that the transaction will read, by primary key. */
  readonly assumed: ReadonlyMap<string, number>;
  /** What reads committed data. */
  readonly reading: () => Promise<EntityManager>;
  /** For work of that tenant. */
  readonly scopeOf: (tenantId: string) => TenantScope;
}

/** Writes down what work wants of its transaction, which it takes for a `Tx`. Nothing is carried out. */
export class PlannedTransaction {
  readonly #assumptions: AssumedRows[] = [];
  readonly #assumedIn: NumberPlace[] = [];
  readonly #steps: PlannedSteps;
  readonly #numbered: NumberedRows[] = [];
  readonly #countedIn: CounterPlace[] = [];
  readonly #place: Place;
  readonly now: EpochMilliseconds;

  constructor(private readonly planner: Planner) {
    this.#place = planner.place;
    this.now = planner.instants.now;
    this.#steps = new PlannedSteps(planner.place);
  }

  get plan(): TransactionPlan {
    const guardedCounter = this.#guardedCounter();
    return {
      assumptions: this.#assumptions,
      steps: this.#steps.get(),
      numbered: this.#numbered,
      ...(guardedCounter === undefined ? {} : { guardedCounter }),
    };
  }

  #guardedCounter(): Statement | undefined {
    const [[numbered, ...moreRows], [place, ...morePlaces]] = [this.#numbered, this.#assumedIn];
    const assumed = [...(this.planner.assumed ?? [])];
    const isAlone = moreRows.length === 0 && morePlaces.length === 0;
    if (!isAlone || numbered === undefined || place === undefined || assumed.length !== 1) return undefined;
    const statement = this.#place.dialect.guardedCounterStatement?.(this.#countedIn[0]!, place);
    return statement === undefined
      ? undefined
      : { statement, parameters: [...numbered.counter.parameters, ...assumed[0]!] };
  }

  /** The work needs rows, which a plan cannot have: it is carried out by a transaction instead. @throws NotPlanned */
  get rows(): never {
    throw new NotPlanned();
  }

  /** The rows of a tenant as they are committed now, for a step whose work can be planned. */
  async rowsOf(tenantId: string): Promise<PlannedRows> {
    const { place, instants, reading, scopeOf } = this.planner;
    return new PlannedRows(await reading(), place, scopeOf(tenantId), instants, this.#steps);
  }

  /** What belongs to no tenant is read by a transaction instead. @throws NotPlanned */
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
    const numbers = new Map(keys.map((key) => [key, this.planner.assumed.get(key)!]));
    const assumed = new Map([...numbers].map(([key, number]) => [key, textOf({ number })]));
    const lock = this.#place.dialect.locks.shared;
    this.#assumptions.push({ ...numbersStatement(this.#place, entity, { keys, column }, { lock }), assumed });
    this.#assumedIn.push(numberPlace(this.#place, entity, column));
    return numbers;
  }

  /** As `Tx.raise`. */
  async raise(instant: RaisedInstant): Promise<void> {
    this.#steps.add(raiseStatement(this.#place, instant, null));
  }

  /** As `Tx.changeKnown`: each row is taken to be as it was known. Where one is not, nothing is done. */
  async changeKnown(tenantId: string, changes: readonly KnownChange[]): Promise<boolean> {
    for (const statement of knownChangeStatements(this.#place, changes, tenantId)) this.#steps.add(statement);
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
    this.#steps.add({ entity, rows: [...rows], isReplacing: false });
  }

  /** As `Tx.appendNumbered`. */
  async appendNumbered(series: Series, rows: ReadonlyMap<string, readonly object[]>): Promise<void> {
    const { entity } = series;
    const numberAt = placeOfColumn(this.#place, entity, series.number);
    const countedIn = counterPlace(this.#place, series.counter, series.count);
    const statement = this.#place.dialect.counterStatement(countedIn);
    for (const tenantId of [...rows.keys()].sort()) {
      const added = newRows(this.#place, entity, rows.get(tenantId)!);
      const counter = { statement, parameters: [tenantId, added.rows.length] };
      const [insert, places] = [insertStatement(added, 1), placesOf(added)];
      this.#countedIn.push(countedIn);
      this.#numbered.push({ counter, insert, places, rows: added.rows, numberAt });
    }
  }
}
