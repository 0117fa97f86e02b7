import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { Badge } from '../components/badge.js';
import { Card, Empty, Loaded, Page } from '../components/page.js';
import { Table } from '../components/table.js';
import { Time } from '../components/time.js';
import { eventsQuery, expirationsQuery, itemsOf, keysQuery, profilesQuery, servicesQuery } from '../queries.js';
import { roleName } from '../reasons.js';
import { useTenant } from '../tenant.js';

export function OverviewPage() {
  const { name, role, may } = useTenant();
  return (
    <Page title={name} introduction={`You are signed in with the role ${roleName(role)}.`}>
      <FirstSteps />
      <DueSoon />
      {may('audit:read') && <Refusals />}
    </Page>
  );
}

const LINK = 'text-accent';

/** Five steps from an empty tenant to a token that somebody else can verify; gone when all are done. */
function FirstSteps() {
  const { tenantId, slug: tenant, may } = useTenant();
  const keys = itemsOf(useInfiniteQuery(keysQuery(tenantId))).data;
  const profiles = itemsOf(useInfiniteQuery({ ...profilesQuery(tenantId), enabled: may('token-profiles:read') })).data;
  const services = itemsOf(useInfiniteQuery(servicesQuery(tenantId))).data;
  const signed = itemsOf(
    useInfiniteQuery({ ...eventsQuery(tenantId, { action: ['token.issued'], limit: 1 }), enabled: may('audit:read') }),
  ).data;
  if (keys === undefined || services === undefined || profiles === undefined || signed === undefined) return null;
  const granted = services.some((service) => service.profiles.length > 0);
  const steps = [
    { done: keys.length > 0, text: 'Make a signing key', to: '/t/$tenant/keys' },
    { done: profiles.length > 0, text: 'Describe the tokens by a token profile', to: '/t/$tenant/token-profiles' },
    { done: services.length > 0, text: 'Create the service that will ask for them', to: '/t/$tenant/services' },
    { done: granted, text: 'Grant the profile to the service', to: '/t/$tenant/services' },
    {
      done: signed.length > 0,
      text: 'Try it: issue a token and verify it by the JWKS',
      to: '/t/$tenant/token-profiles',
    },
  ] as const;
  if (steps.every(({ done }) => done)) return null;
  const next = steps.findIndex(({ done }) => !done);
  return (
    <Card title="From here to the first signed token">
      <ol className="list-decimal space-y-2 pl-6">
        {steps.map(({ done, text, to }, index) => (
          <li key={text} className={done ? 'text-soft line-through' : ''}>
            {index === next ? (
              <Link to={to} params={{ tenant }} className={LINK}>
                {text}
              </Link>
            ) : (
              text
            )}
            {done && <span className="sr-only"> (done)</span>}
          </li>
        ))}
      </ol>
    </Card>
  );
}

function DueSoon() {
  const { tenantId } = useTenant();
  const list = itemsOf(useInfiniteQuery(expirationsQuery(tenantId)));
  return (
    <Card title="Due in the next 30 days">
      <Loaded query={list}>
        {(items) =>
          items.length === 0 ? (
            <Empty>Nothing expires and nothing is rotated in the next 30 days.</Empty>
          ) : (
            <Table
              label="Due in the next 30 days"
              rows={items.slice(0, 10)}
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

function Refusals() {
  const { tenantId } = useTenant();
  const list = itemsOf(useInfiniteQuery(eventsQuery(tenantId, { outcome: 'denied', limit: 10 })));
  return (
    <Card title="Refused lately">
      <Loaded query={list}>
        {(items) =>
          items.length === 0 ? (
            <Empty>No sign-in, no use of a credential and no request was refused.</Empty>
          ) : (
            <Table
              label="Refused lately"
              rows={items.slice(0, 10)}
              keyOf={({ id }) => id}
              columns={[
                { name: 'When', cell: ({ occurredAt }) => <Time at={occurredAt} /> },
                { name: 'Action', cell: ({ action }) => <code>{action}</code> },
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
