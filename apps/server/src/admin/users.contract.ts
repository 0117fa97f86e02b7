import type { Rfc3339 } from '#core';
import type { Users } from '#tenants';
import { Email, Flag, Identifier, Instant, Text } from '../http/fields.js';
import { present } from '../http/present.js';
import { PageOf, PageQuery } from './page.contract.js';

export class UserQuery extends PageQuery {
  @Email({ optional: true, description: 'Only accounts with this address; several tenants may each have one' })
  email?: string;
}

export class Account {
  @Identifier({ description: 'Id of the user' }) id: string;
  @Email({ description: 'E-mail address for sign-in' }) email: string;
  @Text({ description: 'Name of the user', example: 'Grace Hopper' }) name: string;
  @Flag({ description: 'Whether the address is verified' }) emailVerified: boolean;
  @Identifier({ nullable: true, description: 'The only tenant that knows the account; null for a verified account' })
  knownIn: string | null;
  @Flag({ description: 'Whether the user administers the installation', example: false }) platformAdmin: boolean;
  @Instant({ description: 'When the account was created' }) createdAt: Rfc3339;
}

export class AccountPage extends PageOf(Account) {}

type UserRow = Awaited<ReturnType<Users['get']>>;

export const presentAccount = ({ knownIn, emailVerifiedAt, ...row }: UserRow): Account => {
  const emailVerified = emailVerifiedAt !== null;
  return present(Account, { ...row, emailVerified, knownIn: emailVerified ? null : knownIn });
};
