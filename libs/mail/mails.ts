import { createHash } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import { CONFIGURATION } from '#config';
import { type EpochMilliseconds, INSTALLATION_ID } from '#core';
import type { Tx, View } from '#database';
import { TRIED_FOR } from '#deliveries';
import { Vault, installationSealedColumn } from '#vault';

import { Mail } from './entities.js';
import { type MailConfiguration, isMailConfigured } from './settings.js';
import { type MailContent, plainContent } from './text.js';

/** An e-mail that is to be sent. */
export interface NewMail extends MailContent {
  /** What it tells, and whom it is for: of two with the same key one is sent. */
  readonly key: readonly (string | number)[];
  readonly recipient: string;
  /** From when on it is of no use; three days from now where that is earlier. */
  readonly usefulUntil?: EpochMilliseconds;
}

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
    for (const { key, recipient, usefulUntil = Infinity, ...content } of mails) {
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
        triedUntil: Math.min(usefulUntil, tx.now + TRIED_FOR),
        attemptedAt: null,
        lastStatus: null,
        lastError: null,
        createdAt: tx.now,
      });
    }
    await tx.installation.insertAbsent(Mail, rows);
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
