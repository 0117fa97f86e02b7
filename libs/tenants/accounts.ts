import { INSTALLATION_ID, isUuid } from '#core';
import { In, type View } from '#database';

import { Member, Tenant, User } from './entities.js';
import type { Role } from './roles.js';

/** What decides where an account counts. */
type Known = Pick<User, 'knownIn'>;

/** Whether the address was verified: then the account is known in every tenant. */
export const isVerified = ({ knownIn }: Known): boolean => knownIn === INSTALLATION_ID;

/**
 * Whether the account may be a member of the tenant. An account whose address is not verified counts in the tenant that
 * invited it and in no other: who chose its password there need not be the person whom another tenant means.
 */
export const isKnownIn = (account: Known, tenantId: string): boolean =>
  isVerified(account) || account.knownIn === tenantId;

/** A value that no account is known in. */
const NOWHERE = 'none';

/**
 * A step of a sign-in: the account that an address names. With a tenant it is the one that only this tenant knows; without
 * one it is the verified account, or else the oldest of the others. Each way asks the same questions, so that their number
 * does not tell what exists.
 * @param email normalised
 * @param tenant id or slug
 */
export async function accountOf(view: View, email: string, tenant?: string): Promise<User | undefined> {
  const { installation } = view;
  const named = tenant === undefined ? {} : isUuid(tenant) ? { id: tenant } : { slug: tenant };
  const found = tenant === undefined ? null : await view.findOne(Tenant, named);
  const knownIn = tenant === undefined ? INSTALLATION_ID : (found?.id ?? NOWHERE);
  const account = await installation.findOne(User, { email, knownIn });
  const [oldest] = await installation.find(User, { email }, { order: { id: 'ASC' }, limit: 1 });
  return account ?? (tenant === undefined ? oldest : undefined);
}

/** A step: the account of this id; `null` where there is none. */
export const accountById = (view: View, userId: string): Promise<User | null> =>
  view.installation.findOne(User, { id: userId });

/**
 * A step: the account with this address that is known in exactly this place; `null` where there is none.
 * @param email normalised
 * @param knownIn a tenant, or `INSTALLATION_ID` for the verified account
 */
export const accountKnownIn = (view: View, email: string, knownIn: string): Promise<User | null> =>
  view.installation.findOne(User, { email, knownIn });

/** By which failed sign-ins are counted: the address, with the tenant where one is named. */
export const signInName = (email: string, tenant: string | undefined): string =>
  tenant === undefined ? email : `${email} in ${tenant.toLowerCase()}`;

/** Every name by which a sign-in reaches this account. */
export async function signInNamesOf(view: View, { id, email, knownIn }: User): Promise<string[]> {
  const tenant = await view.findOne(Tenant, { id: knownIn });
  const byAddress = (await accountOf(view, email))?.id === id ? [signInName(email, undefined)] : [];
  return [...byAddress, ...(tenant ? [signInName(email, tenant.id), signInName(email, tenant.slug)] : [])];
}

/** The membership of a user who is admitted to the tenant; `null` for others. */
export async function admittedMember(view: View, tenantId: string, userId: string): Promise<Member | null> {
  const member = await view.findOne(Member, { tenantId, userId });
  if (!member) return null;
  const user = await view.installation.findOne(User, { id: userId });
  return user && isKnownIn(user, tenantId) ? member : null;
}

/** A member who is admitted to the tenant, by what a sign-in asks for. */
export interface AdmittedAccount {
  readonly user: Pick<User, 'id' | 'email' | 'knownIn'>;
  readonly role: Role;
}

/** Accounts that one statement names. */
const BATCH = 500;

/** A step: everybody who is admitted to the tenant of this work. */
export async function admittedAccounts(view: View): Promise<readonly AdmittedAccount[]> {
  const { tenantId } = view.scope;
  const members = await view.find(Member, { tenantId });
  const admitted: AdmittedAccount[] = [];
  for (let start = 0; start < members.length; start += BATCH) {
    const roles = new Map(members.slice(start, start + BATCH).map(({ userId, role }) => [userId, role]));
    const users = await view.installation.find(User, { id: In([...roles.keys()]) });
    for (const user of users) if (isKnownIn(user, tenantId)) admitted.push({ user, role: roles.get(user.id)! });
  }
  return admitted;
}
