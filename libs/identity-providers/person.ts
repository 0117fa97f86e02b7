import { isEmailAddress, normalizeEmail, normalizeName, visibleName } from '#core';

import type { IdentityProvider } from './entities.js';
import { groupsIn } from './role-mapping.js';

/** A person as a provider describes them. */
export interface Person {
  readonly subject: string;
  /** Normalised; `undefined` where none is stated, or none that counts. */
  readonly email: string | undefined;
  readonly name: string;
  readonly groups: readonly string[];
}

/** Why a person is not admitted, for the answer and for the history. */
export type NotAdmitted =
  'EMAIL_MISSING' | 'EMAIL_NOT_VERIFIED' | 'EMAIL_DOMAIN_NOT_ACCEPTED' | 'ACCOUNT_NOT_OF_TENANT' | 'NOT_A_MEMBER';

/** What each reason says to the person. */
export const notAdmittedDetails: Readonly<Record<NotAdmitted, string>> = {
  EMAIL_MISSING: 'The identity provider states no e-mail address',
  EMAIL_NOT_VERIFIED: 'The identity provider does not say that your e-mail address is verified',
  EMAIL_DOMAIN_NOT_ACCEPTED: 'E-mail addresses of this domain are not accepted from this identity provider',
  ACCOUNT_NOT_OF_TENANT:
    'Your account is known beyond this tenant: sign in by a password or by an identity provider of the installation',
  NOT_A_MEMBER: 'You are no member here, and none of your groups is mapped to a role',
};

const NAME_CHARACTERS_MAX = 200;

type Claims = Readonly<Record<string, unknown>>;
type Rules = Pick<IdentityProvider, 'emailDomains' | 'trustsEmails' | 'groupsClaim'>;

const textIn = (claims: Claims, name: string): string | undefined => {
  const value: unknown = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
};

const nameIn = (claims: Claims, name: string): string | undefined => {
  const text =
    textIn(claims, name)
      ?.toWellFormed()
      .replaceAll(/\p{Cc}/gu, ' ') ?? '';
  return normalizeName(visibleName(text)).trim() || undefined;
};

/** A character of two code units at the limit is left out as a whole. */
const shortened = (name: string): string => name.slice(0, NAME_CHARACTERS_MAX).replace(/\p{Surrogate}$/u, '');

/** The person whom the claims describe (OpenID Connect Core 1.0 §5.1). */
export function personIn(claims: Claims, { groupsClaim }: Rules): Person {
  const stated = textIn(claims, 'email') ?? '';
  const email = normalizeEmail(stated);
  const name = nameIn(claims, 'name') ?? nameIn(claims, 'preferred_username') ?? nameIn(claims, 'email') ?? '';
  return {
    subject: textIn(claims, 'sub') ?? '',
    email: isEmailAddress(email) ? email : undefined,
    name: shortened(name),
    groups: groupsIn(claims, groupsClaim),
  };
}

/**
 * Why the address says nothing about who the person is; `undefined` where it does. It finds the account of a person who
 * signs in for the first time, so that an address that anybody can claim at the provider would be a way into that account.
 */
export function emailProblem(person: Person, claims: Claims, rules: Rules): NotAdmitted | undefined {
  const { email } = person;
  if (email === undefined) return 'EMAIL_MISSING';
  const { emailDomains, trustsEmails } = rules;
  const stated: unknown = claims['email_verified'];
  // Some providers write the boolean as text. One that says `false` is never overruled.
  const isVerified = stated === undefined ? trustsEmails : stated === true || stated === 'true';
  if (!isVerified) return 'EMAIL_NOT_VERIFIED';
  const domain = email.slice(email.lastIndexOf('@') + 1);
  if (emailDomains.length > 0 && !emailDomains.includes(domain)) return 'EMAIL_DOMAIN_NOT_ACCEPTED';
  return undefined;
}
