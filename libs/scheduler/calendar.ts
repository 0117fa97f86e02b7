import {
  type EpochMilliseconds,
  type Expirable,
  type Page,
  type PageRequest,
  type PlatformScope,
  type TenantScope,
  type Upcoming,
  coreErrors,
  encodeCursor,
  pageLimit,
} from '#core';

/** One page out of pages that are each in order; the cursor is a position in all of them. */
export function soonestFirst(pages: readonly Page<Upcoming>[], request: PageRequest): Page<Upcoming> {
  const limit = pageLimit(request);
  const all = pages
    .flatMap(({ items }) => items)
    .toSorted((one, other) => one.dueAt - other.dueAt || (one.id < other.id ? -1 : 1));
  const items = all.slice(0, limit);
  const last = items.at(-1);
  const isMore = all.length > limit || pages.some(({ nextCursor }) => nextCursor !== null);
  return { items, nextCursor: isMore && last ? encodeCursor([last.dueAt, last.id]) : null };
}

/** What of the calendar is asked for. */
export interface CalendarFilter {
  /** Epoch milliseconds, inclusive; from the soonest on if absent. */
  readonly from?: EpochMilliseconds | undefined;
  /** Epoch milliseconds; 30 days ahead if absent. */
  readonly before?: EpochMilliseconds | undefined;
  /** Only this noun. */
  readonly kind?: string | undefined;
}

/** Everything of a tenant that falls due, of all kinds that people plan with. */
export class ExpiryCalendar {
  constructor(private readonly kinds: () => readonly Expirable[]) {}

  /** The nouns of what is in it, in alphabetical order. */
  get nouns(): readonly string[] {
    return [...new Set(this.planned().map(({ kind }) => kind))].toSorted();
  }

  /**
   * One page, soonest first.
   * @throws VALIDATION_ERROR for a noun that no kind has
   */
  async list(
    scope: TenantScope,
    { from, before, kind }: CalendarFilter,
    request: PageRequest,
  ): Promise<Page<Upcoming>> {
    const planned = this.planned();
    const asked = planned.filter((each) => kind === undefined || each.kind === kind);
    if (asked.length === 0) {
      const detail = `is one of: ${this.nouns.join(', ')}`;
      throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer: 'kind', code: 'INVALID', detail }] });
    }
    // The position in front of the first thing of that instant.
    const start = from === undefined ? undefined : encodeCursor([from, '']);
    return this.read(asked, scope, before, { ...request, cursor: request.cursor ?? start });
  }

  /** For the platform: one page of everything of all tenants, soonest first. */
  async ofAllTenants(scope: PlatformScope, before: EpochMilliseconds, request: PageRequest): Promise<Page<Upcoming>> {
    return this.read(this.planned(), scope, before, request);
  }

  private planned(): readonly Expirable[] {
    return this.kinds().filter(({ upcoming }) => upcoming !== undefined);
  }

  private async read(
    kinds: readonly Expirable[],
    scope: TenantScope | PlatformScope,
    before: EpochMilliseconds | undefined,
    request: PageRequest,
  ): Promise<Page<Upcoming>> {
    const pages = await Promise.all(kinds.map((each) => each.upcoming!(scope, before, request)));
    return soonestFirst(pages, request);
  }
}
