import {
  Brackets,
  type EntityManager,
  FindOperator,
  type FindOptionsOrder,
  type FindOptionsSelect,
  type FindOptionsWhere,
  In,
  MoreThan,
  type ObjectLiteral,
  Raw,
  type SelectQueryBuilder,
} from 'typeorm';

import {
  type EpochMilliseconds,
  type Page,
  type PageRequest,
  type PlatformScope,
  type TenantScope,
  coreErrors,
  decodeCursor,
  encodeCursor,
  pageLimit,
} from '#core';
import type { Dialect } from './dialects.js';
import { TransactionMisuse, databaseErrors } from './errors.js';
import { entityOf, comparingStatement } from './few-rows.js';
import { requireInitialState } from './lifecycle-of.js';
import { type EntityClass, ownershipOf } from './ownership.js';
import { type Place, firstAndLastStatement, numbersIn, numbersStatement } from './statements.js';

export type Where<Row> = FindOptionsWhere<Row> | FindOptionsWhere<Row>[];

/** The columns that a list is sorted by; together they must be unique, so that a cursor names one position. */
export type KeysetOrder<Row> = readonly (readonly [keyof Row & string, 'ASC' | 'DESC'])[];

/** A condition on a column of the same row: `{ size: MoreThanColumn('publishedSize') }`. */
export const MoreThanColumn = (column: string): FindOperator<number> =>
  Raw((alias) => `${alias} > ${alias.slice(0, alias.lastIndexOf('.') + 1)}${column}`);

/**
 * Like `MoreThanOrEqual`, read from each row and not looked for in an index: for what most rows meet. A database that counts
 * on the range to be narrow would otherwise read it for all tenants, and sort it.
 */
export const MoreThanOrEqualInRow = (bound: number): FindOperator<number> =>
  // A sign before a column keeps SQLite from using its index (https://sqlite.org/optoverview.html §2.1).
  Raw((alias) => `+${alias} >= ${Number(bound)}`);

export type LockMode = 'shared' | 'exclusive';

/** In the words of TypeORM. */
export const LOCKS = { shared: 'pessimistic_read', exclusive: 'pessimistic_write' } as const;

/** No list that is not paged grows past this. */
const ROWS_MAX = 10_000;

/** Two texts of one column. */
export interface FirstAndLast {
  readonly first: string;
  readonly last: string;
}

export interface Reach {
  /** `null`: every tenant (platform work); otherwise the one tenant that each statement is confined to. */
  readonly tenantId: string | null;
  /** Only rows of the installation may be touched. */
  readonly installationOnly: boolean;
}

/** The one instant of a piece of work; two values only while a jump of the clock is not confirmed. */
export interface Instants {
  readonly now: EpochMilliseconds;
  readonly confirmed: EpochMilliseconds;
}

/** Reading access to what one scope may see. */
export class View {
  /** The one instant of this piece of work: it decides what may be used. */
  readonly now: EpochMilliseconds;
  /**
   * `now`, or earlier while a forward jump of the clock is not confirmed: what cannot be undone (a recorded expiry, a
   * purge, a destruction) is decided by this instant.
   */
  readonly confirmed: EpochMilliseconds;

  constructor(
    protected readonly manager: EntityManager,
    protected readonly dialect: Dialect,
    readonly scope: TenantScope | PlatformScope,
    protected readonly instants: Instants,
    protected readonly reach: Reach,
  ) {
    this.now = instants.now;
    this.confirmed = instants.confirmed;
  }

  /** The same access to rows that belong to no tenant (users, sessions, data keys). */
  get installation(): View {
    return new View(this.manager, this.dialect, this.scope, this.instants, { tenantId: null, installationOnly: true });
  }

  /**
   * For a step that records what cannot be undone because `instant` has passed.
   * @throws CLOCK_NOT_CONFIRMED where it has passed only by a clock that jumped
   */
  requireConfirmed(instant: EpochMilliseconds): void {
    if (instant > this.confirmed) throw databaseErrors.CLOCK_NOT_CONFIRMED({ retryAfterSeconds: 60 });
  }

