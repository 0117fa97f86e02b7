import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { dataOf } from '#sdk';

import { EventDetails } from '../components/event-details.js';
import { Loaded } from '../components/page.js';
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
  const { tenantId, slug: tenant } = useTenant();
  const event = useQuery(eventQuery(tenantId, sequence));
  return (
    <Loaded title="Event" query={event}>
      {(data) => (
        <EventDetails
          event={data}
          link={(text, search) => (
            <Link to="/t/$tenant/history" params={{ tenant }} search={search}>
              {text}
            </Link>
          )}
        >
          <Link to="/t/$tenant/proof" params={{ tenant }} search={{ sequence: data.sequence }}>
            Prove that it is in the history
          </Link>
        </EventDetails>
      )}
    </Loaded>
  );
}
