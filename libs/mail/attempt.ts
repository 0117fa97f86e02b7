import { type ConnectionError, connectionErrorOf } from '#outbound';

/** Why an attempt failed. */
type MailError =
  | ConnectionError
  | 'FILE_UNREADABLE'
  | 'TLS_NOT_OFFERED'
  | 'SIGN_IN_REJECTED'
  | 'TEMPORARILY_REJECTED'
  | 'REJECTED'
  | 'UNREADABLE';

/** What became of one attempt. */
export interface MailAttempt {
  /** SMTP reply code, where there was one. */
  readonly status: number | null;
  readonly error: MailError | null;
}

interface SmtpError extends Error {
  readonly code?: string;
  /** That of the socket, where `code` says no more than `ESOCKET`. */
  readonly originalCode?: string;
  readonly responseCode?: number;
}

/** Errors that are about this very mail: its sender, its recipient or its text. */
const ABOUT_THE_MAIL: readonly unknown[] = ['EENVELOPE', 'EMESSAGE'];

/** What an error of `nodemailer` means; RFC 5321 §4.2.1: a 4yz reply may be another one later, a 5yz reply will not. */
export function attemptOf(error: Error): MailAttempt {
  const { code, originalCode, responseCode } = error as SmtpError;
  const status = responseCode ?? null;
  if (ABOUT_THE_MAIL.includes(code)) {
    // Without a reply the client itself found that the server cannot take the mail.
    return { status, error: status === null || status >= 500 ? 'REJECTED' : 'TEMPORARILY_REJECTED' };
  }
  if (code === 'EAUTH' || code === 'ENOAUTH') return { status, error: 'SIGN_IN_REJECTED' };
  // STARTTLS was not offered, or was rejected.
  if (code === 'ETLS') return { status, error: 'TLS_NOT_OFFERED' };
  return { status, error: connectionErrorOf(originalCode === undefined ? error : { ...error, code: originalCode }) };
}

/** Whether it will fail again however often it is tried. */
export const isFinal = ({ error }: MailAttempt): boolean => error === 'REJECTED' || error === 'UNREADABLE';

/** Whether the reason is the mail server and not the mail: the next mail would fail as well. */
export const isOfServer = ({ error }: MailAttempt): boolean =>
  error !== null && !['REJECTED', 'TEMPORARILY_REJECTED', 'UNREADABLE'].includes(error);