  /**
   * All rows that match; lists that a caller can make grow without bound use `page`.
   * @param options.columns the only ones that are read, where a row has large ones that are not needed
   */
  async find<Row extends object>(
    entity: EntityClass<Row>,
    where: Where<Row> = {},
    options: { order?: FindOptionsOrder<Row>; limit?: number; columns?: readonly (keyof Row & string)[] } = {},
  ): Promise<Row[]> {
    const confined = this.confine(entity, where);
    const { columns, order, limit = ROWS_MAX } = options;
    const take = Math.min(limit, ROWS_MAX);
    const found =
      columns || order ? undefined : comparingStatement(this.place, entity, confined, ` LIMIT ${Number(take)}`);
    if (found !== undefined) {
      const rows = await this.manager.query<Record<string, unknown>[]>(found.statement, [...found.parameters]);
      return rows.map((raw) => entityOf(this.place, entity, raw));
    }
    return this.manager.find(entity, {
      where: confined,
      ...(columns ? { select: selectionOf<Row>(columns) } : {}),
      ...(order ? { order } : {}),
      take,
    });
  }

  /** A text of each row that matches, in order, without the rest of the row: for what is read by thousands. */
  async texts<Row extends object, Column extends keyof Row & string>(
    entity: EntityClass<Row>,
    where: Where<Row>,
    column: Row[Column] extends string ? Column : never,
    order: keyof Row & string,
  ): Promise<string[]> {
    const rows = await this.manager
      .createQueryBuilder(entity as EntityClass<Row & ObjectLiteral>, 'row')
      .select(`row.${column}`, 'text')
      .where(this.confine(entity, where) as never)
      .orderBy(`row.${order}`, 'ASC')
      .limit(ROWS_MAX)
      .getRawMany<{ text: string }>();
    return rows.map(({ text }) => text);
  }

  /**
   * The different texts of a column among the rows that match, of which there are few. Each is one search, however many rows
   * have it, where an index begins with the columns of the condition and continues with this one.
   */
  async differentTexts<Row extends object, Column extends keyof Row & string>(
    entity: EntityClass<Row>,
    where: FindOptionsWhere<Row>,
    column: Row[Column] extends string ? Column : never,
  ): Promise<string[]> {
    const texts: string[] = [];
    for (let last: string | null = ''; texts.length < ROWS_MAX; texts.push(last)) {
      const beyond = { ...where, [column]: MoreThan(last) } as FindOptionsWhere<Row>;
      // The least one, and no order with a limit: for that MariaDB takes any index that has the order, and reads most of it.
      const least: { text: string | null } | undefined = await this.manager
        .createQueryBuilder(entity as EntityClass<Row & ObjectLiteral>, 'row')
        .select(`MIN(row.${column})`, 'text')
        .where(this.confine(entity, beyond) as never)
        .getRawOne();
      last = least?.text ?? null;
      if (last === null) break;
    }
    return texts;
  }

  /**
   * The first and the last text of a column among the rows of each key: two searches for a key, however many rows it has, where an index
   * begins with both columns. A key without rows is not in the answer.
   * @param by the column of the keys
   */
  async firstAndLast<Row extends object>(
    entity: EntityClass<Row>,
    by: keyof Row & string,
    keys: readonly string[],
    column: keyof Row & string,
  ): Promise<ReadonlyMap<string, FirstAndLast>> {
    if (keys.length === 0) return new Map();
    this.confine(entity, {});
    const { statement, parameters } = firstAndLastStatement(
      this.place,
      entity,
      { by, keys, column },
      this.reach.tenantId,
    );
    const rows = await this.manager.query<({ key: string } & { [Place in keyof FirstAndLast]: string | null })[]>(
      statement,
      [...parameters],
    );
    return new Map(
      rows.flatMap(({ key, first, last }) => (first === null || last === null ? [] : [[key, { first, last }]])),
    );
  }

