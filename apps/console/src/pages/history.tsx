import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, getRouteApi, useNavigate } from '@tanstack/react-router';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Bars } from '../components/bars.js';
import { Button } from '../components/button.js';
import { Form, Refusal, SelectField, TextField } from '../components/form.js';
import { More } from '../components/more.js';
import { Card, Empty, Loaded, Page } from '../components/page.js';
import { Table } from '../components/table.js';
import { ExactTime } from '../components/time.js';
import { densityOf } from '../density.js';
import { saveFile } from '../download.js';
import { FILTERS, type FilterName, type HistorySearch, historyQuery, historySearch } from '../history-filter.js';
import { type Schemas, eventsQuery, itemsOf, useChange } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';

const route = getRouteApi('/signed-in/t/$tenant/history');
const PARTS = 60;

export function HistoryPage() {
  const { tenantId, slug: tenant } = useTenant();
  const search = route.useSearch();
  const list = useInfiniteQuery(eventsQuery(tenantId, historyQuery(search)));
  return (
    <Page
      title="History"
      introduction="Who did what, when, from where, and with what outcome. The address of this page contains the filters."
      actions={<Export search={search} />}
    >
      <Filters search={search} />
      <Card>
        <Loaded query={itemsOf(list)}>
          {(events) =>
            events.length === 0 ? (
              <Empty>No event matches.</Empty>
            ) : (
              <>
                <Density events={events} />
                <Table
                  label="Events"
                  rows={events}
                  keyOf={({ id }) => id}
                  columns={[
                    { name: 'When (UTC)', cell: ({ occurredAt }) => <ExactTime at={occurredAt} /> },
                    {
                      name: 'Action',
                      cell: ({ sequence, action }) => (
                        <Link to="/t/$tenant/history/$sequence" params={{ tenant, sequence: String(sequence) }}>
                          {action}
                        </Link>
                      ),
                    },
                    { name: 'Who', cell: ({ actor }) => actor.name ?? actor.id },
                    { name: 'Target', cell: ({ target }) => target.type.replaceAll('_', ' ') },
                    { name: 'From', cell: ({ sourceAddress }) => sourceAddress ?? '' },
                    { name: 'Outcome', cell: ({ outcome }) => <Badge state={outcome} /> },
                  ]}
                />
              </>
            )
          }
        </Loaded>
        <More list={list} />
      </Card>
    </Page>
  );
}

/** When what is shown took place. */
function Density({ events }: { readonly events: readonly Schemas['AuditEvent'][] }) {
  const density = densityOf(
    events.map(({ occurredAt }) => occurredAt),
    PARTS,
  );
  return density === undefined ? null : <Bars label="Events over time, the oldest first" counts={density.counts} />;
}

function Filters({ search }: { readonly search: HistorySearch }) {
  const { slug: tenant } = useTenant();
  const navigate = useNavigate();
  const show = (values: HistorySearch) =>
    void navigate({ to: '/t/$tenant/history', params: { tenant }, search: values });
  return (
    <details className="mb-4 rounded-lg border border-line bg-card p-4" open={Object.keys(search).length > 0}>
      <summary className="cursor-pointer font-medium text-strong">Filters</summary>
      <div className="mt-3" key={JSON.stringify(search)}>
        <Form submit="Apply" onSubmit={(values) => show(historySearch(values))}>
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
          <Button look="quiet" onClick={() => show({})}>
            Clear the filters
          </Button>
        </div>
      </div>
    </details>
  );
}

function Export({ search: { from, to } }: { readonly search: HistorySearch }) {
  const { tenantId, slug } = useTenant();
  const save = useChange(
    async (format: 'ndjson' | 'csv') => {
      const query = { format, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
      const params = { path: { tenantId }, query };
      const path = '/v1/tenants/{tenantId}/audit-events/export';
      return { format, content: await dataOf(client.GET(path, { params, parseAs: 'blob' })) };
    },
    ({ format, content }) => saveFile(`${slug}-history.${format}`, content as unknown as Blob),
  );
  return (
    <>
      <Button onClick={() => save.mutate('ndjson')}>Export NDJSON</Button>
      <Button onClick={() => save.mutate('csv')}>Export CSV</Button>
      <Refusal error={save.error} />
    </>
  );
}
