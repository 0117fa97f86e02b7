import { Injectable } from '@nestjs/common';

import { PublicUrl } from '#config';
import type { EpochMilliseconds } from '#core';
import type { Tx, View } from '#database';
import { Mails, inLine } from '#mail';
import { ownerAddresses, tenantNameOf } from '#tenants';

import { contactsOf, firstContacts } from './contacts.js';

/** What is told: a tenant, and the ids of what may have contacts, the thing itself first. */
interface NoticeSubject {
  readonly tenantId: string;
  readonly contactsOf: readonly string[];
}

/** What people are told about a thing of a tenant. */
export interface Notice {
  /** What names it: each recipient gets it once. */
  readonly key: readonly (string | number)[];
  /** One line, without the tenant. */
  readonly subject: string;
  readonly lines: readonly string[];
  /** The page of the console that shows more, below that of the tenant. */
  readonly page: string;
  readonly usefulUntil?: EpochMilliseconds;
}

const FOOTER =
  'You get this e-mail because your address is a contact of what it is about, or because you are an owner of the tenant and it has none.';

/** Tells the contacts of things by e-mail, or the owners of the tenant where a thing has no contacts. */
@Injectable()
export class Notices {
  constructor(
    private readonly mails: Mails,
    private readonly publicUrl: PublicUrl,
  ) {}

  /** Whether e-mail is sent at all: otherwise there is no need to read to whom. */
  get areSent(): boolean {
    return this.mails.areSent;
  }

  /** A step: tells whom it concerns, each once. */
  async tell(tx: Tx, subject: NoticeSubject, notice: Notice): Promise<void> {
    if (!this.areSent) return;
    const [recipients = []] = await this.recipientsOf(tx, [subject]);
    await this.write(tx, subject.tenantId, recipients, notice);
  }

  /** A step: the addresses that are told about each of these, in their order. */
  async recipientsOf(view: View, subjects: readonly NoticeSubject[]): Promise<readonly (readonly string[])[]> {
    const contacts = await contactsOf(
      view,
      subjects.flatMap((subject) => subject.contactsOf),
    );
    const owners = new Map<string, readonly string[]>();
    const found: (readonly string[])[] = [];
    for (const { tenantId, contactsOf: ids } of subjects) {
      const own = firstContacts(contacts, ids);
      if (own.length === 0 && !owners.has(tenantId)) owners.set(tenantId, await ownerAddresses(view, tenantId));
      found.push(own.length > 0 ? own : (owners.get(tenantId) ?? []));
    }
    return found;
  }

  /** A step: tells these addresses about something of one tenant. */
  async write(
    tx: Tx,
    tenantId: string,
    recipients: readonly string[],
    { key, subject, lines, page, ...notice }: Notice,
  ): Promise<void> {
    const { slug, name, state } = await tenantNameOf(tx, tenantId);
    const link = `${this.publicUrl.current}/console/t/${slug}/${page}`;
    const text = [`Tenant: ${inLine(name)} (${slug})`, '', ...lines, '', link, '', FOOTER, ''].join('\n');
    const tenant = { id: tenantId, isSuspended: state === 'suspended' };
    const mail = { ...notice, tenant, subject: `[Chancery] ${slug}: ${subject}`, text };
    await this.mails.add(
      tx,
      recipients.map((recipient) => ({ ...mail, key: [tenantId, ...key], recipient })),
    );
  }
}