  /**
   * The id of the first row that meets each of several conditions, in the order of a list: one statement, that searches once
   * for each of them where an index has the columns of the condition and of the order. `undefined` where there is none.
   */
  async firstOfEach<Row extends { id: string }>(
    entity: EntityClass<Row>,
    conditions: readonly Where<Row>[],
    order: KeysetOrder<Row>,
  ): Promise<(string | undefined)[]> {
    const parts = conditions.map((where, place) => {
      const first = this.pageQuery(entity, where, order, { limit: 1 }).limit(1);
      const [sql, parameters] = first.select(`${place}`, 'place').addSelect('row.id', 'id').getQueryAndParameters();
      return { sql: `SELECT * FROM (${sql}) AS first${place}`, parameters };
    });
    const found = await this.manager.query<{ place: number | string; id: string }[]>(
      parts.map(({ sql }) => sql).join(' UNION ALL '),
      parts.flatMap(({ parameters }) => parameters as unknown[]),
    );
    const ids = new Map(found.map(({ place, id }) => [Number(place), id]));
    return conditions.map((_, place) => ids.get(place));
  }

  /** The one row that matches, or `null`. An empty condition is rejected: it would return the first row of any tenant. */
  async findOne<Row extends object>(entity: EntityClass<Row>, where: Where<Row>): Promise<Row | null> {
    return this.oneRow(entity, where);
  }

  /**
   * Keeps in memory what was read. A plain view reads what is committed, and does it immediately; what a transaction reads can be
   * its own and be taken back: there it waits for the commit.
   */
  onceCommitted(effect: () => void): void {
    effect();
  }

  /**
   * A row that a decision depends on: inside a transaction it is locked until the end, a plain view can only read it.
   * @param mode `shared` where others may hold the row for their decisions too, `exclusive` where this work may change it
   */
  async hold<Row extends object>(entity: EntityClass<Row>, where: Where<Row>, _mode: LockMode): Promise<Row | null> {
    return this.findOne(entity, where);
  }

  /**
   * One number of each of several rows, each held as `hold` does, by a single statement and without the rest of the row:
   * for what every request reads.
   * @param keys primary keys; those of other tenants' rows are not found
   */
  async holdNumbers<Row extends object>(
    entity: EntityClass<Row>,
    keys: readonly string[],
    column: keyof Row & string,
  ): Promise<ReadonlyMap<string, number>> {
    return this.numbersOf(entity, keys, column, '');
  }

  /** Like `findOne`. @throws NOT_FOUND, also where the row is another tenant's */
  async get<Row extends object>(entity: EntityClass<Row>, where: Where<Row>): Promise<Row> {
    const row = await this.findOne(entity, where);
    if (!row) throw coreErrors.NOT_FOUND();
    return row;
  }

  async exists<Row extends object>(entity: EntityClass<Row>, where: Where<Row>): Promise<boolean> {
    return (await this.oneRow(entity, where)) !== null;
  }

  /** How many rows match. For rules over a parent's few children, never for totals of a list. */
  async count<Row extends object>(entity: EntityClass<Row>, where: Where<Row>): Promise<number> {
    return this.manager.count(entity, { where: this.confine(entity, requireCondition(where)) });
  }

  /**
   * One page by keyset: the rows after the cursor's position, never OFFSET, so that page 4,000 costs what page 1 does.
   * @throws VALIDATION_ERROR for a cursor that this list did not return
   */
  async page<Row extends object>(
    entity: EntityClass<Row>,
    where: Where<Row>,
    order: KeysetOrder<Row>,
    request: PageRequest,
  ): Promise<Page<Row>> {
    return pageOf(await this.pageQuery(entity, where, order, request).getMany(), order, request);
  }

