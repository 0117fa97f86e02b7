import type { AddressInfo } from 'node:net';

import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** An e-mail as it arrived. */
export interface ReceivedMail {
  readonly from: string;
  /** Of the envelope. */
  readonly to: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly subject: string;
  readonly text: string;
  readonly raw: string;
  readonly isEncrypted: boolean;
  readonly user: string | undefined;
}

/** An SMTP server on the loopback interface. */
export interface MailServer {
  readonly port: number;
  /** In the order of their arrival. */
  readonly received: ReceivedMail[];
  /** The recipients of each that was tried, those that were rejected included. */
  readonly attempted: string[];
  /** The code by which the next mails are rejected, or `undefined`: accepted. */
  rejectBy: number | undefined;
  close(): Promise<void>;
}

export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const received: ReceivedMail[] = [];
  const attempted: string[] = [];
  const state = { rejectBy: undefined as number | undefined };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onAuth: ({ username }, _, callback) => callback(null, { user: username ?? '' }),
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        attempted.push(...rcptTo.map(({ address }) => address));
        if (state.rejectBy !== undefined) {
          callback(Object.assign(new Error('rejected by the test'), { responseCode: state.rejectBy }));
          return;
        }
        received.push({
          ...messageOf(Buffer.concat(chunks).toString()),
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          isEncrypted: session.secure,
          user: typeof session.user === 'string' ? session.user : undefined,
        });
        callback();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  const listening = server.listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  return Object.assign(state, {
    port: (server.server.address() as AddressInfo).port,
    received,
    attempted,
    close: () => new Promise<void>((resolve) => server.close(resolve)),
  });
}

function messageOf(raw: string): Pick<ReceivedMail, 'headers' | 'subject' | 'text' | 'raw'> {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const text = quotedPrintable(raw.slice(end + 4)).replaceAll('\r\n', '\n');
  return { raw, headers, subject: encodedWords(headers['subject'] ?? ''), text };
}

/** RFC 2045 §6.7. */
const quotedPrintable = (text: string): string =>
  Buffer.from(
    text.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString();

/** RFC 2047. */
const encodedWords = (text: string): string =>
  text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?UTF-8\?([BQ])\?(.*?)\?=/gi, (_, encoding: string, word: string) =>
      encoding.toUpperCase() === 'B'
        ? Buffer.from(word, 'base64').toString()
        : quotedPrintable(word.replaceAll('_', ' ')),
    );
