import type { Json } from '#core';

import { acmeErrors } from './errors.js';

const CONTACTS_MAX = 10;
const ADDRESS = /^mailto:[^\s@,?]{1,64}@[^\s@,?]{1,253}$/i;

/**
 * The contacts of an account (RFC 8555 §7.3): `mailto:` with one address and no further fields.
 * @throws ACME_MALFORMED, ACME_UNSUPPORTED_CONTACT, ACME_INVALID_CONTACT
 */
export function contactsIn(value: Json | undefined): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > CONTACTS_MAX) {
    throw acmeErrors.ACME_MALFORMED(`contact is a list of at most ${CONTACTS_MAX} URLs`);
  }
  return value.map((contact: Json) => {
    if (typeof contact !== 'string') throw acmeErrors.ACME_MALFORMED('A contact is a URL');
    if (!/^mailto:/i.test(contact)) throw acmeErrors.ACME_UNSUPPORTED_CONTACT();
    if (!ADDRESS.test(contact)) throw acmeErrors.ACME_INVALID_CONTACT('A contact is mailto: and one e-mail address');
    return contact;
  });
}
