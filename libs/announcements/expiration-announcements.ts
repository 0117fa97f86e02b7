import { Injectable } from '@nestjs/common';

import {
  Clock,
  DomainError,
  type EpochMilliseconds,
  type Expirable,
  DAY,
  PAGE_LIMIT_MAX,
  type Page,
  type PageRequest,
  type TenantScope,
  type Upcoming,
  platformScope,
  systemOrigin,
} from '#core';
import { Notices, contactsOf, firstContacts } from '#contacts';
import { Database, In, type Tx } from '#database';
import { Backoff, type CalendarFilter, Expires, ExpiryCalendar, type ItemFailure, ItemsFailed } from '#scheduler';
import { ANNOUNCEMENT_DAYS_MAX, tenantSettingsOf, settingsOfTenants } from '#tenants';

import { Announcement } from './entities.js';
import { expirationEvents } from './events.js';
import { type Announced, LISTED_MAX, expirationNotice } from './expiration-notice.js';
import { announcementKey, leadReached, nextLeadAt } from './lead-days.js';

const SYSTEM = platformScope(systemOrigin('announcements'));
/** How many pages of the calendar one call reads; the next call continues behind them. */
const PAGES_MAX = 5;

/** Something of the calendar, and what was announced of it. */
interface AnnouncedUpcoming extends Upcoming {
  readonly announcements: readonly Announcement[];
  readonly nextAnnouncementAt: EpochMilliseconds | null;
  /** The addresses of who is told about it. */
  readonly contacts: readonly string[];
}

/**
 * Announces what will happen, by an event of the history of its tenant: 30, 14, 7 and 1 days ahead, or as the tenant has set
 * it. It walks through the calendar of all tenants again and again. The row of an announcement has a key that is the same
 * on every instance, and is inserted in the transaction of the event: so each is made once.
 */
@Expires({})
@Injectable()
export class ExpirationAnnouncements implements Expirable {
  readonly kind = 'announcement';
  readonly #backoff = new Backoff();
  #cursor: string | undefined;

  constructor(
    private readonly database: Database,
    private readonly calendar: ExpiryCalendar,
    private readonly clock: Clock,
    private readonly notices: Notices,
  ) {}

