import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi, useNavigate } from '@tanstack/react-router';
import { dataOf } from '#sdk';

import { Button } from '../components/button.js';
import { EventDetails } from '../components/event-details.js';
import { Refusal } from '../components/form.js';
import { HistoryExport, HistoryView } from '../components/history-view.js';
import { Loaded, Page } from '../components/page.js';
import { saveFile } from '../download.js';
import { platformHistory } from '../history-source.js';
import { useChange } from '../queries.js';
import { client } from '../server.js';

const listRoute = getRouteApi('/signed-in/platform/history');
const eventRoute = getRouteApi('/signed-in/platform/history/$sequence');
const EVENT = '/v1/platform/audit-events/{sequence}';

/** What happened to the installation itself: its tenants, users, keys of the log, schedules. */
export function PlatformHistoryPage() {
  const search = listRoute.useSearch();
  const navigate = useNavigate();
  return (
    <Page
      title="History of the installation"
      introduction="Events of the installation: tenants, accounts, the scheduler, sign-ins of unknown addresses."
      actions={
        <>
          <Link to="/platform/history/months" className="self-center text-sm">
            Months
          </Link>
          <HistoryExport source={platformHistory} search={search} />
        </>
      }
    >
      <HistoryView
        source={platformHistory}
        search={search}
        onSearch={(values) => void navigate({ to: '/platform/history', search: values })}
        eventLink={({ sequence, action }) => (
          <Link to="/platform/history/$sequence" params={{ sequence: String(sequence) }}>
            {action}
          </Link>
        )}
      />
    </Page>
  );
}

const eventQuery = (sequence: string) =>
  queryOptions({
    queryKey: ['installation', 'audit-events', sequence],
    queryFn: () => dataOf(client.GET(EVENT, { params: { path: { sequence } } })),
  });

export function PlatformEventPage() {
  const { sequence } = eventRoute.useParams();
  const event = useQuery(eventQuery(sequence));
  const save = useChange(
    async () => String(await dataOf(client.GET(`${EVENT}/proof`, { params: { path: { sequence } }, parseAs: 'text' }))),
    (proof) => saveFile(`installation-${sequence}.tlog-proof`, proof),
  );
  return (
    <Loaded title="Event" query={event}>
      {(data) => (
        <EventDetails
          event={data}
          link={(text, search) => (
            <Link to="/platform/history" search={search}>
              {text}
            </Link>
          )}
        >
          <Button onClick={() => save.mutate(undefined)}>Save the proof of the event</Button>
          <Refusal error={save.error} />
        </EventDetails>
      )}
    </Loaded>
  );
}
