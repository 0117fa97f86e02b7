import { useSuspenseQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useParams, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

import { selfQuery } from '../queries.js';
import { signOut } from '../server.js';
import { Button } from './button.js';
import { PAGE_TITLE_ID } from './page.js';

const LINK = 'block rounded-md px-3 py-1.5 no-underline text-text hover:bg-tint';
const ACTIVE = { className: 'bg-tint font-medium text-strong', 'aria-current': 'page' } as const;

/** The pages of a tenant, and the permission without which there would be nothing on one. */
const PAGES = [
  { to: '/t/$tenant', name: 'Overview', permission: 'tenant:read', exact: true },
  { to: '/t/$tenant/services', name: 'Services', permission: 'services:read', exact: false },
  { to: '/t/$tenant/rotations', name: 'Rotations', permission: 'services:read', exact: false },
  { to: '/t/$tenant/keys', name: 'Keys', permission: 'keys:read', exact: false },
  { to: '/t/$tenant/certificates', name: 'Certificates', permission: 'certificates:read', exact: false },
  { to: '/t/$tenant/token-profiles', name: 'Token profiles', permission: 'token-profiles:read', exact: false },
  { to: '/t/$tenant/diagnose', name: 'Diagnose a token', permission: 'token-profiles:read', exact: false },
  { to: '/t/$tenant/calendar', name: 'Calendar', permission: 'expirations:read', exact: false },
  { to: '/t/$tenant/history', name: 'History', permission: 'audit:read', exact: false },
  { to: '/t/$tenant/as-of', name: 'As of', permission: 'audit:read', exact: false },
  { to: '/t/$tenant/proof', name: 'Proof', permission: 'audit:read', exact: false },
  { to: '/t/$tenant/members', name: 'Members', permission: 'members:read', exact: false },
  { to: '/t/$tenant/api-tokens', name: 'API tokens', permission: 'api-tokens:self', exact: false },
  { to: '/t/$tenant/webhooks', name: 'Webhooks', permission: 'webhooks:read', exact: false },
  {
    to: '/t/$tenant/identity-providers',
    name: 'Identity providers',
    permission: 'identity-providers:read',
    exact: false,
  },
  { to: '/t/$tenant/settings', name: 'Settings', permission: 'tenant:read', exact: false },
] as const;

function TenantSwitcher() {
  const { tenant: slug } = useParams({ strict: false });
  const navigate = useNavigate();
  const { data: self } = useSuspenseQuery(selfQuery);
  if (self.memberships.length === 0) return null;
  return (
    <label className="flex items-center gap-2 text-sm">
      <span className="text-soft">Tenant</span>
      <select
        value={slug ?? ''}
        onChange={(event) => void navigate({ to: '/t/$tenant', params: { tenant: event.target.value } })}
        className="min-h-9 max-w-44 rounded-md border border-soft bg-card px-2 text-strong"
      >
        {slug === undefined && <option value="">Choose …</option>}
        {self.memberships.map(({ slug: each, name }) => (
          <option key={each} value={each}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function TenantPages() {
  const { tenant } = useParams({ strict: false });
  const { data: self } = useSuspenseQuery(selfQuery);
  const membership = self.memberships.find(({ slug }) => slug === tenant);
  if (tenant === undefined || membership === undefined) return null;
  return PAGES.filter(({ permission }) => membership.permissions.includes(permission)).map(({ to, name, exact }) => (
    <li key={to}>
      <Link to={to} params={{ tenant }} activeOptions={{ exact }} className={LINK} activeProps={ACTIVE}>
        {name}
      </Link>
    </li>
  ));
}

/** Around every page of a person who is signed in. */
export function Layout() {
  const { data: self } = useSuspenseQuery(selfQuery);
  /** The page that is shown; the address may already be that of the next one. */
  const shown = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.href });
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const main = useRef<HTMLElement>(null);
  const pathBefore = useRef(path);
  useEffect(() => {
    // As browsers do with a new document: the keyboard continues there, and its name is read out.
    if (pathBefore.current !== undefined && pathBefore.current !== path) main.current?.focus();
    pathBefore.current = path;
  }, [path]);
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[14rem_1fr] md:grid-rows-[auto_1fr]">
      <a href="#content" className="sr-only focus:not-sr-only focus:absolute focus:z-20 focus:bg-card focus:p-2">
        Skip to the content
      </a>
      <header className="flex flex-wrap items-center justify-between gap-3 border-b border-line bg-card px-4 py-2 md:col-span-2">
        <Link to="/" className="font-semibold text-strong no-underline">
          Chancery
        </Link>
        <div className="flex flex-wrap items-center gap-3">
          <TenantSwitcher />
          <Link to="/account" className="max-w-48 truncate text-sm">
            {self.user.email}
          </Link>
          <Button onClick={() => void signOut()}>Sign out</Button>
        </div>
      </header>
      <nav aria-label="Pages" className="border-line p-3 md:border-r">
        <ul className="flex flex-wrap gap-1 md:block md:space-y-1">
          <TenantPages />
          {self.platformRole !== null && (
            <li>
              <Link to="/platform" className={LINK} activeOptions={{ exact: true }} activeProps={ACTIVE}>
                Platform
              </Link>
            </li>
          )}
          {self.platformPermissions.includes('platform-audit:read') && (
            <li>
              <Link to="/platform/history" className={LINK} activeProps={ACTIVE}>
                History of the installation
              </Link>
            </li>
          )}
        </ul>
      </nav>
      <main
        id="content"
        ref={main}
        data-page={shown}
        tabIndex={-1}
        aria-labelledby={PAGE_TITLE_ID}
        className="min-w-0 p-4 outline-none md:p-6"
      >
        <Outlet />
      </main>
    </div>
  );
}
