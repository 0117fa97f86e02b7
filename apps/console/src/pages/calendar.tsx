import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { choices } from '#sdk';

import {
  type CalendarSearch,
  type GridDay,
  HORIZONS,
  byMonth,
  daysAhead,
  monthStart,
  monthsLater,
  weeksOf,
} from '../calendar.js';
import { now } from '../clock.js';
import { Badge } from '../components/badge.js';
import { Button } from '../components/button.js';
import { SelectField } from '../components/form.js';
import { More } from '../components/more.js';
import { Card, Empty, Loaded, Page } from '../components/page.js';
import { ExactTime, Time } from '../components/time.js';
import { type Schemas, expirationsQuery, itemsOf, optionsOf } from '../queries.js';
import { useTenant } from '../tenant.js';
import { CalendarFeed } from './calendar-feed.js';

type Item = Schemas['Expiration'];

const route = getRouteApi('/signed-in/t/$tenant/calendar');
const PAGE_SIZE = 200;
/** Of what a month has; the days of the rest say that there is more. */
const PAGES_MAX = 10;

export function CalendarPage() {
  const { slug: tenant } = useTenant();
  const search = route.useSearch();
  const navigate = useNavigate();
  const show = (values: CalendarSearch) =>
    void navigate({ to: '/t/$tenant/calendar', params: { tenant }, search: values });
  const { view, kind, ...position } = search;
  const ofKind = kind === undefined ? {} : { kind };
  return (
    <Page
      title="Calendar"
      introduction="All upcoming expiries, starts and rotations, and who was notified. Days and times are in UTC."
      actions={<CalendarFeed />}
    >
      <div className="flex flex-wrap items-end gap-3">
        <SelectField
          label="Show as"
          value={view ?? 'month'}
          onChange={({ target }) =>
            show({ ...ofKind, ...position, ...(target.value === 'list' ? { view: 'list' } : {}) })
          }
          options={[
            { value: 'month', label: 'month' },
            { value: 'list', label: 'list' },
          ]}
        />
        <SelectField
          label="Only of the kind"
          value={kind ?? ''}
          onChange={({ target }) => {
            const chosen = choices.Expiration.kind.find((each) => each === target.value);
            const { kind: _kind, ...others } = search;
            show({ ...others, ...(chosen === undefined ? {} : { kind: chosen }) });
          }}
          options={[{ value: '', label: 'all' }, ...optionsOf(choices.Expiration.kind)]}
        />
      </div>
      {view === 'list' ? <List kind={kind} /> : <Month search={search} show={show} />}
    </Page>
  );
}

interface MonthProps {
  readonly search: CalendarSearch;
  readonly show: (search: CalendarSearch) => void;
}

function Month({ search, show }: MonthProps) {
  const { tenantId } = useTenant();
  const [present] = useState(() => daysAhead(now(), 0).slice(0, 7));
  const { month = present, day, kind } = search;
  const list = useInfiniteQuery(
    expirationsQuery(tenantId, {
      from: monthStart(month),
      before: monthStart(monthsLater(month, 1)),
      limit: PAGE_SIZE,
      ...(kind === undefined ? {} : { kind }),
    }),
  );
  const { hasNextPage, isFetchingNextPage, fetchNextPage, data } = list;
  const read = data?.pages.length ?? 0;
  // A grid needs all of its month.
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && read < PAGES_MAX) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, read]);
  const { day: _day, ...others } = search;
  const goTo = (months: number) => show({ ...others, month: monthsLater(month, months) });
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <Button
          onClick={() => goTo(-1)}
          reason={month <= present ? 'What was due has happened: see the history' : undefined}
        >
          Previous month
        </Button>
        <h2 className="min-w-36 text-center text-lg" aria-live="polite">
          {monthName(month)}
        </h2>
        <Button onClick={() => goTo(1)}>Next month</Button>
      </div>
      <Loaded query={itemsOf(list)}>
        {(items) => (
          <>
            {hasNextPage && read >= PAGES_MAX && (
              <p role="status" className="mb-2">
                Only the first {items.length} of this month are in the grid: choose a kind.
              </p>
            )}
            <Grid
              month={month}
              weeks={weeksOf(month, items)}
              selected={day}
              onSelect={(chosen) => show({ ...search, month, day: chosen })}
            />
            {day !== undefined && <DayCard day={day} items={items.filter(({ dueAt }) => dueAt.startsWith(day))} />}
          </>
        )}
      </Loaded>
    </>
  );
}

const monthName = (month: string): string =>
  new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(
    Date.parse(`${month}-01T00:00:00Z`),
  );

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const NAMES_SHOWN = 3;

interface GridProps {
  readonly month: string;
  readonly weeks: readonly (readonly GridDay<Item>[])[];
  readonly selected: string | undefined;
  readonly onSelect: (day: string) => void;
}

