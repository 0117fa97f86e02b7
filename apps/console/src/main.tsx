import { MutationCache, QueryCache, QueryClient, QueryClientProvider, hashKey } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ChanceryError } from '#sdk';

import { selfQuery } from './queries.js';
import { createConsoleRouter } from './router.js';
import { otherWindows } from './other-windows.js';
import { sessionEnded } from './server.js';
import { type SessionEnd, signInSearch } from './session-end.js';
import { invitationToken, resetToken } from './token-of-address.js';
import './styles.css';

// Before the router, or anything else, remembers the address.
invitationToken.take();
resetToken.take();

/** What the page knows of what the person may do is older than the answer, who is no member any more has no such tenant: it is asked again. */
const onRefusal = (error: unknown): void => {
  if (error instanceof ChanceryError && [403, 404].includes(error.status))
    void queries.invalidateQueries({ queryKey: selfQuery.queryKey });
};

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, { queryHash }) => queryHash !== hashKey(selfQuery.queryKey) && onRefusal(error),
  }),
  mutationCache: new MutationCache({ onError: onRefusal }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // The client repeats by itself what may be repeated, and a refusal stays one.
      retry: false,
      throwOnError: (error) => error instanceof ChanceryError && error.status === 401,
    },
  },
});
const router = createConsoleRouter(queries);

sessionEnded.addEventListener('end', (event) => {
  const { detail: reason } = event as CustomEvent<SessionEnd | undefined>;
  // Nothing of what the person saw stays in memory.
  queries.clear();
  const { pathname, searchStr } = router.state.location;
  const search = signInSearch(reason === 'expired' ? { reason, next: `${pathname}${searchStr}` } : { reason });
  void router.navigate({ to: '/sign-in', search });
});

const isAtSignIn = (): boolean => router.state.location.pathname === '/sign-in';
otherWindows.listen(
  // A new document: nothing of the old one stays, whatever it was about to do.
  () => window.location.replace('/console/sign-in?reason=elsewhere'),
  (isOther) => {
    if (isOther) window.location.reload();
    else if (isAtSignIn()) router.history.push(`/console${signInSearch(router.state.location.search).next ?? '/'}`);
  },
);

createRoot(document.querySelector('#console')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
