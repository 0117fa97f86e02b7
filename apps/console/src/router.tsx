import type { QueryClient } from '@tanstack/react-query';
import {
  type AnyRoute,
  type ErrorComponentProps,
  Link,
  type RouteComponent,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  useRouter,
} from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { Button } from './components/button.js';
import { Refusal } from './components/form.js';
import { Layout } from './components/layout.js';
import { Page } from './components/page.js';
import { HomePage } from './pages/home.js';
import { SignInPage } from './pages/sign-in.js';
import { choices } from '#sdk';

import { type CertificateSearch, certificateSearch } from './certificate-filter.js';
import { calendarSearch } from './calendar.js';
import { asOfSearch, historySearch, proofSearch } from './history-filter.js';
import { selfQuery } from './queries.js';
import { otherWindows } from './other-windows.js';
import { session } from './server.js';
import { signInSearch } from './session-end.js';

interface Context {
  readonly queries: QueryClient;
}

const NotFound = () => (
  <Page title="Not found">
    This page does not exist. <Link to="/">To the first one</Link>
  </Page>
);

function Failed({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Page title="Something went wrong">
      <Refusal error={error}>
        <div className="mt-2">
          <Button onClick={again}>Try again</Button>
        </div>
      </Refusal>
    </Page>
  );
}

/** Where there is no page around it. */
const Alone = ({ children }: { readonly children: ReactNode }) => (
  <main className="mx-auto max-w-md p-4 pt-12">{children}</main>
);
const NotFoundAlone = () => (
  <Alone>
    <NotFound />
  </Alone>
);
const FailedAlone = (props: ErrorComponentProps) => (
  <Alone>
    <Failed {...props} />
  </Alone>
);

/**
 * What the search part of an address says, and nothing else of it: the router would pass on whatever a reader leaves out, as it is
 * written there.
 */
const only =
  <Search extends object>(read: (search: Readonly<Record<string, unknown>>) => Search) =>
  (search: Readonly<Record<string, unknown>>): Search => ({
    ...Object.fromEntries(Object.keys(search).map((name) => [name, undefined])),
    ...read(search),
  });

const root = createRootRouteWithContext<Context>()({ notFoundComponent: NotFoundAlone, errorComponent: FailedAlone });

/** A page without a search part; its code is loaded when the page is first shown. */
const pageUnder =
  <Parent extends AnyRoute>(parent: Parent) =>
  <Path extends string, Name extends string>(
    path: Path,
    load: () => Promise<Readonly<Record<Name, RouteComponent>>>,
    name: Name,
  ) =>
    createRoute({ getParentRoute: () => parent, path, component: lazyRouteComponent(load, name) as RouteComponent });

const openPage = pageUnder(root);

const tenantSearch = ({ tenant: named }: { tenant?: unknown }): { tenant?: string } =>
  typeof named === 'string' && named !== '' ? { tenant: named } : {};

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: only(signInSearch),
  component: SignInPage,
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  // With the session of their account a person keeps its password.
  beforeLoad: async () => {
    if (!session.signedIn) await session.resume();
  },
  component: lazyRouteComponent(() => import('./pages/invitation.js'), 'InvitationPage'),
});