function Grid({ month, weeks, selected, onSelect }: GridProps) {
  return (
    <table className="mb-4 w-full table-fixed border-collapse bg-card" aria-label={`Calendar of ${monthName(month)}`}>
      <thead>
        <tr>
          {WEEKDAYS.map((name) => (
            <th key={name} scope="col" className="border border-line p-1 text-xs font-medium text-soft">
              <abbr title={name} className="no-underline">
                {name.slice(0, 3)}
              </abbr>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {weeks.map((week) => (
          <tr key={week[0]!.day}>
            {week.map(({ day, isOfMonth, items }) => (
              <td key={day} className={`h-16 border border-line p-1 align-top ${isOfMonth ? '' : 'bg-page'}`}>
                <span className="text-xs text-soft">{Number(day.slice(8))}</span>
                {items.length > 0 && (
                  <>
                    <button
                      type="button"
                      aria-pressed={day === selected}
                      onClick={() => onSelect(day)}
                      className="relative block min-h-6 w-full cursor-pointer rounded bg-tint p-1 text-left text-xs text-strong"
                    >
                      {items.length}
                      <span className="sr-only"> on {day}</span>
                    </button>
                    <ul aria-hidden="true" className="hidden text-xs lg:block">
                      {items.slice(0, NAMES_SHOWN).map((item) => (
                        <li key={keyOf(item)} className="truncate">
                          {nameOf(item)}
                        </li>
                      ))}
                    </ul>
                  </>
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const keyOf = ({ kind, id, dueAt }: Item): string => `${kind} ${id} ${dueAt}`;
const nameOf = ({ kind, name, kid, id }: Item): string => `${kind.replaceAll('_', ' ')} ${name ?? kid ?? id}`;

const DayCard = ({ day, items }: { readonly day: string; readonly items: readonly Item[] }) => (
  <Card title={`On ${day}`}>
    {items.length === 0 ? (
      <Empty>Nothing is due on this day.</Empty>
    ) : (
      <ul aria-label={`Due on ${day}`} className="space-y-3">
        {items.map((item) => (
          <DueItem key={keyOf(item)} item={item} />
        ))}
      </ul>
    )}
  </Card>
);

function List({ kind }: { readonly kind: CalendarSearch['kind'] }) {
  const { tenantId } = useTenant();
  const [days, setDays] = useState<number>(HORIZONS[1]);
  // The same instant for all pages of the list.
  const [start] = useState(now);
  const list = useInfiniteQuery(
    expirationsQuery(tenantId, { before: daysAhead(start, days), ...(kind === undefined ? {} : { kind }) }),
  );
  return (
    <>
      <SelectField
        label="Look ahead"
        value={days}
        onChange={({ target }) => setDays(Number(target.value))}
        options={HORIZONS.map((each) => ({ value: String(each), label: `${each} days` }))}
      />
      <Loaded query={itemsOf(list)}>
        {(items) =>
          items.length === 0 ? (
            <Empty>Nothing is due in this period.</Empty>
          ) : (
            byMonth(items).map(({ month, days: ofMonth }) => (
              <Card key={month} title={monthName(month)}>
                <ol className="space-y-3">
                  {ofMonth.map(({ day, items: ofDay }) => (
                    <li key={day} className="grid gap-2 sm:grid-cols-[7rem_1fr]">
                      <span className="font-medium text-strong">{day}</span>
                      <ul className="min-w-0 space-y-2">
                        {ofDay.map((item) => (
                          <DueItem key={keyOf(item)} item={item} />
                        ))}
                      </ul>
                    </li>
                  ))}
                </ol>
              </Card>
            ))
          )
        }
      </Loaded>
      <More list={list} />
    </>
  );
}

/** What will happen by itself, what was announced, and when it is announced next. */
function DueItem({ item }: { readonly item: Item }) {
  const { slug: tenant, may } = useTenant();
  const { id, happens, dueAt, announcements, nextAnnouncementAt, contacts } = item;
  return (
    <li className="break-words">
      <ExactTime at={dueAt} /> (<Time at={dueAt} />
      ): {nameOf(item)} <strong className="font-medium">{happens}</strong>
      {may('audit:read') && (
        <>
          {', '}
          <Link to="/t/$tenant/history" params={{ tenant }} search={{ targetId: id, order: 'asc' }}>
            its history
          </Link>
        </>
      )}
      <div className="mt-1 flex flex-wrap items-baseline gap-x-3 text-sm text-soft">
        {announcements.map(({ daysAhead: ahead, announcedAt }) => (
          <span key={ahead}>
            <Badge state="announced" /> {ahead} days ahead, <Time at={announcedAt} />
          </span>
        ))}
        <span>
          {nextAnnouncementAt === null ? (
            'no more announcements'
          ) : (
            <>
              next announcement <Time at={nextAnnouncementAt} />
            </>
          )}
        </span>
        <span>{contacts.length === 0 ? 'to the owners' : `to ${contacts.join(', ')}`}</span>
      </div>
    </li>
  );
}
