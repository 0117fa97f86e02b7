import { useSuspenseQuery } from '@tanstack/react-query';

import { ProvidersPage } from '../components/providers-page.js';
import { providersOfInstallation } from '../identity-provider-source.js';
import { selfQuery } from '../queries.js';

/** By whom people sign in to the installation, whatever tenants they are members of. */
export function PlatformIdentityProvidersPage() {
  const { data: self } = useSuspenseQuery(selfQuery);
  const reason = self.platformPermissions.includes('platform-identity-providers:manage')
    ? undefined
    : 'Only for the administrator of the installation (platform-identity-providers:manage)';
  return (
    <ProvidersPage
      source={providersOfInstallation}
      reason={reason}
      introduction="People of every tenant sign in with the identity of their company (OpenID Connect): verified accounts of the domains that a provider names."
      none="There is none yet: people sign in with a password or through a provider of their tenant."
    />
  );
}
