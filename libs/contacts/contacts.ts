import { type EpochMilliseconds, normalizeEmail } from '#core';
import { uuidv7 } from '#crypto';
import { In, type NewRowsOf, type Tx, type View } from '#database';

import { Contact } from './entities.js';

/** How many contacts a thing has at most. */
export const CONTACTS_MAX = 10;

/** How many things of one address a list finds, the newest of them. */
const SUBJECTS_MAX = 1_000;

interface ContactSubject {
  readonly type: Contact['subjectType'];
  readonly id: string;
}

/** Addresses in the one form in which they are stored and looked for, each once, in the order in which they were given. */
export const normalContacts = (emails: readonly string[]): readonly string[] => [
  ...new Set(emails.map(normalizeEmail)),
];

interface Written {
  readonly tenantId: string;
  readonly now: EpochMilliseconds;
}

const contactRows = (
  { tenantId, now }: Written,
  { type: subjectType, id: subjectId }: ContactSubject,
  emails: readonly string[],
): Contact[] => emails.map((email) => ({ id: uuidv7(now), tenantId, subjectType, subjectId, email }));

/** The contacts of a thing that prepared work inserts. @param emails as `normalContacts` gives them */
export const newContacts = (written: Written, subject: ContactSubject, emails: readonly string[]): NewRowsOf => ({
  entity: Contact,
  rows: contactRows(written, subject, emails),
});

/** A step of every change of a thing's contacts. @param emails as `normalContacts` gives them; none removes them */
export async function writeContacts(tx: Tx, subject: ContactSubject, emails: readonly string[]): Promise<void> {
  const { tenantId } = tx.scope;
  await tx.delete(Contact, { subjectId: subject.id });
  const rows = contactRows({ tenantId, now: tx.now }, subject, emails);
  if (rows.length > 0) await tx.insert(Contact, rows);
}

/** A step of a list: the ids of the things of a type that have this contact, at most a thousand, the newest of them. */
export async function subjectsOf(view: View, subjectType: ContactSubject['type'], email: string): Promise<string[]> {
  const rows = await view.find(
    Contact,
    { email: normalizeEmail(email), subjectType },
    { order: { subjectId: 'DESC' }, limit: SUBJECTS_MAX, columns: ['id', 'subjectId'] },
  );
  return rows.map(({ subjectId }) => subjectId);
}

/** A step: the contacts of things; absent are those that have none. */
export async function contactsOf(
  view: View,
  subjectIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (subjectIds.length === 0) return new Map();
  const rows = await view.find(Contact, { subjectId: In([...new Set(subjectIds)]) }, { order: { id: 'ASC' } });
  const bySubject = Map.groupBy(rows, ({ subjectId }) => subjectId);
  return new Map([...bySubject].map(([id, contacts]) => [id, contacts.map(({ email }) => email)]));
}

/** The contacts of the first of several things that has any: the thing itself, then what it belongs to. */
export const firstContacts = (
  contacts: ReadonlyMap<string, readonly string[]>,
  subjectIds: readonly string[],
): readonly string[] => subjectIds.map((id) => contacts.get(id) ?? []).find((emails) => emails.length > 0) ?? [];
