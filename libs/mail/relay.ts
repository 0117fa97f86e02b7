import { readFile } from 'node:fs/promises';

import { Inject, Injectable } from '@nestjs/common';
import type { createTransport as create } from 'nodemailer';

import { CONFIGURATION, PublicUrl } from '#config';
import { type EpochMilliseconds, SECOND, toDate } from '#core';

import { type MailAttempt, attemptOf } from './attempt.js';
import type { MailConfiguration } from './settings.js';
import { type SmtpConnection, smtpConnection } from './smtp-connection.js';
import type { MailContent } from './text.js';

/** How long each part of an attempt may take, and all of it. */
const ANSWER_WITHIN = 10 * SECOND;
const SENT_WITHIN = 45 * SECOND;

/** An e-mail as it is handed to the mail server. */
export interface OutgoingMail extends MailContent {
  /** The same for each attempt, so that a mailbox recognises what it has already. */
  readonly id: string;
  readonly recipient: string;
  readonly writtenAt: EpochMilliseconds;
}

type Transport = ReturnType<typeof create>;

const SENT: MailAttempt = { status: 250, error: null };

/** The mail server of the installation. */
@Injectable()
export class MailRelay {
  constructor(
    @Inject(CONFIGURATION) private readonly configuration: MailConfiguration,
    private readonly publicUrl: PublicUrl,
  ) {}

  /** Where the mail server is, without its password; `undefined` where none is configured. */
  get place(): string | undefined {
    const { smtpUrl } = this.configuration;
    if (smtpUrl === undefined) return undefined;
    const { host, port } = smtpConnection(smtpUrl.reveal());
    return `${host}:${port}`;
  }

  /** Connects and signs in, and sends nothing. */
  verify(): Promise<MailAttempt> {
    return this.attempt((transport) => transport.verify());
  }

  /** Sends one mail to one address, as plain text. */
  send({ id, recipient, subject, text, writtenAt }: OutgoingMail): Promise<MailAttempt> {
    const { mailFrom = '' } = this.configuration;
    return this.attempt((transport) =>
      transport.sendMail({
        // As objects: an address is never read as a list of several.
        from: { name: 'Chancery', address: mailFrom },
        to: { name: '', address: recipient },
        envelope: { from: mailFrom, to: [recipient] },
        subject,
        text,
        textEncoding: 'quoted-printable',
        messageId: `<${id}@${URL.parse(this.publicUrl.current)?.hostname ?? 'chancery'}>`,
        date: toDate(writtenAt),
        // No out-of-office notes (RFC 3834 §5).
        headers: { 'Auto-Submitted': 'auto-generated' },
        xMailer: false,
        disableFileAccess: true,
        disableUrlAccess: true,
        signal: AbortSignal.timeout(SENT_WITHIN),
      }),
    );
  }

  private async attempt(work: (transport: Transport) => Promise<unknown>): Promise<MailAttempt> {
    let transport: Transport | undefined;
    try {
      // Loaded with the first mail: most of what a start takes is loading.
      const { createTransport } = await import('nodemailer');
      transport = createTransport(await this.options());
      await work(transport);
      return SENT;
    } catch (error) {
      return error instanceof UnusableFile ? { status: null, error: 'FILE_UNREADABLE' } : attemptOf(error as Error);
    } finally {
      transport?.close();
    }
  }

  private async options() {
    const { smtpUrl, smtpPasswordFile, smtpCaFile } = this.configuration;
    if (smtpUrl === undefined) throw new Error('No mail server is configured');
    const connection = smtpConnection(smtpUrl.reveal());
    return {
      host: connection.host,
      port: connection.port,
      secure: connection.implicitTls,
      ...(connection.isLoopback ? { ignoreTLS: true } : { requireTLS: true }),
      ...(await signInOf(connection, smtpPasswordFile)),
      tls: {
        minVersion: 'TLSv1.2' as const,
        rejectUnauthorized: true,
        ...(smtpCaFile === undefined ? {} : { ca: await readSetting('CHANCERY_SMTP_CA_FILE', smtpCaFile) }),
      },
      connectionTimeout: ANSWER_WITHIN,
      greetingTimeout: ANSWER_WITHIN,
      dnsTimeout: ANSWER_WITHIN,
      socketTimeout: ANSWER_WITHIN,
    };
  }
}

class UnusableFile extends Error {
  override readonly name = 'UnusableFile';
}

/** The password is read for each connection, so that a file that is replaced counts without a restart. */
async function signInOf({ user, password }: SmtpConnection, file: string | undefined) {
  if (user === undefined) return {};
  const text = file === undefined ? password : await readSetting('CHANCERY_SMTP_PASSWORD_FILE', file);
  return { auth: { user, pass: (text ?? '').replace(/\r?\n$/, '') } };
}

async function readSetting(variable: string, file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UnusableFile(`${variable}: ${file} cannot be read (${error.code})`);
  });
}
