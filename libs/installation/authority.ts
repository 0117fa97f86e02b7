import { acmeAccountAuthority } from '#acme';
import { INSTALLATION_ID } from '#core';
import { type AuthorityCheck, TransactionMisuse, Tx } from '#database';
import { credentialAuthority } from '#service-keys';
import { apiTokenAuthority, holdTenant, requireActiveTenant, sessionAuthority } from '#tenants';

/**
 * Decides at the beginning of each piece of work, by the rows as they are then, whether its caller may do it.
 * Reads of users are checked as well, because an export reads page after page for as long as it takes. Reads of services are
 * not: each is a short look-up right after the guard, and what leaves the server leaves a transaction.
 */
export const checkAuthority: AuthorityCheck = async (view) => {
  const { scope } = view;
  const { actor, evidence } = scope;
  const isTransaction = view instanceof Tx;
  const isOfTenant = scope.tenantId !== INSTALLATION_ID;
  switch (evidence?.kind) {
    case 'session':
      return sessionAuthority(view, evidence);
    case 'api-token':
      return apiTokenAuthority(view, evidence);
    case 'credential':
      return isTransaction ? credentialAuthority(view) : scope;
    case 'acme-account':
      return acmeAccountAuthority(view, evidence);
    case 'tenant':
      if (isTransaction) await requireActiveTenant(view);
      return scope;
    case 'work':
      if (isTransaction && isOfTenant) await holdTenant(view, 'shared');
      return scope;
    case undefined:
      if (actor.type !== 'system') throw new TransactionMisuse('The scope of a user or a service shows no evidence');
      if (isTransaction && isOfTenant) await holdTenant(view, 'exclusive');
      return scope;
  }
};
