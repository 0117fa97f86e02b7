import { getRouteApi, useNavigate } from '@tanstack/react-router';

import { Page } from '../components/page.js';
import { SecondFactors } from './second-factors.js';

const route = getRouteApi('/signed-in/second-factor');

/** Where a person is sent whose tenant asks for a second factor that they do not have. */
export function EnrolmentPage() {
  const { tenant } = route.useSearch();
  const navigate = useNavigate();
  const proceed = () =>
    void (tenant === undefined ? navigate({ to: '/' }) : navigate({ to: '/t/$tenant', params: { tenant } }));
  return (
    <Page
      title="Enrol a second factor"
      introduction={`${tenant ?? 'The tenant'} asks its members for a second factor. Until you have one, nothing can be done there.`}
    >
      <SecondFactors onEnrolled={proceed} />
    </Page>
  );
}
