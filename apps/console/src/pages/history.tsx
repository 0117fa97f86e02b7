import { Link, getRouteApi, useNavigate } from '@tanstack/react-router';

import { HistoryExport, HistoryView } from '../components/history-view.js';
import { Page } from '../components/page.js';
import { tenantHistory } from '../history-source.js';
import { useTenant } from '../tenant.js';

const route = getRouteApi('/signed-in/t/$tenant/history');

export function HistoryPage() {
  const { tenantId, slug: tenant } = useTenant();
  const search = route.useSearch();
  const navigate = useNavigate();
  const source = tenantHistory(tenantId, tenant);
  return (
    <Page
      title="History"
      introduction="Who did what, when, from where, and with what outcome. The address of this page contains the filters."
      actions={
        <>
          <Link to="/t/$tenant/history/months" params={{ tenant }} className="self-center text-sm">
            Months
          </Link>
          <HistoryExport source={source} search={search} />
        </>
      }
    >
      <HistoryView
        source={source}
        search={search}
        onSearch={(values) => void navigate({ to: '/t/$tenant/history', params: { tenant }, search: values })}
        eventLink={({ sequence, action }) => (
          <Link to="/t/$tenant/history/$sequence" params={{ tenant, sequence: String(sequence) }}>
            {action}
          </Link>
        )}
      />
    </Page>
  );
}
