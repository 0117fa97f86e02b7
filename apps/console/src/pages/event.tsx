import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Card, Facts, Loaded, Page } from '../components/page.js';
import { Table } from '../components/table.js';
import { ExactTime } from '../components/time.js';
import { differences } from '../difference.js';
import type { HistorySearch } from '../history-filter.js';
import type { Schemas } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';

const route = getRouteApi('/signed-in/t/$tenant/history/$sequence');

const eventQuery = (tenantId: string, sequence: string) =>
  queryOptions({
    queryKey: [tenantId, 'audit-events', sequence],
    queryFn: () =>
      dataOf(
        client.GET('/v1/tenants/{tenantId}/audit-events/{sequence}', { params: { path: { tenantId, sequence } } }),
      ),
  });

export function EventPage() {
  const { sequence } = route.useParams();
  const { tenantId } = useTenant();
  const event = useQuery(eventQuery(tenantId, sequence));
  return (
    <Loaded title="Event" query={event}>
      {(data) => <EventDetails event={data} />}
    </Loaded>
  );
}

function EventDetails({ event }: { readonly event: Schemas['AuditEvent'] }) {
  const { slug: tenant } = useTenant();
  const changes = differences(event.before, event.after);
  const others = (text: string, search: HistorySearch) => (
    <Link to="/t/$tenant/history" params={{ tenant }} search={search}>
      {text}
    </Link>
  );
  const { actor, target } = event;
  return (
    <Page title={event.action} introduction={`Event ${event.sequence} of the history`}>
      <Card>
        <Facts
          facts={[
            { name: 'When (UTC)', value: <ExactTime at={event.occurredAt} /> },
            { name: 'Outcome', value: <Badge state={event.outcome} /> },
            { name: 'Who', value: others(`${actor.name ?? actor.id} (${actor.type})`, { actor: actor.id }) },
            { name: 'From', value: event.sourceAddress ?? 'not over the network' },
            {
              name: 'Target',
              value: others(`Life of this ${target.type.replaceAll('_', ' ')}`, { targetId: target.id, order: 'asc' }),
            },
            { name: 'Request', value: others(event.requestId, { requestId: event.requestId }) },
            ...(event.credentialId === undefined
              ? []
              : [{ name: 'Credential', value: others(event.credentialId, { credentialId: event.credentialId }) }]),
            ...(event.kid === undefined ? [] : [{ name: 'kid', value: others(event.kid, { kid: event.kid }) }]),
            ...(event.tokenId === undefined
              ? []
              : [{ name: 'Token', value: others(event.tokenId, { tokenId: event.tokenId }) }]),
            { name: 'Leaf hash', value: <code>{event.leafHash}</code> },
          ]}
        />
        <p className="mt-3">
          <Link to="/t/$tenant/proof" params={{ tenant }} search={{ sequence: event.sequence }}>
            Prove that it is in the history
          </Link>
        </p>
      </Card>
      {changes.length > 0 && (
        <Card title="What changed">
          <Table
            label="What changed"
            rows={changes}
            keyOf={({ name }) => name}
            columns={[
              { name: 'Member', cell: ({ name }) => name },
              { name: 'Before', cell: ({ before }) => <del className="text-danger no-underline">{before ?? '—'}</del> },
              { name: 'After', cell: ({ after }) => <ins className="text-good no-underline">{after ?? '—'}</ins> },
            ]}
          />
        </Card>
      )}
      {event.details !== undefined && (
        <Card title="Details">
          <pre tabIndex={0} className="overflow-x-auto">
            {JSON.stringify(event.details, null, 2)}
          </pre>
        </Card>
      )}
    </Page>
  );
}
