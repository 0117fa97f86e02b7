import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { dataOf } from '#sdk';

import { Badge } from '../components/badge.js';
import { Card, Facts, Loaded } from '../components/page.js';
import { eventsQuery, itemsOf } from '../queries.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';

const readinessQuery = { queryKey: ['readiness'], queryFn: () => dataOf(client.GET('/health/ready')) };

/** Whether the server does its work: requests, scheduler, and the signing of the history. */
export function Health() {
  const { may } = useTenant();
  const readiness = useQuery(readinessQuery);
  return (
    <Card title="Health">
      <Loaded query={readiness}>
        {({ checks, degraded }) => (
          <Facts
            facts={[
              ...Object.entries(checks).map(([name, holds]) => ({
                name: name.charAt(0).toUpperCase() + name.slice(1),
                value: <Badge state={holds === true ? 'yes' : 'failed'} />,
              })),
              {
                name: 'Scheduler',
                value: degraded.includes('scheduler') ? (
                  <>
                    <Badge state="paused" /> paused until the clocks are confirmed: no expiry is recorded
                  </>
                ) : (
                  <Badge state="runs" />
                ),
              },
              ...(degraded.includes('sharedRateLimits')
                ? [{ name: 'Rate limits', value: 'counted per process: Redis does not answer' }]
                : []),
            ]}
          />
        )}
      </Loaded>
      {may('audit:read') && <LogHealth />}
    </Card>
  );
}

/** How far the history is signed. */
function LogHealth() {
  const { tenantId } = useTenant();
  const checkpoint = useQuery({
    queryKey: [tenantId, 'checkpoint'],
    queryFn: () =>
      dataOf(
        client.GET('/v1/tenants/{tenantId}/audit-events/checkpoint', {
          params: { path: { tenantId } },
          parseAs: 'text',
        }),
      ),
  });
  const [last] = itemsOf(useInfiniteQuery(eventsQuery(tenantId, { limit: 1 }))).data ?? [];
  // The second line of a checkpoint is its size (C2SP tlog-checkpoint).
  const size = Number(String(checkpoint.data ?? '').split('\n')[1]);
  if (last === undefined || !Number.isSafeInteger(size) || size === 0) return null;
  const unsigned = Math.max(0, last.sequence + 1 - size);
  return (
    <div className="mt-2">
      <Facts
        facts={[
          {
            name: 'History',
            value: `${size.toLocaleString('en-GB')} events are signed${unsigned === 0 ? '' : `, the last ${unsigned} not yet`}`,
          },
        ]}
      />
    </div>
  );
}
