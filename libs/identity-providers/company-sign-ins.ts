import { INSTALLATION_ID } from '#core';
import { In, type View } from '#database';
import { type AdmittedAccount, admittedAccounts, sessionErrors, tenantSettingsOf } from '#tenants';

import { Identity, IdentityProvider } from './entities.js';

/** Members whom an answer names. */
const NAMED_MAX = 20;

/** A step of platform work: the providers of the installation that are in use. */
export const providersOfInstallation = (view: View): Promise<IdentityProvider[]> =>
  view.find(IdentityProvider, { tenantId: INSTALLATION_ID, enabled: true });

/**
 * A step: the members of the tenant of this work whom no provider signs in. That of a tenant signs in accounts that only the
 * tenant knows, that of the installation verified accounts: both by the domain of the address, or who came by it before.
 */
export async function membersWithoutProvider(
  view: View,
  ofInstallation: readonly IdentityProvider[],
): Promise<readonly AdmittedAccount[]> {
  const own = await view.find(IdentityProvider, { tenantId: view.scope.tenantId, enabled: true });
  const providers = [...own, ...ofInstallation];
  const unnamed = (await admittedAccounts(view)).filter(
    ({ user }) => !providers.some((provider) => knows(provider, user) && acceptsDomain(provider, user.email)),
  );
  if (unnamed.length === 0) return [];
  const identityProviderId = In(providers.map(({ id }) => id));
  const linked = await view.installation.find(Identity, {
    userId: In(unnamed.map(({ user }) => user.id)),
    identityProviderId,
  });
  const signsIn = ({ user }: AdmittedAccount): boolean =>
    linked.some(
      (identity) =>
        identity.userId === user.id &&
        providers.some((provider) => provider.id === identity.identityProviderId && knows(provider, user)),
    );
  return unnamed.filter((account) => !signsIn(account));
}

type Account = AdmittedAccount['user'];

const knows = ({ tenantId }: IdentityProvider, { knownIn }: Account): boolean => knownIn === tenantId;

const acceptsDomain = ({ emailDomains }: IdentityProvider, email: string): boolean =>
  emailDomains.length === 0 || emailDomains.includes(email.slice(email.lastIndexOf('@') + 1));

/** How a change is rejected that would keep members out. */
export const membersLeftOut = (members: readonly AdmittedAccount[]): Error =>
  sessionErrors.MEMBERS_WITHOUT_COMPANY_SIGN_IN({
    detail: `No identity provider signs in ${members.length} of the members: remove them, or let a provider of the installation name their domain`,
    extensions: {
      count: members.length,
      members: members.slice(0, NAMED_MAX).map(({ user, role }) => ({ userId: user.id, email: user.email, role })),
    },
  });

/**
 * A step before a change of a provider of the tenant: where passwords are excluded, it must keep out no member who could sign in
 * before. A provider of the installation is the business of who runs it.
 * @returns the step after the change
 * @throws MEMBERS_WITHOUT_COMPANY_SIGN_IN, by the second step
 */
export async function noneLeftOut(
  view: View,
  ofInstallation: readonly IdentityProvider[],
): Promise<() => Promise<void>> {
  const isOfTenant = view.scope.tenantId !== INSTALLATION_ID;
  if (!isOfTenant || (await tenantSettingsOf(view)).passwordSignIn !== 'none') return async () => undefined;
  const before = new Set((await membersWithoutProvider(view, ofInstallation)).map(({ user }) => user.id));
  return async () => {
    const left = (await membersWithoutProvider(view, ofInstallation)).filter(({ user }) => !before.has(user.id));
    if (left.length > 0) throw membersLeftOut(left);
  };
}
