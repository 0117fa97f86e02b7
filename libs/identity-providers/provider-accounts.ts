import { Injectable } from '@nestjs/common';

import { type EventContent, INSTALLATION_ID } from '#core';
import { uuidv7 } from '#crypto';
import type { Tx } from '#database';
import {
  type User,
  Users,
  accountById,
  accountKnownIn,
  admittedMember,
  applyProvidedMembership,
  tenantsProvided,
} from '#tenants';

import { Identity, type IdentityProvider } from './entities.js';
import { identityProviderErrors } from './errors.js';
import { identityProviderEvents } from './events.js';
import { type NotAdmitted, type Person, emailProblem, notAdmittedDetails } from './person.js';
import type { ProviderClaims } from './provider-client.js';
import { rolesOf } from './role-mapping.js';

/** Finds the account of a person whom a provider identified, or makes one, and brings the memberships in line. */
@Injectable()
export class ProviderAccounts {
  constructor(private readonly users: Users) {}

  /**
   * A step of platform work, in which the row of the provider is locked.
   *
   * The provider of a tenant decides over accounts that only its tenant knows: a person who configures it could otherwise act as
   * every user in every tenant. A provider of the installation decides over verified accounts with addresses of its domains.
   *
   * @param newPasswordHash for an account that has to be made
   * @returns `undefined` for a person who is no member of the tenant of the provider, or no longer: that is to be committed
   * @throws IDENTITY_NOT_ADMITTED
   */
  async resolve(
    tx: Tx,
    provider: IdentityProvider,
    person: Person,
    claims: ProviderClaims,
    newPasswordHash: string,
  ): Promise<User | undefined> {
    const roles = rolesOf(provider.roleMappings, person.groups, provider.tenantId);
    const isOfTenant = provider.tenantId !== INSTALLATION_ID;
    const user =
      (await this.linked(tx, provider, person)) ??
      (await this.link(tx, provider, person, claims, {
        passwordHash: newPasswordHash,
        mayCreate: !isOfTenant || roles.get(provider.tenantId) !== undefined,
      }));
    const provided = await tenantsProvided(tx, user.id, provider.id);
    // In one order, so that no two sign-ins wait for each other.
    for (const tenantId of [...new Set([...roles.keys(), ...provided])].toSorted()) {
      await applyProvidedMembership(tx, { tenantId, user, identityProvider: provider, role: roles.get(tenantId) });
    }
    return isOfTenant && !(await admittedMember(tx, provider.tenantId, user.id)) ? undefined : user;
  }

  /** The account that signed in by this subject before. */
  private async linked(tx: Tx, provider: IdentityProvider, { subject }: Person): Promise<User | undefined> {
    const where = { identityProviderId: provider.id, subject };
    const identity = await tx.installation.findOne(Identity, where);
    const user = identity && (await accountById(tx, identity.userId));
    if (!user) return undefined;
    // The address of the account was verified meanwhile: it is no longer the tenant's.
    if (user.knownIn !== provider.tenantId) throw notAdmitted('ACCOUNT_NOT_OF_TENANT');
    await tx.installation.update(Identity, where, { lastUsedAt: tx.now });
    return user;
  }

  private async link(
    tx: Tx,
    provider: IdentityProvider,
    person: Person,
    claims: ProviderClaims,
    { passwordHash, mayCreate }: { readonly passwordHash: string; readonly mayCreate: boolean },
  ): Promise<User> {
    const { id: identityProviderId, tenantId } = provider;
    const problem = emailProblem(person, claims, provider);
    if (problem) throw notAdmitted(problem);
    const { email = '', name, subject } = person;
    const known = await accountKnownIn(tx, email, tenantId);
    if (!known && tenantId !== INSTALLATION_ID) {
      const verified = await accountKnownIn(tx, email, INSTALLATION_ID);
      if (verified && (await admittedMember(tx, tenantId, verified.id))) throw notAdmitted('ACCOUNT_NOT_OF_TENANT');
    }
    if (!known && !mayCreate) throw notAdmitted('NOT_A_MEMBER');
    const history = historyOf(provider);
    const user =
      known ?? (await this.users.create(tx, { email, name, passwordHash, knownIn: tenantId }, history.tenantId));
    const row: Identity = {
      id: uuidv7(tx.now),
      identityProviderId,
      subject,
      userId: user.id,
      createdAt: tx.now,
      lastUsedAt: tx.now,
    };
    await tx.installation.insert(Identity, row);
    const details = { userId: user.id, email, subject };
    tx.record(identityProviderEvents.linked(identityProviderId, { ...history, details }));
    return user;
  }
}

/** Where platform work records what is about a provider. */
export const historyOf = ({ tenantId }: Pick<IdentityProvider, 'tenantId'>): Pick<EventContent, 'tenantId'> =>
  tenantId === INSTALLATION_ID ? {} : { tenantId };

/** How a person is rejected whom the provider knows. */
export const notAdmitted = (reason: NotAdmitted): Error =>
  identityProviderErrors.IDENTITY_NOT_ADMITTED({ detail: notAdmittedDetails[reason], extensions: { reason } });
