import { INSTALLATION_ID, isUuid } from '#core';
import { In, type View } from '#database';

import { Member, Tenant, User } from './entities.js';
import type { Role } from './roles.js';

/** The columns that decide which tenants know an account. */
type Known = Pick<User, 'knownIn'>;

/** Whether the address was verified; every tenant knows such an account. */
export const isVerified = ({ knownIn }: Known): boolean => knownIn === INSTALLATION_ID;

/**
 * Whether the account may be a member of the tenant. Only the tenant that invited it knows an account with an unverified
 * address: the person who chose its password there may not own the address.
 */
export const isKnownIn = (account: Known, tenantId: string): boolean =>
  isVerified(account) || account.knownIn === tenantId;

/** A value that matches no account. */
const NOWHERE = 'none';

/**
 * A step of a sign-in: finds an account by its address. With a tenant, the account that only this tenant knows; without one,
 * the verified account, or else the oldest of the others. It always runs the same queries, so that the response time does not
 * disclose which accounts exist.
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

/** A step: the account with this id, or `null`. */
export const accountById = (view: View, userId: string): Promise<User | null> =>
  view.installation.findOne(User, { id: userId });

/**
 * A step: the account with this address that is known in exactly this tenant, or `null`.
 * @param email normalised
 * @param knownIn a tenant, or `INSTALLATION_ID` for the verified account
 */
export const accountKnownIn = (view: View, email: string, knownIn: string): Promise<User | null> =>
  view.installation.findOne(User, { email, knownIn });

/** The subject whose failed sign-ins are counted: the address, with the tenant if the request names one. */
export const signInName = (email: string, tenant: string | undefined): string =>
  tenant === undefined ? email : `${email} in ${tenant.toLowerCase()}`;

/** All subjects under which sign-ins to this account are counted. */
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

/** A member who is admitted to the tenant: account and role. */
export interface AdmittedAccount {
  readonly user: Pick<User, 'id' | 'email' | 'knownIn'>;
  readonly role: Role;
}

/** Maximum number of accounts in one statement. */
const BATCH = 500;

/** A step: all members who are admitted to the tenant of the scope. */
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
