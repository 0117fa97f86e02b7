import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ChanceryError } from '#sdk';

import { createConsoleRouter } from './router.js';
import { sessionEnded } from './server.js';
import { invitationToken, resetToken } from './token-of-address.js';
import './styles.css';

// Before the router, or anything else, remembers the address.
invitationToken.take();
resetToken.take();

const queries = new QueryClient({
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

sessionEnded.addEventListener('end', () => {
  // Nothing of what the person saw stays in memory.
  queries.clear();
  void router.navigate({ to: '/sign-in' });
});

createRoot(document.querySelector('#console')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
