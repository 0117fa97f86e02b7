import {
  DAY,
  DomainError,
  type EpochMilliseconds,
  MINUTE,
  PAGE_LIMIT_MAX,
  type Page,
  type PageRequest,
  type PlatformScope,
  type TenantScope,
  type Upcoming,
  isPlatformScope,
} from '#core';
import type { Database, EntityClass, KeysetOrder, View, Where } from '#database';

import { Backoff } from './backoff.js';
import { soonestFirst } from './calendar.js';

/** One list of due rows of an entity. */
export interface DueList<Row> {
  readonly where: (now: EpochMilliseconds) => Where<Row>;
  /** The column with the instant, by which rows come in order; not NULL in a row that `where` finds. */
  readonly dueColumn: keyof Row & string;
  /** What happens then, in a word, where people plan with it: it is in the calendar. */
  readonly happens?: string;
  /** Set where the server does it again and again by itself: it is in the calendar, and is not announced. */
  readonly isRoutine?: true;
}

/** What is due of one kind, and what is done about each item. */
export interface DueWork<Row> {
  /** The noun, for logs: `credential`, `session`. */
  readonly kind: string;
  readonly scope: PlatformScope;
  readonly entity: new () => Row;
  /** The column that is unique: `id` unless said otherwise. */
  readonly key?: (keyof Row & string) | undefined;
  readonly lists: readonly DueList<Row>[];
  /** What only the calendar reads: nothing is to be done about it then. */
  readonly shown?: readonly DueList<Row>[] | undefined;
  /**
   * Of rows that may be due, those that are, by a plain read: what merely stays in a list then costs no transaction. The
   * others are read again by the next walk. Where it fails, each row is handled, so that one row blocks no other.
   */
  readonly select?: ((view: View, rows: readonly Row[]) => Promise<readonly Row[]>) | undefined;
  /**
   * Ids of what may have contacts, which are told about a row: the thing itself first, then what it belongs to. Absent: its
   * announcements are not sent by e-mail.
   */
  readonly contactsOf?: ((row: Row) => readonly (string | null)[]) | undefined;
  /** What a row is about, where several rows are about the same thing; the row's own key unless said otherwise. */
  readonly itemOf?: (row: Row) => string;
  /**
   * Handles one item in a transaction of its own.
   * @returns `false` where the item stays due although nothing failed: it is looked at again later
   */
  readonly handle: (row: Row) => Promise<boolean | void>;
  /** Handles many rows in one transaction, where that is cheaper; if it fails, they are handled one by one. */
  readonly handleTogether?: (rows: readonly Row[]) => Promise<void>;
}

/** One item that could not be handled. */
export interface ItemFailure {
  readonly item: string;
  readonly failures: number;
  readonly retryAt: EpochMilliseconds;
  readonly error: unknown;
}

/** Some items failed; all others of the batch were handled. */
export class ItemsFailed extends AggregateError {
  override readonly name = 'ItemsFailed';

  constructor(
    readonly kind: string,
    readonly failed: readonly ItemFailure[],
    /** How many items were tried, the failed ones included; at the limit there may be more. */
    readonly attempted: number,
  ) {
    super(
      failed.map(({ error }) => error),
      `${failed.length} of ${attempted} due items of kind ${kind} failed`,
    );
  }
}

/** An item that was due for less than this is about to be handled. */
const OVERDUE_AFTER = MINUTE;

/** How many items that stay due are remembered, so that they do not count as overdue. */
const LEFT_DUE_MAX = 10_000;

/** How far the calendar looks ahead, unless it is told. */
const AHEAD = 30 * DAY;

/** Bounds how many rows one call passes over, when most of them wait for a retry. */
const PAGES_MAX = 100;

/**
 * Walks through what is due, page by page, and handles each item on its own: an item that fails is tried again later,
 * with exponential back-off, and does not block the items behind it, however many fail. The position is kept between
 * calls, so that each call continues where the one before ended.
 */
export class DueItems<Row extends object> {
  readonly #backoff = new Backoff();
  readonly #leftDue = new Set<string>();
  readonly #planned: readonly DueList<Row>[];
  readonly #key: keyof Row & string;
  #list = 0;
  #cursor: string | undefined;

  constructor(
    private readonly database: Database,
    private readonly work: DueWork<Row>,
  ) {
    this.#key = work.key ?? ('id' as keyof Row & string);
    this.#planned = [...work.lists, ...(work.shown ?? [])].filter(({ happens }) => happens !== undefined);
  }