/** What only a person who is signed in sees. The session of the cookie is continued after a reload. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ context, location: { pathname, searchStr } }) => {
    if (!session.signedIn && !(await session.resume())) {
      const next = `${pathname}${searchStr}`;
      throw redirect({ to: '/sign-in', search: next === '/' ? {} : signInSearch({ next }) });
    }
    const { user } = await context.queries.ensureQueryData(selfQuery);
    otherWindows.signedIn(user.id);
  },
  component: Layout,
  errorComponent: FailedAlone,
});

const signedInPage = pageUnder(signedIn);

const home = createRoute({ getParentRoute: () => signedIn, path: '/', component: HomePage });
const tenant = createRoute({
  getParentRoute: () => signedIn,
  path: '/t/$tenant',
  // Everything there would be refused (`SECOND_FACTOR_REQUIRED`).
  beforeLoad: async ({ context, params }) => {
    const { user, memberships } = await context.queries.ensureQueryData(selfQuery);
    const membership = memberships.find(({ slug }) => slug === params.tenant);
    if (membership?.requiresSecondFactor && !user.secondFactor)
      throw redirect({ to: '/second-factor', search: { tenant: params.tenant } });
  },
});

const tenantPage = pageUnder(tenant);

const certificates = createRoute({
  getParentRoute: () => tenant,
  path: '/certificates',
  validateSearch: only((search): CertificateSearch => certificateSearch(search, choices.Certificate.state)),
  component: lazyRouteComponent(() => import('./pages/certificates.js'), 'CertificatesPage'),
});
const history = createRoute({
  getParentRoute: () => tenant,
  path: '/history',
  validateSearch: only(historySearch),
  component: lazyRouteComponent(() => import('./pages/history.js'), 'HistoryPage'),
});
const asOf = createRoute({
  getParentRoute: () => tenant,
  path: '/as-of',
  validateSearch: only(asOfSearch),
  component: lazyRouteComponent(() => import('./pages/as-of.js'), 'AsOfPage'),
});
const proof = createRoute({
  getParentRoute: () => tenant,
  path: '/proof',
  validateSearch: only(proofSearch),
  component: lazyRouteComponent(() => import('./pages/proof.js'), 'ProofPage'),
});
const calendar = createRoute({
  getParentRoute: () => tenant,
  path: '/calendar',
  validateSearch: only((search) => calendarSearch(search, choices.Expiration.kind)),
  component: lazyRouteComponent(() => import('./pages/calendar.js'), 'CalendarPage'),
});
const secondFactor = createRoute({
  getParentRoute: () => signedIn,
  path: '/second-factor',
  validateSearch: only(tenantSearch),
  component: lazyRouteComponent(() => import('./pages/enrolment.js'), 'EnrolmentPage'),
});

const platformHistory = createRoute({
  getParentRoute: () => signedIn,
  path: '/platform/history',
  validateSearch: only(historySearch),
  component: lazyRouteComponent(() => import('./pages/platform-history.js'), 'PlatformHistoryPage'),
});

const routeTree = root.addChildren([
  signIn,
  openPage('/sign-in/callback/$providerId', () => import('./pages/sign-in-callback.js'), 'SignInCallbackPage'),
  invitation,
  openPage('/reset', () => import('./pages/reset.js'), 'ResetPage'),
  openPage('/sign-in/passkey', () => import('./pages/sign-in-passkey.js'), 'SignInPasskeyPage'),
  signedIn.addChildren([
    home,
    tenant.addChildren([
      tenantPage('/', () => import('./pages/overview.js'), 'OverviewPage'),
      tenantPage('/services', () => import('./pages/services.js'), 'ServicesPage'),
      tenantPage('/services/$serviceId', () => import('./pages/service.js'), 'ServicePage'),
      tenantPage('/rotations', () => import('./pages/rotations.js'), 'RotationsPage'),
      tenantPage('/rotations/$rotationId', () => import('./pages/rotation-job.js'), 'RotationJobPage'),
      tenantPage('/keys', () => import('./pages/keys.js'), 'KeysPage'),
      tenantPage('/keys/$keyId', () => import('./pages/key.js'), 'KeyPage'),
      tenantPage('/token-profiles', () => import('./pages/token-profiles.js'), 'TokenProfilesPage'),
      tenantPage('/token-profiles/$profile', () => import('./pages/token-profile.js'), 'TokenProfilePage'),
      tenantPage('/diagnose', () => import('./pages/diagnose.js'), 'DiagnosePage'),
      tenantPage('/authorities/$caId', () => import('./pages/authority.js'), 'AuthorityPage'),
      certificates,
      tenantPage('/certificates/$kid', () => import('./pages/certificate.js'), 'CertificatePage'),
      history,
      tenantPage('/history/$sequence', () => import('./pages/event.js'), 'EventPage'),
      tenantPage('/history/months', () => import('./pages/history-months.js'), 'HistoryMonthsPage'),
      asOf,
      proof,
      calendar,
      tenantPage('/settings', () => import('./pages/settings.js'), 'SettingsPage'),
      tenantPage('/members', () => import('./pages/members.js'), 'MembersPage'),
      tenantPage('/api-tokens', () => import('./pages/api-tokens.js'), 'ApiTokensPage'),
      tenantPage('/webhooks', () => import('./pages/webhooks.js'), 'WebhooksPage'),
      tenantPage('/webhooks/$webhookId', () => import('./pages/webhook.js'), 'WebhookPage'),
      tenantPage('/identity-providers', () => import('./pages/identity-providers.js'), 'IdentityProvidersPage'),
    ]),
    secondFactor,
    signedInPage('/account', () => import('./pages/account.js'), 'AccountPage'),
    signedInPage('/platform', () => import('./pages/platform.js'), 'PlatformPage'),
    signedInPage(
      '/platform/identity-providers',
      () => import('./pages/platform-identity-providers.js'),
      'PlatformIdentityProvidersPage',
    ),
    platformHistory,
    signedInPage('/platform/history/$sequence', () => import('./pages/platform-history.js'), 'PlatformEventPage'),
    signedInPage('/platform/history/months', () => import('./pages/history-months.js'), 'PlatformHistoryMonthsPage'),
  ]),
]);

export const createConsoleRouter = (queries: QueryClient) =>
  createRouter({
    routeTree,
    basepath: '/console',
    context: { queries },
    defaultErrorComponent: Failed,
    defaultNotFoundComponent: NotFound,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
