import { CONTACTS_MAX } from '#contacts';

import { Email, type FieldOptions, Items } from '../http/fields.js';

/** The e-mail addresses of the contacts of a resource. */
export const Contacts = (options: FieldOptions = {}) =>
  Items(Email(), {
    maxItems: CONTACTS_MAX,
    unique: true,
    description: 'E-mail addresses that receive notices about it; if empty, the owners of the tenant receive them',
    example: ['payments-team@example.com'],
    ...options,
  });

/** A filter of a list. */
export const Owner = (options: FieldOptions = {}) =>
  Email({
    optional: true,
    description: 'Only those with this contact address; the newest thousand',
    ...options,
  });

/** Replaces the whole list. */
export class ContactsChange {
  @Contacts() contacts: string[];
}
