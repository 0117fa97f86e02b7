export { ContactsModule } from './contacts.module.js';
export { CONTACTS_MAX, contactsOf, firstContacts, normalContacts, subjectsOf, writeContacts } from './contacts.js';
