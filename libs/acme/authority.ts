import { type Evidence, type PlatformScope, type TenantScope, isPlatformScope } from '#core';
import { TransactionMisuse, Tx, type View } from '#database';
import {
  callerErrors,
  isCompromisedCredential,
  isServiceActive,
  isServiceAddress,
  isServiceTrust,
} from '#service-keys';
import { requireActiveTenant } from '#tenants';

import { AcmeAccount, type AcmeBinding } from './entities.js';
import { acmeErrors } from './errors.js';

type AccountEvidence = Extract<Evidence, { kind: 'acme-account' }>;

/**
 * The first step of the work for an ACME account: whether it may still act for its service. A member who revokes the
 * account holds the row of the tenant meanwhile, for which this work waits.
 * @throws TENANT_SUSPENDED, INVALID_CREDENTIALS, ACME_ACCOUNT_ENDED, ACME_UNAUTHORIZED, IP_NOT_ALLOWED
 */
export async function acmeAccountAuthority(
  view: View,
  { accountId, publicKeyHash }: AccountEvidence,
): Promise<TenantScope | PlatformScope> {
  const { scope } = view;
  if (view instanceof Tx) {
    if (isPlatformScope(scope)) throw new TransactionMisuse('An ACME account works in its tenant');
    await requireActiveTenant(view);
    await usableAccount(view, accountId, publicKeyHash);
  }
  return scope;
}

/**
 * A step: an account that may act now, by this key. In a transaction it is locked.
 * @param publicKeyHash of the key that signed the request
 * @throws ACME_ACCOUNT_NOT_FOUND, ACME_ACCOUNT_ENDED, ACME_UNAUTHORIZED, IP_NOT_ALLOWED
 */
export async function usableAccount(view: View, accountId: string, publicKeyHash: string): Promise<AcmeAccount> {
  const account = await view.hold(AcmeAccount, { id: accountId }, 'exclusive');
  if (!account) throw acmeErrors.ACME_ACCOUNT_NOT_FOUND();
  if (account.publicKeyHash !== publicKeyHash) {
    // RFC 8555 §7.3.5: once the key is changed, the old one is worth nothing, also where its request arrived before.
    throw acmeErrors.ACME_UNAUTHORIZED('The account has another key meanwhile');
  }
  if (account.state !== 'valid') throw acmeErrors.ACME_ACCOUNT_ENDED(`The account is ${account.state}`);
  await requireSponsor(view, account);
  return account;
}

/**
 * A step: what a binding, and the account that was made by it, depend on as long as they are used.
 * @throws ACME_UNAUTHORIZED where the service or the trust was deleted, or the credential is compromised; IP_NOT_ALLOWED
 */
export async function requireSponsor(
  view: View,
  { serviceId, credentialId, trustId }: Pick<AcmeBinding, 'serviceId' | 'credentialId' | 'trustId'>,
): Promise<void> {
  if (!(await isServiceActive(view, serviceId))) throw acmeErrors.ACME_UNAUTHORIZED('The service was deleted');
  if (!(await isServiceAddress(view, serviceId, view.scope.sourceAddress))) throw callerErrors.IP_NOT_ALLOWED();
  if (trustId !== null && !(await isServiceTrust(view, serviceId, trustId))) {
    throw acmeErrors.ACME_UNAUTHORIZED('The trust of the workload that made the binding was deleted');
  }
  if (credentialId !== null && (await isCompromisedCredential(view, credentialId))) {
    throw acmeErrors.ACME_UNAUTHORIZED('The credential that made the binding is compromised');
  }
}
