import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';

import { now } from '../clock.js';
import { dayOf, hoursOf } from '../density.js';
import { saveFile } from '../download.js';
import { FILTERS, type FilterName, type HistorySearch, historyQuery, historySearch } from '../history-filter.js';
import type { ExportFormat, HistorySource } from '../history-source.js';
import { PagedTable } from './paged-table.js';
import { type Schemas, itemsOf, useChange } from '../queries.js';
import { Badge } from './badge.js';
import { Bars } from './bars.js';
import { Button } from './button.js';
import { Form, Refusal, SelectField, TextField } from './form.js';
import { Card, Loaded } from './page.js';
import { Table } from './table.js';
import { ExactTime } from './time.js';

interface HistoryViewProps {
  readonly source: HistorySource;
  readonly search: HistorySearch;
  /** Goes to the address with other filters. */
  readonly onSearch: (search: HistorySearch) => void;
  readonly eventLink: (event: Schemas['AuditEvent']) => ReactNode;
}

/** A history by the filters of the address. */
export function HistoryView({ source, search, onSearch, eventLink }: HistoryViewProps) {
  const list = useInfiniteQuery(source.list(historyQuery(search)));
  return (
    <>
      <Day source={source} search={search} onSearch={onSearch} isListRead={list.isFetched} />
      <Filters search={search} onSearch={onSearch} />
      <ErasedMonths months={source.months} />
      <Card>
        <PagedTable
          list={list}
          empty="No event matches."
          label="Events"
          keyOf={({ id }) => id}
          columns={[
            { name: 'When (UTC)', cell: ({ occurredAt }) => <ExactTime at={occurredAt} /> },
            { name: 'Action', cell: eventLink },
            { name: 'Who', cell: ({ actor }) => actor.name ?? actor.id },
            { name: 'Target', cell: ({ target }) => target.type.replaceAll('_', ' ') },
            { name: 'From', cell: ({ sourceAddress }) => sourceAddress ?? '' },
            { name: 'Outcome', cell: ({ outcome }) => <Badge state={outcome} /> },
          ]}
        />
      </Card>
    </>
  );
}

const MONTHS_SHOWN = 12;

/** Names the months whose events have no names and addresses any more: a search for one finds nothing there. */
function ErasedMonths({ months }: { readonly months: HistorySource['months'] }) {
  const { data = [] } = itemsOf(useInfiniteQuery(months));
  const erased = data.filter(({ state }) => state === 'erased').map(({ month }) => month);
  if (erased.length === 0) return null;
  const more = erased.length > MONTHS_SHOWN ? ` and ${erased.length - MONTHS_SHOWN} more` : '';
  return (
    <p className="mb-4 text-sm">
      Personal fields are erased for {erased.slice(0, MONTHS_SHOWN).join(', ')}
      {more}: the events of these months show no names, e-mail addresses or source addresses, and no search finds them
      by one. To find what a person did, use the id of the actor.
    </p>
  );
}

interface DayProps extends Pick<HistoryViewProps, 'source' | 'search' | 'onSearch'> {
  readonly isListRead: boolean;
}

/** How many events each hour of a day has: as a chart, and as a table whose hours lead to their events. */
function Day({ source, search, onSearch, isListRead }: DayProps) {
  const [today] = useState(() => dayOf(now()));
  const day = search.day ?? today;
  // The list first: counting a day reads all of its events.
  const density = useQuery({ ...source.density(day), enabled: isListRead });
  return (
    <Card title="Events by hour">
      <div className="flex flex-wrap items-end gap-3">
        <TextField
          key={day}
          label="Day (UTC)"
          type="date"
          defaultValue={day}
          max={today}
          onChange={({ target: { value } }) => value !== '' && onSearch({ ...search, day: value })}
        />
      </div>
      <Loaded query={density}>
        {({ hours, erasedBefore }) => (
          <>
            {erasedBefore > 0 && (
              <p className="mb-2 text-sm">
                This history begins with number {erasedBefore}: the events before it are erased, as they are older than
                the tenant keeps them. Their hashes and proofs remain.
              </p>
            )}
            <Bars label={`Events in each hour of ${day}`} counts={hours} />
            <p className="mt-1 text-sm text-soft">
              {hours.reduce((sum, count) => sum + count, 0)} events on {day}
            </p>
            <details className="mt-2">
              <summary className="cursor-pointer text-sm text-accent">As a table</summary>
              <Table
                label={`Hours of ${day}`}
                rows={hoursOf(day, hours)}
                keyOf={({ from }) => from}
                columns={[
                  { name: 'Hour (UTC)', cell: ({ name }) => name },
                  { name: 'Events', cell: ({ count }) => count },
                  {
                    name: 'Show',
                    cell: ({ name, from, to, count }) =>
                      count === 0 ? null : (
                        <Button
                          look="quiet"
                          aria-label={`Show the events of ${name}`}
                          onClick={() => onSearch({ ...search, from, to })}
                        >
                          Show
                        </Button>
                      ),
                  },
                ]}
              />
            </details>
          </>
        )}
      </Loaded>
    </Card>
  );
}

function Filters({ search, onSearch }: Pick<HistoryViewProps, 'search' | 'onSearch'>) {
  const { day, ...filters } = search;
  const kept = day === undefined ? {} : { day };
  return (
    <details className="mb-4 rounded-lg border border-line bg-card p-4" open={Object.keys(filters).length > 0}>
      <summary className="cursor-pointer font-medium text-strong">Filters</summary>
      <div className="mt-3" key={JSON.stringify(search)}>
        <Form submit="Apply" onSubmit={(values) => onSearch({ ...kept, ...historySearch(values) })}>
          <div className="grid gap-x-4 sm:grid-cols-2 lg:grid-cols-3">
            {(Object.keys(FILTERS) as FilterName[]).map((name) => (
              <TextField key={name} label={FILTERS[name]} name={name} defaultValue={search[name]} />
            ))}
            <SelectField
              label="Outcome"
              name="outcome"
              defaultValue={search.outcome ?? ''}
              options={['', 'success', 'denied', 'failed'].map((value) => ({ value, label: value || 'any' }))}
            />
            <SelectField
              label="Order"
              name="order"
              defaultValue={search.order ?? 'desc'}
              options={[
                { value: 'desc', label: 'newest first' },
                { value: 'asc', label: 'oldest first' },
              ]}
            />
          </div>
        </Form>
        <div className="mt-2">
          <Button look="quiet" onClick={() => onSearch(kept)}>
            Clear the filters
          </Button>
        </div>
      </div>
    </details>
  );
}

/** Saves the events of the period, and beside them the checkpoint that covers them. */
export function HistoryExport({ source, search: { from, to } }: Pick<HistoryViewProps, 'source' | 'search'>) {
  const save = useChange(
    async (format: ExportFormat) => {
      const period = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
      return { format, exported: await source.export(format, period) };
    },
    ({ format, exported: { events, checkpoint } }) => {
      const name = `${source.name}-history.${format}`;
      saveFile(name, events);
      saveFile(`${name}.checkpoint`, checkpoint);
    },
  );
  return (
    <>
      <Button onClick={() => save.mutate('ndjson')}>Export NDJSON</Button>
      <Button onClick={() => save.mutate('csv')}>Export CSV</Button>
      <Refusal error={save.error} />
    </>
  );
}
