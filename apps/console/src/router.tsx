import type { QueryClient } from '@tanstack/react-query';
import {
  type ErrorComponentProps,
  Link,
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

const tenantSearch = ({ tenant: named }: { tenant?: unknown }): { tenant?: string } =>
  typeof named === 'string' && named !== '' ? { tenant: named } : {};

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: only(signInSearch),
  component: SignInPage,
});
const signInCallback = createRoute({
  getParentRoute: () => root,
  path: '/sign-in/callback/$providerId',
  component: lazyRouteComponent(() => import('./pages/sign-in-callback.js'), 'SignInCallbackPage'),
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
const reset = createRoute({
  getParentRoute: () => root,
  path: '/reset',
  component: lazyRouteComponent(() => import('./pages/reset.js'), 'ResetPage'),
});
const signInPasskey = createRoute({
  getParentRoute: () => root,
  path: '/sign-in/passkey',
  component: lazyRouteComponent(() => import('./pages/sign-in-passkey.js'), 'SignInPasskeyPage'),
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

const overview = createRoute({
  getParentRoute: () => tenant,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/overview.js'), 'OverviewPage'),
});
const services = createRoute({
  getParentRoute: () => tenant,
  path: '/services',
  component: lazyRouteComponent(() => import('./pages/services.js'), 'ServicesPage'),
});
const service = createRoute({
  getParentRoute: () => tenant,
  path: '/services/$serviceId',
  component: lazyRouteComponent(() => import('./pages/service.js'), 'ServicePage'),
});
const rotations = createRoute({
  getParentRoute: () => tenant,
  path: '/rotations',
  component: lazyRouteComponent(() => import('./pages/rotations.js'), 'RotationsPage'),
});
const rotationJob = createRoute({
  getParentRoute: () => tenant,
  path: '/rotations/$rotationId',
  component: lazyRouteComponent(() => import('./pages/rotation-job.js'), 'RotationJobPage'),
});
const keys = createRoute({
  getParentRoute: () => tenant,
  path: '/keys',
  component: lazyRouteComponent(() => import('./pages/keys.js'), 'KeysPage'),
});
const key = createRoute({
  getParentRoute: () => tenant,
  path: '/keys/$keyId',
  component: lazyRouteComponent(() => import('./pages/key.js'), 'KeyPage'),
});
const tokenProfiles = createRoute({
  getParentRoute: () => tenant,
  path: '/token-profiles',
  component: lazyRouteComponent(() => import('./pages/token-profiles.js'), 'TokenProfilesPage'),
});
const tokenProfile = createRoute({
  getParentRoute: () => tenant,
  path: '/token-profiles/$profile',
  component: lazyRouteComponent(() => import('./pages/token-profile.js'), 'TokenProfilePage'),
});
const diagnose = createRoute({
  getParentRoute: () => tenant,
  path: '/diagnose',
  component: lazyRouteComponent(() => import('./pages/diagnose.js'), 'DiagnosePage'),
});
const certificates = createRoute({
  getParentRoute: () => tenant,
  path: '/certificates',
  validateSearch: only((search): CertificateSearch => certificateSearch(search, choices.Certificate.state)),
  component: lazyRouteComponent(() => import('./pages/certificates.js'), 'CertificatesPage'),
});
const authority = createRoute({
  getParentRoute: () => tenant,
  path: '/authorities/$caId',
  component: lazyRouteComponent(() => import('./pages/authority.js'), 'AuthorityPage'),
});
const certificate = createRoute({
  getParentRoute: () => tenant,
  path: '/certificates/$kid',
  component: lazyRouteComponent(() => import('./pages/certificate.js'), 'CertificatePage'),
});
const history = createRoute({
  getParentRoute: () => tenant,
  path: '/history',
  validateSearch: only(historySearch),
  component: lazyRouteComponent(() => import('./pages/history.js'), 'HistoryPage'),
});
const event = createRoute({
  getParentRoute: () => tenant,
  path: '/history/$sequence',
  component: lazyRouteComponent(() => import('./pages/event.js'), 'EventPage'),
});
const historyMonths = createRoute({
  getParentRoute: () => tenant,
  path: '/history/months',
  component: lazyRouteComponent(() => import('./pages/history-months.js'), 'HistoryMonthsPage'),
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
const settings = createRoute({
  getParentRoute: () => tenant,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/settings.js'), 'SettingsPage'),
});
const secondFactor = createRoute({
  getParentRoute: () => signedIn,
  path: '/second-factor',
  validateSearch: only(tenantSearch),
  component: lazyRouteComponent(() => import('./pages/enrolment.js'), 'EnrolmentPage'),
});
const members = createRoute({
  getParentRoute: () => tenant,
  path: '/members',
  component: lazyRouteComponent(() => import('./pages/members.js'), 'MembersPage'),
});
const apiTokens = createRoute({
  getParentRoute: () => tenant,
  path: '/api-tokens',
  component: lazyRouteComponent(() => import('./pages/api-tokens.js'), 'ApiTokensPage'),
});
const webhooks = createRoute({
  getParentRoute: () => tenant,
  path: '/webhooks',
  component: lazyRouteComponent(() => import('./pages/webhooks.js'), 'WebhooksPage'),
});
const webhook = createRoute({
  getParentRoute: () => tenant,
  path: '/webhooks/$webhookId',
  component: lazyRouteComponent(() => import('./pages/webhook.js'), 'WebhookPage'),
});
const identityProviders = createRoute({
  getParentRoute: () => tenant,
  path: '/identity-providers',
  component: lazyRouteComponent(() => import('./pages/identity-providers.js'), 'IdentityProvidersPage'),
});
const account = createRoute({
  getParentRoute: () => signedIn,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/account.js'), 'AccountPage'),
});
const platform = createRoute({
  getParentRoute: () => signedIn,
  path: '/platform',
  component: lazyRouteComponent(() => import('./pages/platform.js'), 'PlatformPage'),
});

const platformIdentityProviders = createRoute({
  getParentRoute: () => signedIn,
  path: '/platform/identity-providers',
  component: lazyRouteComponent(
    () => import('./pages/platform-identity-providers.js'),
    'PlatformIdentityProvidersPage',
  ),
});
const platformHistory = createRoute({
  getParentRoute: () => signedIn,
  path: '/platform/history',
  validateSearch: only(historySearch),
  component: lazyRouteComponent(() => import('./pages/platform-history.js'), 'PlatformHistoryPage'),
});
const platformEvent = createRoute({
  getParentRoute: () => signedIn,
  path: '/platform/history/$sequence',
  component: lazyRouteComponent(() => import('./pages/platform-history.js'), 'PlatformEventPage'),
});

const platformHistoryMonths = createRoute({
  getParentRoute: () => signedIn,
  path: '/platform/history/months',
  component: lazyRouteComponent(() => import('./pages/history-months.js'), 'PlatformHistoryMonthsPage'),
});

const routeTree = root.addChildren([
  signIn,
  signInCallback,
  invitation,
  reset,
  signInPasskey,
  signedIn.addChildren([
    home,
    tenant.addChildren([
      overview,
      services,
      service,
      rotations,
      rotationJob,
      keys,
      key,
      tokenProfiles,
      tokenProfile,
      diagnose,
      authority,
      certificates,
      certificate,
      history,
      event,
      historyMonths,
      asOf,
      proof,
      calendar,
      settings,
      members,
      apiTokens,
      webhooks,
      webhook,
      identityProviders,
    ]),
    secondFactor,
    account,
    platform,
    platformIdentityProviders,
    platformHistory,
    platformEvent,
    platformHistoryMonths,
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
