import { Injectable } from '@nestjs/common';

import { PublicUrl } from '#config';
import { type Secret, toRfc3339 } from '#core';
import type { Tx } from '#database';
import { Mails, inLine } from '#mail';

import type { Invitation, PasswordReset, Tenant, User } from './entities.js';
import type { ResetKind } from './password-reset.js';

const RESET_SUBJECTS: Readonly<Record<ResetKind, string>> = {
  reset: '[Chancery] A new password for your account',
  verification: '[Chancery] Confirm your address',
};

/** The pages of the console that take a token. */
type TokenPage = 'invitation' | 'reset';

/**
 * E-mails about accounts. Their links lead to the console, which only processes with the role admin serve. The token is in the
 * fragment, which browsers do not send to a server (RFC 9110 §7.1), and also on a separate line, so that people can paste it if
 * another program handles the link.
 */
@Injectable()
export class AccountMails {
  constructor(
    private readonly mails: Mails,
    private readonly publicUrl: PublicUrl,
  ) {}

  /** Whether e-mail is configured; if not, tokens are shown to the people who create them. */
  get areSent(): boolean {
    return this.mails.areSent;
  }

  /** A step: sends the token of an invitation to the invited person. */
  async invite(
    tx: Tx,
    invitation: Invitation,
    { id: tenantId, name, slug, state }: Pick<Tenant, 'id' | 'name' | 'slug' | 'state'>,
    token: Secret,
  ): Promise<void> {
    const { email, role, lookupHash, expiresAt } = invitation;
    await this.mails.add(tx, [
      {
        key: ['invitation', lookupHash],
        recipient: email,
        tenant: { id: tenantId, isSuspended: state === 'suspended' },
        usefulUntil: expiresAt,
        subject: `[Chancery] You are invited to ${slug}`,
        text: this.text(
          `You are invited to become a member of the tenant ${inLine(name)} (${slug}) of Chancery, with the role ${role}.`,
          'Open this page:',
          this.link('invitation', token),
          `Or open ${this.signIn}, choose "I have an invitation", and paste this token:`,
          token.reveal(),
          `It can be used once, until ${toRfc3339(expiresAt)}. If you have an account already, sign in first.`,
          'If you do not know who invites you, do nothing.',
        ),
      },
    ]);
  }

  /** A step: tells the owners of a tenant that events of its history will be erased earlier. */
  async tellErasure(
    tx: Tx,
    { id: tenantId, name, slug, state }: Pick<Tenant, 'id' | 'name' | 'slug' | 'state'>,
    recipients: readonly string[],
    { historyRetentionDays, beginsAt }: { readonly historyRetentionDays: number; readonly beginsAt: number },
  ): Promise<void> {
    const mail = {
      key: [tenantId, 'history-erasure', beginsAt],
      tenant: { id: tenantId, isSuspended: state === 'suspended' },
      subject: `[Chancery] ${slug}: events of the history will be erased`,
      text: this.text(
        `The settings of the tenant ${inLine(name)} (${slug}) were changed: events of its history that are older than ${historyRetentionDays} days are erased from ${toRfc3339(beginsAt)} on.`,
        'It cannot be undone. Until then it can be prevented: set `historyRetentionDays` to 0, or `historyHold`, on this page:',
        `${this.publicUrl.current}/console/t/${slug}/settings`,
        'Who has changed it is in the history of the tenant.',
      ),
    };
    await this.mails.add(
      tx,
      recipients.map((recipient) => ({ ...mail, recipient })),
    );
  }

  /** A step: sends the holder of an account the token to choose a password. */
  async sendReset(tx: Tx, user: User, { kind, lookupHash, expiresAt }: PasswordReset, token: Secret): Promise<void> {
    await this.mails.add(tx, [
      {
        key: ['reset', lookupHash],
        recipient: user.email,
        usefulUntil: expiresAt,
        subject: RESET_SUBJECTS[kind],
        text: this.text(
          `Somebody asked for a new password for your account ${user.email} of Chancery.`,
          'Open this page:',
          this.link('reset', token),
          `Or open ${this.signIn}, choose "I have a token for a new password", and paste this token:`,
          token.reveal(),
          `It can be used once, until ${toRfc3339(expiresAt)}. All sessions of the account end then.`,
          'If it was not you who asked, do nothing: your password stays as it is.',
        ),
      },
    ]);
  }

  /** A step: tells the holder of an account that its password was set with a token, or on the command line of the host. */
  async tellPasswordReset(tx: Tx, { id, email }: User): Promise<void> {
    await this.mails.add(tx, [
      {
        key: ['password reset', id, tx.now],
        recipient: email,
        subject: '[Chancery] The password of your account was reset',
        text: this.text(
          `The password of your account ${email} of Chancery was reset at ${toRfc3339(tx.now)}, and all its sessions ended.`,
          'If it was not you, tell the administrator of this installation now.',
        ),
      },
    ]);
  }

  private get signIn(): string {
    return `${this.publicUrl.current}/console/sign-in`;
  }

  private link(page: TokenPage, token: Secret): string {
    return `${this.publicUrl.current}/console/${page}#${token.reveal()}`;
  }

  private text(...paragraphs: readonly string[]): string {
    return `${paragraphs.join('\n\n')}\n`;
  }
}