  /**
   * One page of the rows that meet one of several conditions, of which there may be none; no row may meet two. Each condition is looked for by its own index,
   * where one statement for all would sort everything that matches, or search through everything that does not. What is looked for
   * is in the index: for whole rows in the middle of a large table, MariaDB begins at its end and reads all rows before them.
   * @throws VALIDATION_ERROR as `page`
   */
  async pageOfAny<Row extends { id: string }>(
    entity: EntityClass<Row>,
    conditions: readonly Where<Row>[],
    order: KeysetOrder<Row>,
    request: PageRequest,
  ): Promise<Page<Row>> {
    const columns = [...new Set(['id', ...order.map(([column]) => column)])].map((column) => `row.${column}`);
    if (request.cursor !== undefined) decodeCursor(request.cursor, order.length);
    const keys: Row[] = [];
    for (const where of conditions) {
      keys.push(...(await this.pageQuery(entity, where, order, request).select(columns).getMany()));
    }
    const { items, nextCursor } = pageOf(keys.sort(inOrder(order)), order, request);
    const ids = items.map(({ id }) => id);
    const rows = ids.length === 0 ? [] : await this.find(entity, { id: In(ids) } as unknown as Where<Row>);
    return { items: rows.sort(inOrder(order)), nextCursor };
  }

  /** The rows after the cursor, one more than the page has. */
  private pageQuery<Row extends object>(
    entity: EntityClass<Row>,
    where: Where<Row>,
    order: KeysetOrder<Row>,
    request: PageRequest,
  ): SelectQueryBuilder<Row & ObjectLiteral> {
    const query = this.manager
      .createQueryBuilder(entity as EntityClass<Row & ObjectLiteral>, 'row')
      .where(this.confine(entity, where) as never);
    if (request.cursor !== undefined) after(query, order, decodeCursor(request.cursor, order.length));
    for (const [column, direction] of order) query.addOrderBy(`row.${column}`, direction);
    return query.limit(pageLimit(request) + 1);
  }

  protected async oneRow<Row extends object>(
    entity: EntityClass<Row>,
    where: Where<Row>,
    mode?: LockMode,
  ): Promise<Row | null> {
    const confined = this.confine(entity, requireCondition(where));
    const lock = mode === undefined || !this.dialect.rowLocks ? undefined : mode;
    const end = ` LIMIT 1${lock === undefined ? '' : this.dialect.locks[lock]}`;
    const found = comparingStatement(this.place, entity, confined, end);
    if (found === undefined) {
      const locking = lock === undefined ? {} : { lock: { mode: LOCKS[lock] } };
      return this.manager.findOne(entity, { where: confined, ...locking });
    }
    const [raw] = await this.manager.query<Record<string, unknown>[]>(found.statement, [...found.parameters]);
    return raw === undefined ? null : entityOf(this.place, entity, raw);
  }

  protected async numbersOf(
    entity: EntityClass,
    keys: readonly string[],
    column: string,
    lock: string,
  ): Promise<ReadonlyMap<string, number>> {
    this.confine(entity, {});
    const { tenantId } = this.reach;
    const { statement, parameters } = numbersStatement(this.place, entity, { keys, column }, { tenantId, lock });
    return numbersIn(await this.manager.query(statement, [...parameters]));
  }

  protected get place(): Place {
    return { source: this.manager.connection, dialect: this.dialect };
  }

  /** A row that is to be inserted, as one of the tenant. */
  protected own<Row extends object>(entity: EntityClass<Row>, row: Row): Row {
    const ownership = ownershipOf(entity);
    this.confine(entity, {});
    requireInitialState(entity, row);
    if (ownership.owner === 'installation' || this.reach.tenantId === null) return row;
    return { ...row, [ownership.column]: this.reach.tenantId };
  }

