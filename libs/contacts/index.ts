export { ContactsModule } from './contacts.module.js';
export { type Notice, Notices } from './notices.js';
export {
  CONTACTS_MAX,
  contactsOf,
  firstContacts,
  newContacts,
  normalContacts,
  subjectsOf,
  writeContacts,
} from './contacts.js';
