import { useSuspenseQuery } from '@tanstack/react-query';
import { Navigate } from '@tanstack/react-router';

import { Empty, Page } from '../components/page.js';
import { selfQuery } from '../queries.js';

/** Leads to the first tenant of the person, or to the installation that they administer. */
export function HomePage() {
  const { data: self } = useSuspenseQuery(selfQuery);
  const [first] = self.memberships;
  if (first !== undefined) return <Navigate to="/t/$tenant" params={{ tenant: first.slug }} replace />;
  if (self.platformRole !== null) return <Navigate to="/platform" replace />;
  return (
    <Page title="Welcome">
      <Empty>You are a member of no tenant yet. Ask an owner of one to invite {self.user.email}.</Empty>
    </Page>
  );
}
