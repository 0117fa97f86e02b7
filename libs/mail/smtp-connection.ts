/** A mail server, as its URL names it. */
export interface SmtpConnection {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (RFC 8314 §3); otherwise STARTTLS (RFC 3207). */
  readonly implicitTls: boolean;
  /** Whether the connection never leaves the machine: then TLS is not required. */
  readonly isLoopback: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/** Ports of message submission (RFC 8314 §7.3, RFC 6409 §3.1). */
const PORTS: Readonly<Record<string, number>> = { 'smtps:': 465, 'smtp:': 587 };
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/** @throws Error that says what is wrong, without repeating the URL */
export function smtpConnection(text: string): SmtpConnection {
  const url = URL.parse(text);
  const port = url ? PORTS[url.protocol] : undefined;
  if (!url || port === undefined || url.hostname === '') {
    throw new Error('must be a URL that starts with smtp: or smtps: and names a host');
  }
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '') {
    throw new Error('must have nothing after the host and its port');
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: url.port === '' ? port : Number(url.port),
    implicitTls: url.protocol === 'smtps:',
    isLoopback: LOOPBACK.test(host),
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
  };
}