  /** Adds the tenant to a condition; whatever tenant the condition names itself is overruled. */
  protected confine<Row extends object>(entity: EntityClass<Row>, where: Where<Row>): Where<Row> {
    requireBound(where);
    const ownership = ownershipOf(entity);
    if (ownership.owner === 'installation') {
      if (this.reach.tenantId !== null) {
        throw new TransactionMisuse(`${entity.name} belongs to the installation: use tx.installation`);
      }
      return where;
    }
    if (this.reach.installationOnly) throw new TransactionMisuse(`${entity.name} belongs to a tenant`);
    const { tenantId } = this.reach;
    if (tenantId === null) return where;
    const add = (condition: FindOptionsWhere<Row>): FindOptionsWhere<Row> => {
      const named = (condition as Record<string, unknown>)[ownership.column];
      if (named !== undefined && named !== tenantId) {
        // Another tenant's id in the condition of this tenant's work: nothing can match, and nothing must.
        return { ...condition, [ownership.column]: '' };
      }
      if (ownership.column === 'id' || !isIn((condition as Record<string, unknown>)['id'])) {
        return { ...condition, [ownership.column]: tenantId };
      }
      const ofTenant = Raw((column) => `${this.dialect.comparedOnly(column)} = :confinedTo`, { confinedTo: tenantId });
      return { ...condition, [ownership.column]: ofTenant };
    };
    return Array.isArray(where) ? where.map(add) : add(where);
  }
}

/** Whether a column is to be one of several values. */
const isIn = (value: unknown): boolean => value instanceof FindOperator && value.type === 'in';

const selectionOf = <Row>(columns: readonly (keyof Row & string)[]): FindOptionsSelect<Row> =>
  Object.fromEntries(columns.map((column) => [column, true])) as FindOptionsSelect<Row>;

const conditionsOf = <Row>(where: Where<Row>): FindOptionsWhere<Row>[] => (Array.isArray(where) ? where : [where]);

/** Rejects a condition without a column: it would match every row. */
export function requireCondition<Row>(where: Where<Row>): Where<Row> {
  if (conditionsOf(where).some((condition) => Object.keys(condition).length === 0)) {
    throw new TransactionMisuse('A condition names no column');
  }
  return where;
}

/** Refuses what the query builder would read as "any": no alternative at all, and values that are not there. */
function requireBound<Row>(where: Where<Row>): void {
  const conditions = conditionsOf(where);
  const absent = (value: unknown): boolean => value === undefined || value === null;
  if (conditions.length === 0) throw new TransactionMisuse('A condition offers no alternative');
  if (conditions.some((condition) => Object.values(condition).some(absent))) {
    throw new TransactionMisuse('A condition holds undefined or null; where NULL is meant, say IsNull()');
  }
}

/** The page of rows in order, of which there is one too many where another page follows. */
function pageOf<Row extends object>(rows: readonly Row[], order: KeysetOrder<Row>, request: PageRequest): Page<Row> {
  const limit = pageLimit(request);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const isMore = rows.length > limit && last !== undefined;
  return { items, nextCursor: isMore ? encodeCursor(order.map(([column]) => last[column] as string | number)) : null };
}

/** Compares rows as the databases do: text by its bytes, which are ASCII in what lists are sorted by. */
const inOrder =
  <Row>(order: KeysetOrder<Row>) =>
  (one: Row, other: Row): number => {
    for (const [column, direction] of order) {
      if (one[column] === other[column]) continue;
      return one[column] < other[column] === (direction === 'ASC') ? -1 : 1;
    }
    return 0;
  };

/** `(a > x) OR (a = x AND b > y)`: row comparison that every dialect can serve from an index. */
function after<Row extends ObjectLiteral>(
  query: SelectQueryBuilder<Row>,
  order: KeysetOrder<Row>,
  key: readonly (string | number)[],
): void {
  query.andWhere(
    new Brackets((any) => {
      order.forEach(([column, direction], index) => {
        const equal = order.slice(0, index).map(([earlier], i) => `row.${earlier} = :cursor${i}`);
        const beyond = `row.${column} ${direction === 'ASC' ? '>' : '<'} :cursor${index}`;
        any.orWhere([...equal, beyond].join(' AND '));
      });
    }),
    Object.fromEntries(key.map((part, index) => [`cursor${index}`, part])),
  );
}