  async recordDue(limit: number): Promise<number> {
    const failed: ItemFailure[] = [];
    let attempted = 0;
    for (let page = 0; page < PAGES_MAX && attempted < limit; page += 1) {
      const now = this.clock.confirmed();
      const request = { limit: Math.min(limit - attempted, PAGE_LIMIT_MAX), cursor: this.#cursor };
      const { items, nextCursor } = await this.calendar.ofAllTenants(
        SYSTEM,
        now + ANNOUNCEMENT_DAYS_MAX * DAY,
        request,
      );
      const due = (await this.unannounced(items, now)).filter(({ key }) => !this.#backoff.isWaiting(key, now));
      await this.announceAll(due, now, failed);
      attempted += due.length;
      this.#cursor = nextCursor ?? undefined;
      if (nextCursor === null) break;
    }
    if (failed.length > 0) throw new ItemsFailed(this.kind, failed, attempted);
    return attempted;
  }

  /**
   * One page of the calendar of a tenant, soonest first, with what was announced of each thing and when it is announced next:
   * both as they are at one moment.
   * @throws VALIDATION_ERROR for a noun that no kind has
   */
  async page(scope: TenantScope, filter: CalendarFilter, request: PageRequest): Promise<Page<AnnouncedUpcoming>> {
    return this.database.moment(scope, async () => {
      const { items, nextCursor } = await this.calendar.list(scope, filter, request);
      return { items: await this.describe(scope, items), nextCursor };
    });
  }

  private async describe(scope: TenantScope, items: readonly Upcoming[]): Promise<AnnouncedUpcoming[]> {
    return this.database.read(scope, async (view) => {
      const { announcementDays } = await tenantSettingsOf(view);
      const subjects = items.map(({ id }) => id);
      const rows = subjects.length === 0 ? [] : await view.find(Announcement, { subjectId: In(subjects) });
      const contacts = await contactsOf(
        view,
        items.flatMap((item) => item.contactsOf ?? []),
      );
      const isOf = (item: Upcoming) => (row: Announcement) =>
        row.subjectId === item.id && row.happens === item.happens && row.dueAt === item.dueAt;
      return items.map((item) => ({
        ...item,
        announcements: rows.filter(isOf(item)).toSorted((one, other) => other.daysAhead - one.daysAhead),
        nextAnnouncementAt: item.isRoutine ? null : nextLeadAt(item.dueAt, view.now, announcementDays),
        contacts: firstContacts(contacts, item.contactsOf ?? []),
      }));
    });
  }

  /** Of things that will happen, those whose announcement is due and was not made. */
  private async unannounced(items: readonly Upcoming[], now: EpochMilliseconds): Promise<Announced[]> {
    const announced = items.filter(({ isRoutine }) => !isRoutine);
    if (announced.length === 0) return [];
    return this.database.readPlatform(SYSTEM, async (view) => {
      const settingsOf = await settingsOfTenants(view, [...new Set(announced.map(({ tenantId }) => tenantId))]);
      const due = announced.flatMap((item): Announced[] => {
        const daysAhead = leadReached(item.dueAt, now, settingsOf.get(item.tenantId)?.announcementDays ?? []);
        return daysAhead === undefined ? [] : [{ key: announcementKey(item, daysAhead), item, daysAhead }];
      });
      if (due.length === 0) return [];
      const made = await view.find(Announcement, { id: In(due.map(({ key }) => key)) }, { columns: ['id'] });
      const known = new Set(made.map(({ id }) => id));
      return due.filter(({ key }) => !known.has(key));
    });
  }

  private async announceAll(due: readonly Announced[], now: EpochMilliseconds, failed: ItemFailure[]): Promise<void> {
    if (due.length === 0) return;
    try {
      return await this.announce(due);
    } catch (error) {
      await this.throwOutage(error);
    }
    // One of them is at fault.
    for (const one of due) {
      try {
        await this.announce([one]);
        this.#backoff.succeeded(one.key);
      } catch (error) {
        await this.throwOutage(error);
        failed.push({ item: one.key, error, ...this.#backoff.failed(one.key, now) });
      }
    }
  }

  private async announce(due: readonly Announced[]): Promise<void> {
    await this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('another instance has announced it');
      const rows = due.map(({ key, item, daysAhead }): [string, Announcement] => [
        key,
        {
          id: key,
          tenantId: item.tenantId,
          kind: item.kind,
          subjectId: item.id,
          happens: item.happens,
          dueAt: item.dueAt,
          daysAhead,
          announcedAt: tx.now,
        },
      ]);
      const inserted = await tx.insertAbsent(Announcement, new Map(rows));
      for (const { key, item, daysAhead } of due) {
        if (!inserted.has(key)) continue;
        const { tenantId, kind, id, happens, dueAt, name = null, kid } = item;
        const details = { kind, happens, dueAt, daysAhead, name };
        const credentialId = kind === 'credential' ? id : undefined;
        tx.record(expirationEvents.announced(id, { tenantId, kid, credentialId, details }));
      }
      await this.tell(
        tx,
        due.filter(({ key }) => inserted.has(key)),
      );
    });
  }

  /** A step: tells by e-mail, one for everything of a tenant that one address is told. */
  private async tell(tx: Tx, announced: readonly Announced[]): Promise<void> {
    const told = announced.filter(({ item }) => item.contactsOf !== undefined);
    if (!this.notices.areSent || told.length === 0) return;
    const subjects = told.map(({ item }) => ({ tenantId: item.tenantId, contactsOf: item.contactsOf ?? [] }));
    const recipients = await this.notices.recipientsOf(tx, subjects);
    const mails = told.flatMap((each, place) => (recipients[place] ?? []).map((recipient) => ({ recipient, ...each })));
    const together = Map.groupBy(mails, ({ recipient, item }) => `${item.tenantId} ${recipient}`);
    for (const all of together.values()) {
      for (let start = 0; start < all.length; start += LISTED_MAX) {
        const listed = all.slice(start, start + LISTED_MAX);
        const { recipient, item } = listed[0]!;
        await this.notices.write(tx, item.tenantId, [recipient], expirationNotice(listed));
      }
    }
  }

  /** While the database is not available no item is at fault. */
  private async throwOutage(error: unknown): Promise<void> {
    const isUnavailable = error instanceof DomainError && error.kind === 'unavailable';
    if (isUnavailable && !(await this.database.answers())) throw error;
  }
}
