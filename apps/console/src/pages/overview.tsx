import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { dataOf } from '#sdk';

import { daysAhead } from '../calendar.js';
import { now } from '../clock.js';
import { Badge } from '../components/badge.js';
import { Card, Empty, Loaded, Page } from '../components/page.js';
import { Table } from '../components/table.js';
import { Time } from '../components/time.js';
import { type EventFilter, eventsQuery, expirationsQuery, itemsOf, pagesOf } from '../queries.js';
import { roleName } from '../reasons.js';
import { client } from '../server.js';
import { useTenant } from '../tenant.js';
import { FirstSteps } from './first-steps.js';
import { Health } from './health.js';

const SHOWN = 10;
const QUIET_DAYS = 90;

export function OverviewPage() {
  const { name, role, may } = useTenant();
  return (
    <Page title={name} introduction={`You are signed in with the role ${roleName(role)}.`}>
      <FirstSteps />
      {may('expirations:read') && <DueSoon />}
      {may('services:read') && <Unused />}
      {may('audit:read') && (
        <>
          <LatestEvents
            title="Refused uses"
            empty="No use of a credential, an API token, a workload's token or an ACME account was refused."
            filter={{
              action: [
                'credential.use_refused',
                'api_token.use_refused',
                'trust.refused',
                'acme_account.use_refused',
                'acme_binding.use_refused',
              ],
            }}
          />
          <LatestEvents
            title="Failed sign-ins"
            empty="No sign-in and no second factor was refused."
            filter={{ action: ['session.refused', 'identity_provider.refused'] }}
          />
          <LatestEvents
            title="Refused requests"
            empty="No request of a member or an API token was refused."
            filter={{ action: ['request.refused'] }}
          />
        </>
      )}
      <Health />
    </Page>
  );
}

function DueSoon() {
  const { tenantId, slug: tenant } = useTenant();
  const list = itemsOf(useInfiniteQuery(expirationsQuery(tenantId, { limit: SHOWN })));
  return (
    <Card
      title="Due in the next 30 days"
      actions={
        <Link to="/t/$tenant/calendar" params={{ tenant }}>
          All in the calendar
        </Link>
      }
    >
      <Loaded query={list}>
        {(items) =>
          items.length === 0 ? (
            <Empty>Nothing expires and nothing is rotated in the next 30 days.</Empty>
          ) : (
            <Table
              label="Due in the next 30 days"
              rows={items.slice(0, SHOWN)}
              keyOf={({ kind, id, dueAt }) => `${kind} ${id} ${dueAt}`}
              columns={[
                { name: 'When', cell: ({ dueAt }) => <Time at={dueAt} /> },
                { name: 'What', cell: ({ kind }) => kind.replaceAll('_', ' ') },
                { name: 'Name', cell: ({ name: text, id }) => text ?? <code>{id}</code> },
                { name: 'Then', cell: ({ happens }) => happens },
              ]}
            />
          )
        }
      </Loaded>
    </Card>
  );
}

/** Active credentials that no request has used for long: candidates to discard. */
function Unused() {
  const { tenantId, slug: tenant } = useTenant();
  const [unusedSince] = useState(() => daysAhead(now(), -QUIET_DAYS));
  const list = itemsOf(
    useInfiniteQuery(
      pagesOf([tenantId, 'credentials', 'unused', unusedSince], (page) =>
        dataOf(
          client.GET('/v1/tenants/{tenantId}/credentials', {
            params: { path: { tenantId }, query: { unusedSince, state: 'active', limit: SHOWN, ...page } },
          }),
        ),
      ),
    ),
  );
  return (
    <Card title={`Not used for ${QUIET_DAYS} days`}>
      <Loaded query={list}>
        {(items) =>
          items.length === 0 ? (
            <Empty>Every active credential is new, or was used in the last {QUIET_DAYS} days.</Empty>
          ) : (
            <Table
              label={`Credentials that were not used for ${QUIET_DAYS} days`}
              rows={items.slice(0, SHOWN)}
              keyOf={({ id }) => id}
              columns={[
                {
                  name: 'Credential',
                  cell: ({ serviceId, secretMasked }) => (
                    <Link to="/t/$tenant/services/$serviceId" params={{ tenant, serviceId }}>
                      {secretMasked}
                    </Link>
                  ),
                },
                { name: 'Name', cell: ({ name }) => name ?? '' },
                { name: 'Last used', cell: ({ lastUsedAt }) => <Time at={lastUsedAt} /> },
                { name: 'Refused uses', cell: ({ refusedUses }) => refusedUses },
              ]}
            />
          )
        }
      </Loaded>
    </Card>
  );
}

interface LatestEventsProps {
  readonly title: string;
  readonly empty: string;
  readonly filter: EventFilter & { readonly action: readonly string[] };
}

function LatestEvents({ title, empty, filter }: LatestEventsProps) {
  const { tenantId, slug: tenant } = useTenant();
  const list = itemsOf(useInfiniteQuery(eventsQuery(tenantId, { ...filter, limit: SHOWN })));
  return (
    <Card
      title={title}
      actions={
        <Link to="/t/$tenant/history" params={{ tenant }} search={{ action: filter.action.join(',') }}>
          All of them<span className="sr-only">: {title}</span>
        </Link>
      }
    >
      <Loaded query={list}>
        {(items) =>
          items.length === 0 ? (
            <Empty>{empty}</Empty>
          ) : (
            <Table
              label={title}
              rows={items.slice(0, SHOWN)}
              keyOf={({ id }) => id}
              columns={[
                { name: 'When', cell: ({ occurredAt }) => <Time at={occurredAt} /> },
                {
                  name: 'Action',
                  cell: ({ action, sequence }) => (
                    <Link to="/t/$tenant/history/$sequence" params={{ tenant, sequence: String(sequence) }}>
                      {action}
                    </Link>
                  ),
                },
                { name: 'Who', cell: ({ actor }) => actor.name ?? actor.id },
                { name: 'From', cell: ({ sourceAddress }) => sourceAddress ?? '' },
                { name: 'Outcome', cell: ({ outcome }) => <Badge state={outcome} /> },
              ]}
            />
          )
        }
      </Loaded>
    </Card>
  );
}
