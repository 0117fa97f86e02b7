import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { HORIZONS, byMonth, daysAhead } from '../calendar.js';
import { now } from '../clock.js';
import { SelectField } from '../components/form.js';
import { More } from '../components/more.js';
import { Card, Empty, Loaded, Page } from '../components/page.js';
import { ExactTime, Time } from '../components/time.js';
import { type Schemas, expirationsQuery, itemsOf } from '../queries.js';
import { useTenant } from '../tenant.js';

export function CalendarPage() {
  const { tenantId } = useTenant();
  const [days, setDays] = useState<number>(HORIZONS[1]);
  // The same instant for all pages of the list.
  const [start] = useState(now);
  const list = useInfiniteQuery(expirationsQuery(tenantId, { before: daysAhead(start, days) }));
  return (
    <Page
      title="Calendar"
      introduction="What expires or is rotated, and what happens then without anybody doing anything."
    >
      <SelectField
        label="Look ahead"
        value={days}
        onChange={({ target }) => setDays(Number(target.value))}
        options={HORIZONS.map((each) => ({ value: String(each), label: `${each} days` }))}
      />
      <Loaded query={itemsOf(list)}>
        {(items) =>
          items.length === 0 ? (
            <Empty>Nothing falls due in this time.</Empty>
          ) : (
            byMonth(items).map(({ month, days: ofMonth }) => (
              <Card key={month} title={month}>
                <ol className="space-y-3">
                  {ofMonth.map(({ day, items: ofDay }) => (
                    <li key={day} className="grid gap-2 sm:grid-cols-[7rem_1fr]">
                      <span className="font-medium text-strong">{day}</span>
                      <ul className="min-w-0 space-y-1">
                        {ofDay.map((item) => (
                          <DueItem key={`${item.kind} ${item.id} ${item.dueAt}`} item={item} />
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
    </Page>
  );
}

function DueItem({ item }: { readonly item: Schemas['Expiration'] }) {
  const { slug: tenant, may } = useTenant();
  const { kind, id, kid, name, happens, dueAt } = item;
  return (
    <li className="break-words">
      <ExactTime at={dueAt} /> (<Time at={dueAt} />
      ): {kind.replaceAll('_', ' ')} {name ?? kid ?? id} {happens}
      {may('audit:read') && (
        <>
          {', '}
          <Link to="/t/$tenant/history" params={{ tenant }} search={{ targetId: id, order: 'asc' }}>
            its history
          </Link>
        </>
      )}
    </li>
  );
}