  /**
   * Handles at most `limit` due items.
   * @returns how many were handled; fewer than `limit` where the end of what is due was reached
   * @throws ItemsFailed after all others were handled; what the database throws where it is not available
   */
  async recordDue(limit: number): Promise<number> {
    const failed: ItemFailure[] = [];
    let attempted = 0;
    for (let page = 0; page < PAGES_MAX && attempted < limit && this.#list < this.work.lists.length; page += 1) {
      const { now, rows, nextCursor } = await this.nextPage(limit - attempted);
      const ready = this.ready(rows, now);
      await this.handleAll(ready, now, failed);
      attempted += ready.length;
      this.#cursor = nextCursor ?? undefined;
      if (nextCursor === null) this.#list += 1;
    }
    if (this.#list === this.work.lists.length) this.#list = 0;
    if (failed.length > 0) throw new ItemsFailed(this.kind, failed, attempted);
    return attempted;
  }

  get kind(): string {
    return this.work.kind;
  }

  /**
   * For how long the oldest item that people plan with has been due, in milliseconds; 0 within the first minute. What stays
   * due although it was handled is no such item, so that this is known to a process only whose scheduler runs.
   */
  async overdue(): Promise<number> {
    const lists = this.work.lists.filter(({ happens }) => happens !== undefined);
    return this.database.readPlatform(this.work.scope, async (view) => {
      const now = view.confirmed;
      const ages: number[] = [];
      for (const list of lists) {
        const { items } = await this.page(view, list, now - OVERDUE_AFTER, {});
        const oldest = items.find((row) => !this.#leftDue.has(this.itemOf(row)));
        if (oldest) ages.push(now - Number(oldest[list.dueColumn]));
      }
      return Math.max(0, ...ages);
    });
  }

  /** Whether people plan with some of it. */
  get isPlanned(): boolean {
    return this.#planned.length > 0;
  }

  /**
   * What happens to things of a tenant, or for the platform of all tenants, until an instant, soonest first: what is due by
   * then, read in advance.
   */
  async upcoming(
    scope: TenantScope | PlatformScope,
    before: EpochMilliseconds | undefined,
    request: PageRequest,
  ): Promise<Page<Upcoming>> {
    const read = (view: View): Promise<Page<Upcoming>[]> =>
      Promise.all(
        this.#planned.map(async (list) => {
          const { items, nextCursor } = await this.page(view, list, before ?? view.now + AHEAD, request);
          return { items: items.map((row) => upcomingOf(this.work, row, list)), nextCursor };
        }),
      );
    const pages = await (isPlatformScope(scope)
      ? this.database.readPlatform(scope, read)
      : this.database.read(scope, read));
    return soonestFirst(pages, request);
  }

  private async nextPage(
    limit: number,
  ): Promise<{ now: EpochMilliseconds; rows: readonly Row[]; nextCursor: string | null }> {
    return this.database.readPlatform(this.work.scope, async (view) => {
      const request = { limit: Math.min(limit, PAGE_LIMIT_MAX), cursor: this.#cursor };
      const now = view.confirmed;
      const { items, nextCursor } = await this.page(view, this.work.lists[this.#list]!, now, request);
      return { now, rows: await this.selected(view, items), nextCursor };
    });
  }

  private page(
    view: View,
    { where, dueColumn }: DueList<Row>,
    now: EpochMilliseconds,
    request: PageRequest,
  ): Promise<Page<Row>> {
    const order: KeysetOrder<Row> = [
      [dueColumn, 'ASC'],
      [this.#key, 'ASC'],
    ];
    return view.page(this.work.entity as EntityClass<Row>, where(now), order, request);
  }

  private async selected(view: View, rows: readonly Row[]): Promise<readonly Row[]> {
    const { select } = this.work;
    if (!select || rows.length === 0) return rows;
    try {
      return await select(view, rows);
    } catch (error) {
      await this.throwOutage(error);
      return rows;
    }
  }

  private itemOf(row: Row): string {
    return this.work.itemOf?.(row) ?? String(row[this.#key]);
  }

  /** The rows to handle now: one for each item, without those that wait for a retry. */
  private ready(rows: readonly Row[], now: EpochMilliseconds): readonly Row[] {
    const items = new Map(rows.map((row) => [this.itemOf(row), row]));
    return [...items].filter(([item]) => !this.#backoff.isWaiting(item, now)).map(([, row]) => row);
  }

  private async handleAll(rows: readonly Row[], now: EpochMilliseconds, failed: ItemFailure[]): Promise<void> {
    if (await this.handledTogether(rows)) return;
    for (const row of rows) {
      const item = this.itemOf(row);
      try {
        const staysDue = (await this.work.handle(row)) === false;
        if (staysDue) this.#backoff.failed(item, now);
        else this.#backoff.succeeded(item);
        this.noteLeftDue(item, staysDue);
      } catch (error) {
        await this.throwOutage(error);
        failed.push({ item, error, ...this.#backoff.failed(item, now) });
      }
    }
  }

  private noteLeftDue(item: string, staysDue: boolean): void {
    if (!staysDue) this.#leftDue.delete(item);
    else if (this.#leftDue.size < LEFT_DUE_MAX) this.#leftDue.add(item);
  }

  private async handledTogether(rows: readonly Row[]): Promise<boolean> {
    const { handleTogether } = this.work;
    if (!handleTogether || rows.length < 2) return false;
    try {
      await handleTogether(rows);
      return true;
    } catch (error) {
      await this.throwOutage(error);
      return false;
    }
  }

  /** While the database is not available no item is at fault, and each further attempt would wait for nothing. */
  private async throwOutage(error: unknown): Promise<void> {
    const isUnavailable = error instanceof DomainError && error.kind === 'unavailable';
    if (isUnavailable && !(await this.database.answers())) throw error;
  }
}

const textOf = (row: object, member: string): string | undefined => {
  const value = (row as Record<string, unknown>)[member];
  return typeof value === 'string' ? value : undefined;
};

function upcomingOf<Row extends object>(
  { kind, contactsOf }: DueWork<Row>,
  row: Row,
  { dueColumn, happens = '', isRoutine }: DueList<Row>,
): Upcoming {
  const [name, kid] = [textOf(row, 'name'), textOf(row, 'kid')];
  return {
    tenantId: textOf(row, 'tenantId') ?? '',
    kind,
    id: textOf(row, 'id') ?? '',
    dueAt: Number(row[dueColumn]),
    happens,
    ...(name === undefined ? {} : { name }),
    ...(kid === undefined ? {} : { kid }),
    ...(isRoutine === undefined ? {} : { isRoutine }),
    ...(contactsOf === undefined ? {} : { contactsOf: contactsOf(row).filter((id) => id !== null) }),
  };
}
