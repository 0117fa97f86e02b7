import { createHash } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import { CONFIGURATION } from '#config';
import { type EpochMilliseconds, INSTALLATION_ID } from '#core';
import { IsNull, Not, type Tx, type View } from '#database';
import { TRIED_FOR, deliveryLifecycle } from '#deliveries';
import { Vault, installationSealedColumn } from '#vault';

import { Mail } from './entities.js';
import { type MailConfiguration, isMailConfigured } from './settings.js';
import { type MailContent, plainContent } from './text.js';

/** An e-mail that is to be sent. */
interface NewMail extends MailContent {
  /** What it tells, and whom it is for: of two with the same key one is sent. */
  readonly key: readonly (string | number)[];
  readonly recipient: string;
  /** The tenant that tells it: nothing is sent while it is suspended. Absent where it belongs to a person's account. */
  readonly tenant?: { readonly id: string; readonly isSuspended: boolean };
  /** From when on it is of no use, and is not sent. */
  readonly usefulUntil?: EpochMilliseconds;
}

/** Why a mail of a deleted tenant is given up. */
const TENANT_DELETED = 'TENANT_DELETED';

const sealedContents = installationSealedColumn(Mail, {
  purpose: 'mail',
  column: 'sealedContent',
  idColumn: 'id',
});

/**
 * The outbox of e-mail: a mail is a row that commits with the change that it tells of, and is sent afterwards, by a process
 * with the role `scheduler`. No request waits for a mail server, and none can tell by its time whether a mail was sent.
 */
@Injectable()
export class Mails {
  /** Whether e-mail is sent at all. */
  readonly areSent: boolean;

  constructor(
    private readonly vault: Vault,
    @Inject(CONFIGURATION) configuration: MailConfiguration,
  ) {
    this.areSent = isMailConfigured(configuration);
  }

  /** A step: puts e-mails into the outbox; does nothing where none are sent. */
  async add(tx: Tx, mails: readonly NewMail[]): Promise<void> {
    if (!this.areSent || mails.length === 0) return;
    const rows = new Map<string, Mail>();
    for (const { key, recipient, tenant, usefulUntil, ...content } of mails) {
      const id = createHash('sha256')
        .update(JSON.stringify([key, recipient]))
        .digest('hex');
      const text = Buffer.from(JSON.stringify(plainContent(content)));
      const place = sealedContents.place(INSTALLATION_ID, id);
      rows.set(id, {
        id,
        state: 'pending',
        recipient,
        sealedContent: await this.vault.seal(tx, place, text),
        attempts: 0,
        dueAt: tx.now,
        // Processes of the release before know this instant only.
        triedUntil: Math.min(usefulUntil ?? Infinity, tx.now + TRIED_FOR),
        usefulUntil: usefulUntil ?? null,
        attemptedAt: null,
        lastStatus: null,
        lastError: null,
        createdAt: tx.now,
        tenantId: tenant?.id ?? null,
        heldSince: tenant?.isSuspended ? tx.now : null,
      });
    }
    await tx.installation.insertAbsent(Mail, rows);
  }

  /** A step of the suspension of a tenant: what it has not sent waits. */
  async hold(tx: Tx, tenantId: string): Promise<void> {
    await tx.installation.note(Mail, { tenantId, state: 'pending', heldSince: IsNull() }, { heldSince: tx.now });
  }

  /** A step of the reactivation of a tenant: what has waited and is of use still is sent, and tried for as long as what is new. */
  async release(tx: Tx, tenantId: string): Promise<void> {
    const set = { heldSince: null, dueAt: tx.now, triedUntil: tx.now + TRIED_FOR };
    await tx.installation.note(Mail, { tenantId, state: 'pending', heldSince: Not(IsNull()) }, set);
  }

  /** A step of the deletion of a tenant: what it has not sent is never sent. */
  async drop(tx: Tx, tenantId: string): Promise<void> {
    await tx.installation.transitionAll(Mail, { tenantId, state: 'pending' }, deliveryLifecycle.event.fail, () => ({
      set: { sealedContent: null, lastError: TENANT_DELETED },
    }));
  }

  /**
   * A step: what a mail says; `undefined` where its row was altered.
   * @throws SEALED without the key of the mail: with it, the mail can be sent
   */
  async contentOf(
    view: View,
    { id, sealedContent }: Mail & { sealedContent: Buffer },
  ): Promise<MailContent | undefined> {
    const text = await this.vault.openUnlessAltered(view, sealedContents.place(INSTALLATION_ID, id), sealedContent);
    return text && (JSON.parse(text.toString()) as MailContent);
  }
}
