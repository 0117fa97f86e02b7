import { type Evidence, type PlatformScope, type TenantScope, isPlatformScope } from '#core';
import { TransactionMisuse, Tx, type View } from '#database';
import { isCompromisedCredential, isServiceActive } from '#service-keys';
import { requireActiveTenant } from '#tenants';

import { AcmeAccount } from './entities.js';
import { acmeErrors } from './errors.js';

type AccountEvidence = Extract<Evidence, { kind: 'acme-account' }>;

/**
 * The first step of the work for an ACME account: whether it may still act for its service. A member who revokes the
 * account holds the row of the tenant meanwhile, for which this work waits.
 * @throws TENANT_SUSPENDED, INVALID_CREDENTIALS, ACME_ACCOUNT_ENDED, ACME_UNAUTHORIZED
 */
export async function acmeAccountAuthority(
  view: View,
  { accountId }: AccountEvidence,
): Promise<TenantScope | PlatformScope> {
  const { scope } = view;
  if (view instanceof Tx) {
    if (isPlatformScope(scope)) throw new TransactionMisuse('An ACME account works in its tenant');
    await requireActiveTenant(view);
    await usableAccount(view, accountId);
  }
  return scope;
}

/** A step: an account that may act now. @throws ACME_ACCOUNT_NOT_FOUND, ACME_ACCOUNT_ENDED, ACME_UNAUTHORIZED */
export async function usableAccount(view: View, accountId: string): Promise<AcmeAccount> {
  const account = await view.findOne(AcmeAccount, { id: accountId });
  if (!account) throw acmeErrors.ACME_ACCOUNT_NOT_FOUND();
  const { state, serviceId, credentialId } = account;
  if (state !== 'valid') throw acmeErrors.ACME_ACCOUNT_ENDED(`The account is ${state}`);
  if (!(await isServiceActive(view, serviceId))) {
    throw acmeErrors.ACME_UNAUTHORIZED('The service of the account was deleted');
  }
  if (credentialId !== null && (await isCompromisedCredential(view, credentialId))) {
    throw acmeErrors.ACME_UNAUTHORIZED('The account was bound by a credential that is compromised');
  }
  return account;
}
