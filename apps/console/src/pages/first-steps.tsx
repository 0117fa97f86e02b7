import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { Card } from '../components/page.js';
import { eventsQuery, itemsOf, keysQuery, profilesQuery, servicesQuery } from '../queries.js';
import { useTenant } from '../tenant.js';

/** Five steps from an empty tenant to a token that somebody else can verify; gone when all are done. */
export function FirstSteps() {
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
    { done: keys.length > 0, text: 'Create a signing key', to: '/t/$tenant/keys' },
    { done: profiles.length > 0, text: 'Describe the tokens with a token profile', to: '/t/$tenant/token-profiles' },
    { done: services.length > 0, text: 'Create the service that requests them', to: '/t/$tenant/services' },
    { done: granted, text: 'Grant the profile to the service', to: '/t/$tenant/services' },
    {
      done: signed.length > 0,
      text: 'Try it: issue a token and verify it with the JWKS',
      to: '/t/$tenant/token-profiles',
    },
  ] as const;
  if (steps.every(({ done }) => done)) return null;
  const next = steps.findIndex(({ done }) => !done);
  return (
    <Card title="Steps to the first signed token">
      <ol className="list-decimal space-y-2 pl-6">
        {steps.map(({ done, text, to }, index) => (
          <li key={text} className={done ? 'text-soft line-through' : ''}>
            {index === next ? (
              <Link to={to} params={{ tenant }} className="text-accent">
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
