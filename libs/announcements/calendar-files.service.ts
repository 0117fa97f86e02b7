import { Injectable } from '@nestjs/common';

import { PublicUrl } from '#config';
import { DAY, PAGE_LIMIT_MAX, type TenantScope, type Upcoming } from '#core';
import { Database } from '#database';
import { ExpiryCalendar } from '#scheduler';
import { tenantNameOf } from '#tenants';

import { calendarFile } from './calendar-file.js';

/** How far the file looks ahead. */
const AHEAD = 366 * DAY;
/** How many things it has at most, the soonest. */
const ITEMS_MAX = 1_000;

/** The calendar of a tenant for the programs in which people keep theirs. */
@Injectable()
export class CalendarFiles {
  constructor(
    private readonly database: Database,
    private readonly calendar: ExpiryCalendar,
    private readonly publicUrl: PublicUrl,
  ) {}

  /** iCalendar of what happens within a year, but for what the server does again and again by itself. */
  async of(scope: TenantScope): Promise<string> {
    // Of several pages: what moves from one to another meanwhile would be on both or on none.
    return this.database.moment(scope, () => this.read(scope));
  }

  private async read(scope: TenantScope): Promise<string> {
    const { slug, now } = await this.database.read(scope, async (view) => ({
      slug: (await tenantNameOf(view, scope.tenantId)).slug,
      now: view.now,
    }));
    const items: Upcoming[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.calendar.list(scope, { before: now + AHEAD }, { limit: PAGE_LIMIT_MAX, cursor });
      items.push(...page.items.filter(({ isRoutine }) => !isRoutine));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && items.length < ITEMS_MAX);
    return calendarFile(items.slice(0, ITEMS_MAX), { slug, publicUrl: this.publicUrl.current, now });
  }
}
