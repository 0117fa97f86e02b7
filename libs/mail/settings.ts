import { type SettingValues, optional, text } from '#config';
import { Secret, normalizeEmail } from '#core';

import { smtpConnection } from './smtp-connection.js';

/** By which server this installation sends e-mail, and as whom. */
export const mailSettings = {
  smtpUrl: optional({
    variable: 'CHANCERY_SMTP_URL',
    parse: (value) => {
      smtpConnection(value);
      return new Secret(value);
    },
    description:
      'Mail server: `smtps://user:password@host:465` for TLS from the start, `smtp://user:password@host:587` for ' +
      'STARTTLS, which is required unless the host is loopback. If unset, no e-mail is sent.',
    secret: true,
  }),
  smtpPasswordFile: optional({
    variable: 'CHANCERY_SMTP_PASSWORD_FILE',
    parse: text,
    description: 'File with the password for the user in `CHANCERY_SMTP_URL`, which then contains no password.',
  }),
  smtpCaFile: optional({
    variable: 'CHANCERY_SMTP_CA_FILE',
    parse: text,
    description: 'PEM file with the trusted authorities for the mail server. Default: those of Node.js.',
  }),
  mailFrom: optional({
    variable: 'CHANCERY_MAIL_FROM',
    parse: (value) => {
      const email = normalizeEmail(value);
      if (!/^[^\s@<>"(),:;]+@[^\s@<>"(),:;]+$/.test(email) || email.length > 254)
        throw new Error('must be an e-mail address');
      return email;
    },
    description: 'Sender address of e-mail. Required with `CHANCERY_SMTP_URL`.',
  }),
} as const;

/** The settings of e-mail. */
export type MailConfiguration = SettingValues<typeof mailSettings>;

/** Whether e-mail is sent. */
export const isMailConfigured = ({ smtpUrl }: Pick<MailConfiguration, 'smtpUrl'>): boolean => smtpUrl !== undefined;

/** Why the settings do not fit together; empty where they do. @param publicUrl where links of e-mails lead */
export function mailProblems({
  smtpUrl,
  smtpPasswordFile,
  mailFrom,
  publicUrl,
}: MailConfiguration & { readonly publicUrl: string | undefined }): string[] {
  if (smtpUrl === undefined) return [];
  const { user, password } = smtpConnection(smtpUrl.reveal());
  return [
    ...(mailFrom === undefined ? ['CHANCERY_MAIL_FROM: must be set with CHANCERY_SMTP_URL'] : []),
    ...(publicUrl === undefined
      ? ['CHANCERY_PUBLIC_URL: must be set with CHANCERY_SMTP_URL: it is where the links of e-mails lead']
      : []),
    ...(smtpPasswordFile !== undefined && (user === undefined || password !== undefined)
      ? ['CHANCERY_SMTP_PASSWORD_FILE: is for a CHANCERY_SMTP_URL with a user and without a password']
      : []),
  ];
}
