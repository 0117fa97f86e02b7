import { ProvidersPage } from '../components/providers-page.js';
import { providersOfTenant } from '../identity-provider-source.js';
import { useTenant } from '../tenant.js';
import { PasswordSignIn } from './password-sign-in.js';

/** How people of the tenant sign in with the identity of their company. */
export function IdentityProvidersPage() {
  const { tenantId, reason } = useTenant();
  return (
    <ProvidersPage
      source={providersOfTenant(tenantId)}
      reason={reason('identity-providers:write')}
      introduction="People sign in with the identity of their company (OpenID Connect)."
      none="There is none yet: members sign in with a password."
    >
      <PasswordSignIn />
    </ProvidersPage>
  );
}
