import type { EntityManager } from 'typeorm';

import type { PlatformScope, TenantScope } from '#core';

import { type NewRows, insertStatement, placesOf } from './dialects.js';
import { NotPlanned, TransactionMisuse } from './errors.js';
import { comparingStatement, entityOf } from './few-rows.js';
import type { EntityClass } from './ownership.js';
import { type Place, newRows, rowsStatement, telling, textOf } from './statements.js';
import type { AssumedRows, ChangeStatement, PlannedStep, WrittenRows } from './transaction-plan.js';
import type { Tx } from './tx.js';
import { type Instants, View, type Where } from './view.js';

/** What a step reads and writes by: a transaction that is under way, or one that is only planned. */
export type StepTx = View & Pick<Tx, 'lockAll' | 'insertAbsent' | 'rewrite' | 'append' | 'housekeeping'>;

/** What a plan inserts. A row that is written again before the plan is carried out is inserted as it is then. */
interface Insertion {
  readonly entity: EntityClass;
  readonly rows: object[];
  readonly isReplacing: boolean;
}

/** The steps of a plan, as they come. */
export class PlannedSteps {
  readonly #steps: (AssumedRows | ChangeStatement | Insertion)[] = [];

  constructor(private readonly place: Place) {}

  add(step: AssumedRows | ChangeStatement | Insertion): void {
    if (!('entity' in step) || step.rows.length > 0) this.#steps.push(step);
  }

  /** Writes the row instead of the one that is to be inserted under its key. @returns whether there is one */
  replace(entity: EntityClass, key: string, row: object): boolean {
    for (const step of this.#steps) {
      if (!('entity' in step) || step.entity !== entity || step.isReplacing) continue;
      const at = step.rows.findIndex((inserted) => keyOf(this.place, entity, inserted) === key);
      if (at >= 0) {
        step.rows[at] = row;
        return true;
      }
    }
    return false;
  }

  get(): readonly PlannedStep[] {
    return this.#steps.map((step) => ('entity' in step ? this.#written(step) : step));
  }

  #written({ entity, rows, isReplacing }: Insertion): WrittenRows {
    const added = newRows(this.place, entity, rows);
    const ending = isReplacing ? ` ${this.#replacing(entity, added)}` : '';
    return { insert: insertStatement(added, 1), places: placesOf(added), ending, rows: added.rows };
  }

  #replacing(entity: EntityClass, { columns }: NewRows): string {
    const { source, dialect } = this.place;
    const [key] = source.getMetadata(entity).primaryColumns;
    return dialect.replacing(dialect.quote(key!.databaseName), columns);
  }
}

/**
 * Rows of one tenant as they are committed when a transaction is planned. What a step reads to change it, and what is under no
 * tenant's number, is assumed to be the same when the plan is carried out; otherwise nothing is done. The rest of what it reads
 * is either under the number of the tenant's configuration or decides about nothing that can be taken back.
 */
export class PlannedRows extends View {
  readonly #held = new Set<string>();

  constructor(
    manager: EntityManager,
    { dialect }: Place,
    scope: TenantScope,
    instants: Instants,
    private readonly steps: PlannedSteps,
  ) {
    super(manager, dialect, scope, instants, { tenantId: scope.tenantId, installationOnly: false });
  }

  override get installation(): View {
    return new PlannedInstallationRows(this.manager, this.place, this.scope, this.instants, this.steps);
  }

  /** A plan writes for events that its caller records. */
  housekeeping(): void {}

  /** As `Tx.lockAll`. */
  async lockAll<Row extends object>(entity: EntityClass<Row>, keys: readonly string[]): Promise<Map<string, Row>> {
    const found = new Map<string, Row>();
    if (keys.length === 0) return found;
    this.confine(entity, {});
    const { tenantId } = this.reach;
    const { columns } = this.place.source.getMetadata(entity);
    const wanted = { keys, columns: columns.map(({ databaseName }) => databaseName) };
    const { statement, parameters } = rowsStatement(this.place, entity, wanted, { tenantId });
    const told = telling(this.place, entity);
    const assumed = new Map<string, string>();
    for (const raw of await this.manager.query<Record<string, unknown>[]>(statement, [...parameters])) {
      const key = String(raw['key']);
      found.set(key, entityOf(this.place, entity, raw));
      assumed.set(key, textOf(Object.fromEntries(told.map((column) => [column, raw[column]]))));
      this.#held.add(`${entity.name}:${key}`);
    }
    if (found.size === 0) return found;
    const lock = this.dialect.locks.exclusive;
    const again = rowsStatement(this.place, entity, { keys: [...found.keys()], columns: told }, { tenantId, lock });
    this.steps.add({ ...again, assumed });
    return found;
  }

  /** As `Tx.insertAbsent`: all of them are taken to be absent. Where one is not, nothing is done. */
  async insertAbsent(entity: EntityClass, rows: ReadonlyMap<string, object>): Promise<ReadonlySet<string>> {
    await this.append(entity, [...rows.values()]);
    return new Set(rows.keys());
  }

  /** As `Tx.append`. */
  async append<Row extends object>(entity: EntityClass<Row>, rows: readonly Row[]): Promise<void> {
    this.steps.add({ entity, rows: rows.map((row) => this.own(entity, row)), isReplacing: false });
  }

  /** As `Tx.rewrite`. @throws TransactionMisuse for a row that this plan neither holds nor inserts */
  async rewrite<Row extends object>(entity: EntityClass<Row>, rows: readonly Row[]): Promise<void> {
    const held = rows.filter((row) => {
      const key = keyOf(this.place, entity, row);
      if (this.steps.replace(entity, key, this.own(entity, row))) return false;
      if (!this.#held.has(`${entity.name}:${key}`)) {
        throw new TransactionMisuse(`A plan writes a row of ${entity.name} that it does not hold`);
      }
      return true;
    });
    this.steps.add({ entity, rows: held.map((row) => this.own(entity, row)), isReplacing: true });
  }
}

/** What is not there must not be there when the plan is carried out, either: the installation has no number that would tell. */
class PlannedInstallationRows extends View {
  constructor(
    manager: EntityManager,
    { dialect }: Pick<Place, 'dialect'>,
    scope: TenantScope | PlatformScope,
    instants: Instants,
    private readonly steps: PlannedSteps,
  ) {
    super(manager, dialect, scope, instants, { tenantId: null, installationOnly: true });
  }

  override async exists<Row extends object>(entity: EntityClass<Row>, where: Where<Row>): Promise<boolean> {
    const isThere = await super.exists(entity, where);
    if (!isThere) {
      const looked = comparingStatement(this.place, entity, where, ' LIMIT 1');
      if (looked === undefined) throw new NotPlanned();
      this.steps.add({ ...looked, assumed: new Map() });
    }
    return isThere;
  }
}

const keyOf = ({ source }: Place, entity: EntityClass, row: object): string =>
  String(source.getMetadata(entity).primaryColumns[0]!.getEntityValue(row));
